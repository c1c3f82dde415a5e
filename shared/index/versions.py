"""Versions: opaque text that names an index and positions in its logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from shared import opaque
from shared.db.tables import indexes, log, shards
from shared.errors import InvalidRequest
from shared.index.log import FIRST_CHAIN, Position, Positions
from shared.index.state import IndexState


@dataclass(frozen=True)
class Version:
    index_id: str
    positions: Positions

    def encode(self) -> str:
        return opaque.to_text([self.index_id, [[s, *self.positions[s]] for s in sorted(self.positions)]])

    @classmethod
    def decode(cls, text: str) -> Version:
        """Raises InvalidRequest."""
        try:
            index_id, rows = opaque.from_text(text)
            found = {int(s): Position(int(seq), str(chain)) for s, seq, chain in rows}
            if not isinstance(index_id, str) or any(s < 0 or at.seq < 0 for s, at in found.items()):
                raise ValueError(text)
        except (ValueError, TypeError) as error:
            raise InvalidRequest(
                "this is not a version that an answer or a write gave", code="bad_version"
            ) from error
        return cls(index_id, found)


def check_reachable(c: Connection, tenant: str, live_index_id: str, version: Version) -> Version:
    """What `version` asks of the live index. Raises InvalidRequest: of elsewhere, ahead, or off the path."""
    if version.index_id != live_index_id:
        row = c.execute(
            select(indexes.c.successor, indexes.c.state).where(
                indexes.c.id == version.index_id, indexes.c.tenant == tenant
            )
        ).one_or_none()
        if row is None or row.state != IndexState.RETIRED or not row.successor:
            raise InvalidRequest("this version is of another catalog", code="bad_version")
        # Met at the position that the new index had when it went live.
        return check_reachable(c, tenant, live_index_id, Version.decode(row.successor["version"]))
    for shard, (seq, chain) in version.positions.items():
        end = _end(c, version.index_id, shard, seq)
        if end is None or seq > end.seq:
            raise InvalidRequest("this version is ahead of the log", code="version_ahead")
        if not _on_path(end, seq, chain):
            raise InvalidRequest("this version is of another history of the log", code="version_ahead")
    return version


def off_path(c: Connection, index_id: str, positions: Positions) -> list[int]:
    """Shards whose position is not on the path of its log, but of another history, or ahead.

    What a log says no more, because it was trimmed beyond two snapshots, is taken on trust.
    """
    return [
        shard
        for shard, (seq, chain) in positions.items()
        if not _on_path(_end(c, index_id, shard, seq), seq, chain)
    ]


def _on_path(end: Row[Any, Any, Any] | None, seq: int, chain: str) -> bool:
    if end is None:
        return False
    if seq == 0:
        return chain == FIRST_CHAIN
    return bool(seq <= end.trimmed_to or end.chain == chain)


def _end(c: Connection, index_id: str, shard: int, seq: int) -> Row[Any, Any, Any] | None:
    """The log's end and how far it was trimmed, with the `chain` that it has at `seq` (None: no entry)."""
    here = and_(log.c.index_id == shards.c.index_id, log.c.shard == shards.c.shard, log.c.seq == seq)
    query = (
        select(shards.c.seq, shards.c.trimmed_to, log.c.chain)
        .outerjoin(log, here)
        .where(shards.c.index_id == index_id, shards.c.shard == shard)
    )
    return c.execute(query).one_or_none()
