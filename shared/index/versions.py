"""Versions: opaque text that names an index and positions in its logs."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass

from sqlalchemy import Connection, select

from shared.db.tables import indexes, log, shards
from shared.errors import InvalidRequest


@dataclass(frozen=True)
class Version:
    index_id: str
    positions: dict[int, tuple[int, str]]  # {shard: (seq, chain)}

    def encode(self) -> str:
        body = json.dumps(
            [self.index_id, [[s, *self.positions[s]] for s in sorted(self.positions)]], separators=(",", ":")
        )
        return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str) -> Version:
        """Raises InvalidRequest."""
        try:
            index_id, rows = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            found = {int(s): (int(seq), str(chain)) for s, seq, chain in rows}
            if not isinstance(index_id, str) or any(seq < 0 for seq, _ in found.values()):
                raise ValueError(text)
        except (ValueError, TypeError) as error:
            raise InvalidRequest(
                "this is not a version that an answer or a write gave", code="bad_version"
            ) from error
        return cls(index_id, found)


def check_reachable(c: Connection, tenant: str, live_index_id: str, version: Version) -> Version:
    """What `version` asks of the live index. Raises InvalidRequest: of elsewhere, or ahead of the log."""
    if version.index_id != live_index_id:
        row = c.execute(
            select(indexes.c.successor, indexes.c.state).where(
                indexes.c.id == version.index_id, indexes.c.tenant == tenant
            )
        ).one_or_none()
        if row is None or row.state != "retired" or not row.successor:
            raise InvalidRequest("this version is of another catalog", code="bad_version")
        # Met at the position that the new index had when it went live.
        return check_reachable(c, tenant, live_index_id, Version.decode(row.successor["version"]))
    for shard, (seq, chain) in version.positions.items():
        end = c.execute(
            select(shards.c.seq, shards.c.trimmed_to).where(
                shards.c.index_id == version.index_id, shards.c.shard == shard
            )
        ).one_or_none()
        if end is None or seq > end.seq:
            raise InvalidRequest("this version is ahead of the log", code="version_ahead")
        if seq > end.trimmed_to:
            known = c.execute(
                select(log.c.chain).where(
                    log.c.index_id == version.index_id, log.c.shard == shard, log.c.seq == seq
                )
            ).scalar()
            if known != chain:
                raise InvalidRequest("this version is not on the log's path", code="version_ahead")
    return version
