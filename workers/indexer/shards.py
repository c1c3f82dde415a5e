"""The shards that this worker holds, each with its place in the log."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from workers.indexer.engine.port import ShardEngine

Key = tuple[str, int]  # index id, shard


@dataclass(frozen=True)
class View:
    """An engine and the log position that it has reached (for the moment of an apply it may be ahead)."""

    engine: ShardEngine
    seq: int
    chain: str


@dataclass
class Held:
    """One shard. `writing` is held by whoever applies; searches take `view` and need no lock."""

    index_id: str
    shard: int
    fingerprint: str
    dim: int
    view: View
    current_at: float  # when the log was last seen to hold nothing beyond the view (the database's clock)
    snapshot_seq: int  # where the engine began: at a snapshot, as rebuilt from SQL, or empty at 0
    rows_logged: int = 0  # what the log counted at the last end of it that we reached
    writing: threading.Lock = field(default_factory=threading.Lock)

    @property
    def key(self) -> Key:
        return (self.index_id, self.shard)


class Shards:
    """Readers see a whole map; writers replace it."""

    def __init__(self) -> None:
        self._held: dict[Key, Held] = {}
        self._moved = threading.Condition()

    def get(self, key: Key) -> Held | None:
        return self._held.get(key)

    def all(self) -> list[Held]:
        return list(self._held.values())

    def put(self, held: Held) -> None:
        with self._moved:
            self._held = {**self._held, held.key: held}
            self._moved.notify_all()

    def drop(self, key: Key) -> None:
        with self._moved:
            self._held = {k: h for k, h in self._held.items() if k != key}

    def publish(self, held: Held, view: View) -> None:
        with self._moved:
            held.view = view
            self._moved.notify_all()

    def wait_for(self, key: Key, seq: int, timeout: float) -> bool:
        """Wait until the shard is held and has reached `seq`."""
        with self._moved:
            return self._moved.wait_for(lambda: self._reached(key, seq), timeout)

    def _reached(self, key: Key, seq: int) -> bool:
        held = self._held.get(key)
        return held is not None and held.view.seq >= seq
