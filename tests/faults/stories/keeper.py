"""What a keeper does in its rounds; erasing has a room of its own (erasing.py)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import delete, func, insert, select, update

from shared.db.engine import now
from shared.db.tables import (
    chunks,
    erasures,
    idempotency,
    images,
    jobs,
    objects,
    placements,
    products,
    replicas,
    rounds,
    row_errors,
    shards,
    snapshots,
    swept_hours,
    workers,
)
from shared.ids import new_id
from shared.jobs.job import OPEN, ChunkState, State
from shared.messages import JobMessage, PartMessage
from shared.storage.names import hour_of, new_name
from shared.topology import EMBED, SEARCH_QUEUE
from tests.faults.stories.story import Story
from tests.faults.truth import MODEL, SHARDS, Truth
from tests.index_rig import unit
from tests.keeper_rig import accepted, imported
from tests.vision_rig import picture
from workers.indexer import lookup
from workers.keeper.deps import Keeper
from workers.keeper.rounds import (
    batches,
    expiry,
    lapses,
    placing,
    redispatch,
    removal,
    sealing,
    searches,
    sweep,
)
from workers.keeper.schedule import Round, Schedule
from workers.vision import search
from workers.vision.tasks import handle

LONG_AGO = 1.0


class Resending:
    """Searches whose messages are lost. The broker is a file: what a dead keeper has sent is there."""

    COUNT = 3

    def begin(self, truth: Truth) -> None:
        with truth.vision() as rig:
            for n in range(self.COUNT):
                rig.ask(picture(n))

    def go_on(self, truth: Truth) -> None:
        keeper = truth.keeper(first_due=1.0)
        while truth.letters().ready(SEARCH_QUEUE.name) < self.COUNT:
            with keeper.db.write() as c:  # as long afterwards as it takes until the rows are due
                c.execute(update(jobs).values(due_at=now() - 1))
            redispatch.run(keeper)

    def check(self, truth: Truth) -> None:
        sent = [str(letter.wire["id"]) for letter in truth.letters().all()]
        assert len(set(sent)) == self.COUNT
        with truth.vision(quality_gate=False) as rig:
            for job_id in sent:
                handle(rig.vision, JobMessage(job_id, EMBED.name).to_wire(), search.run)
            assert [job.attempt for job in rig.rows(jobs)] == [1] * self.COUNT, "each is done once"


LOST: dict[str, Any] = {"claimed_by": "dead", "attempt": 1}


class Lapsing:
    """What dead processes had claimed: innocents, a job and a row at their last loss, four rows."""

    def begin(self, truth: Truth) -> None:
        keeper = truth.keeper()
        lost = {**LOST, "state": State.RUNNING, "lease_until": LONG_AGO}
        accepted(keeper, product_id="innocent", **lost)
        accepted(keeper, product_id="deadly", suspect=True, losses_alone=2, **lost)
        self._lose(keeper, imported(keeper, rows=1), suspect=False)
        self._lose(keeper, imported(keeper, rows=4), suspect=True)
        self._lose(keeper, imported(keeper, rows=1), suspect=True, losses_alone=2)

    def _lose(self, keeper: Keeper, job_id: str, **values: Any) -> None:
        lost = {**LOST, "state": ChunkState.RUNNING, "lease_until": LONG_AGO, **values}
        with keeper.db.write() as c:
            c.execute(update(chunks).where(chunks.c.job_id == job_id).values(**lost))

    def go_on(self, truth: Truth) -> None:
        lapses.run(truth.keeper())

    def check(self, truth: Truth) -> None:
        with truth.db().read() as c:
            told = {row.product_id: row for row in c.execute(select(jobs).where(jobs.c.kind == "search"))}
            imports = c.execute(select(jobs.c.id).where(jobs.c.kind == "import").order_by(jobs.c.created_at))
            innocent, large, deadly = imports.scalars().all()
            held = {
                job_id: c.execute(
                    select(chunks).where(chunks.c.job_id == job_id).order_by(chunks.c.row_from, chunks.c.no)
                ).all()
                for job_id in (innocent, large, deadly)
            }
            faults = c.execute(select(row_errors)).all()
        row = told["innocent"]
        assert (row.state, row.suspect, row.losses_alone, row.claimed_by) == ("running", True, 0, None)
        assert told["deadly"].state == State.FAILED
        assert (told["deadly"].error["code"], told["deadly"].losses_alone) == ("worker_lost", 3)
        (chunk,) = held[innocent]
        assert (chunk.state, chunk.suspect, chunk.losses_alone) == (ChunkState.OPEN, True, 0)
        parts = [(p.state, p.row_from, p.row_to) for p in held[large] if p.state != ChunkState.SPLIT]
        assert parts == [(ChunkState.OPEN, 0, 2), (ChunkState.OPEN, 2, 4)], "halved once"
        (chunk,) = held[deadly]
        assert (chunk.state, chunk.bad_rows) == (ChunkState.DONE, 1)
        assert [(f.job_id, f.line, f.product_id) for f in faults] == [(deadly, 2, "p0")]
        truth.check_orphans()


class KeepingTime:
    """Searches in the index stage: one too late, one with half of its parts, one with a message lost."""

    GROUPS = ("g1", "g2")

    def begin(self, truth: Truth) -> None:
        rig = truth.in_two_groups()
        late, half, lost = (rig.job(unit(3, MODEL.dim)) for _ in range(3))
        far = {"hedge_at": now() + 600, "partial_at": now() + 600, "answer_by": now() + 600}
        self._set(truth, late, **{**far, "answer_by": now() - 1})
        self._set(truth, half, **{**far, "partial_at": now() - 1}, product_id="half")
        self._set(truth, lost, **far, product_id="lost")
        for worker in self._workers(truth):
            worker.replica.tell()
        self._workers(truth)[0].answer(half)

    def _set(self, truth: Truth, job_id: str, **values: Any) -> None:
        with truth.db().write() as c:
            c.execute(update(jobs).where(jobs.c.id == job_id).values(**values))

    def _workers(self, truth: Truth) -> list[Any]:
        rig = truth.rig()
        workers = [truth.index_worker(f"indexer-{group}", group, rig) for group in self.GROUPS]
        for worker in workers:
            worker.catch_up()
        return workers

    def go_on(self, truth: Truth) -> None:
        open_lost = (jobs.c.product_id == "lost", jobs.c.state.in_(OPEN))
        with truth.db().write() as c:  # as long afterwards as it takes until its parts are due
            c.execute(update(jobs).where(*open_lost).values(hedge_at=now() - 1))
        searches.run(truth.keeper(replica_seen=600.0))
        for worker in self._workers(truth):
            for letter in truth.letters().all():
                part = PartMessage.from_wire(letter.wire)
                if part.group == worker.settings.group:
                    lookup.run(worker.indexer, part)

    def check(self, truth: Truth) -> None:
        with truth.db().read() as c:
            late, half, lost = c.execute(select(jobs).order_by(jobs.c.created_at)).all()
        assert (late.state, late.error["code"]) == (State.FAILED, "index_unavailable")
        assert (half.state, half.result["index"]["missing"]) == (State.SUCCEEDED, [1])
        assert (lost.state, lost.result["index"]["missing"]) == (State.SUCCEEDED, [])
        hits = [hit["product"]["id"] for hit in lost.result["items"][0]["hits"]]
        assert hits[0] == "p3"
        assert len(hits) == len(set(hits)) == 8


class AskingForSnapshots:
    """Both shards have rested long enough; an index worker builds what is asked for."""

    def begin(self, truth: Truth) -> None:
        rig = truth.rig()
        for n in range(8):
            rig.put(f"p{n}", unit(n, MODEL.dim))
        with rig.db.write() as c:
            c.execute(update(shards).values(changed_at=LONG_AGO))

    def go_on(self, truth: Truth) -> None:
        sealing.run(truth.keeper())
        worker = truth.index_worker()
        worker.catch_up()
        worker.sealer.seal_asked()

    def check(self, truth: Truth) -> None:
        with truth.db().read() as c:
            built = c.execute(select(snapshots.c.shard, func.count()).group_by(snapshots.c.shard)).all()
        assert sorted(map(tuple, built)) == [(shard, 1) for shard in range(SHARDS)]
        truth.check_orphans()


class Placing:
    """Empty shards of a group that nobody serves, and an index worker of another one."""

    def begin(self, truth: Truth) -> None:
        with truth.db().write() as c:
            c.execute(insert(replicas).values(process="w", group="served", state={}, seen_at=now() + 600))

    def go_on(self, truth: Truth) -> None:
        placing.run(truth.keeper())

    def check(self, truth: Truth) -> None:
        with truth.db().read() as c:
            assert c.execute(select(placements.c.group)).scalars().all() == ["served"] * SHARDS


def store(keeper: Keeper, *, age_s: float = 0.0, owned: bool = True, **values: Any) -> str:
    """An object's name; its owner row has these `values`."""
    stored = keeper.store.put(new_name("images", "shop", keeper.db.clock() - age_s), b"x")
    if owned:
        row = {"name": stored.name, "sha256": stored.sha256, "length": stored.length, "tenant": "shop"}
        with keeper.db.write() as c:
            c.execute(insert(objects).values(**row, created_at=now(), **values))
    return stored.name


def left(truth: Truth, kept: set[str]) -> None:
    """Nothing but these objects is there, with and without an owner."""
    with truth.db().read() as c:
        assert set(c.execute(select(objects.c.name)).scalars()) == kept
    assert set(truth.store().list("")) == kept
    truth.check_orphans()


class Removing:
    """Objects that are marked, and one that is not."""

    def begin(self, truth: Truth) -> None:
        keeper = truth.keeper()
        for _ in range(3):
            store(keeper, removed_at=LONG_AGO)
        store(keeper, expires_at=now() + 600)

    def go_on(self, truth: Truth) -> None:
        removal.run(truth.keeper())

    def check(self, truth: Truth) -> None:
        with truth.db().read() as c:
            left(truth, set(c.execute(select(objects.c.name).where(objects.c.expires_at > now())).scalars()))


class Expiring:
    """Of everything that is kept for a time two whose time is over and one whose is not."""

    def begin(self, truth: Truth) -> None:
        keeper = truth.keeper()
        for overdue in (True, True, False):
            self._photo(keeper, overdue)
            over = LONG_AGO if overdue else keeper.db.clock() + 600
            accepted(keeper, state=State.SUCCEEDED, result={}, due_at=None, expires_at=over)
            accepted(keeper, state=State.EXPIRED, due_at=None, expires_at=over)
            with keeper.db.write() as c:
                self._others(c, over, new_id())

    def _photo(self, keeper: Keeper, overdue: bool) -> None:
        over = LONG_AGO if overdue else keeper.db.clock() + 600
        name = store(keeper)
        store(keeper, expires_at=over)
        with keeper.db.write() as c:
            row = {"id": new_id(), "tenant": "shop", "state": "ready", "normalised": name}
            c.execute(insert(images).values(**row, created_at=now(), expires_at=over))

    def _others(self, c: Any, over: float, name: str) -> None:
        key = {"tenant": "shop", "route": "searches", "key": name, "body_hash": "0" * 64}
        receipt = {"id": name, "tenant": "shop", "kind": "job", "hidden_at": over, "erase_by": over}
        tombstone = {"attributes": {}, "orders": {}, "images_order": [0, 0], "accepted_no": 0}
        born = {"created_at": over, "updated_at": over}
        c.execute(insert(idempotency).values(**key, created_at=over))
        c.execute(insert(erasures).values(**receipt, listed_at=over, erased_at=over))
        c.execute(insert(replicas).values(process=name, group="g1", state={}, seen_at=over))
        c.execute(insert(workers).values(process=name, kind="vision", stats={}, seen_at=over))
        row = {"tenant": "shop", "id": name, "catalog": "default", **tombstone, **born}
        c.execute(insert(products).values(**row, deleted_no=0, deleted_at=over))

    def go_on(self, truth: Truth) -> None:
        batches.AT_ONCE = expiry.AT_ONCE = 1  # of this child
        keeper = truth.keeper()
        expiry.run(keeper)
        removal.run(keeper)

    def check(self, truth: Truth) -> None:
        with truth.db().read() as c:
            for table in (images, idempotency, erasures, replicas, workers, products):
                assert c.execute(select(func.count()).select_from(table)).scalar_one() == 1, table
            states = sorted(c.execute(select(jobs.c.state)).scalars())
            kept = set(c.execute(select(objects.c.name).where(objects.c.removed_at.is_(None))).scalars())
        # Two finished ones became tombstones, and two tombstones went.
        assert states == [State.EXPIRED] * 3 + [State.SUCCEEDED]
        assert len(kept) == 2
        left(truth, kept)


class Sweeping:
    """Of an hour long past: two objects that nobody owns, and one that somebody does."""

    AGE_S = 3 * 3600.0

    def begin(self, truth: Truth) -> None:
        keeper = truth.keeper()
        for owned in (False, False, True):
            store(keeper, age_s=self.AGE_S, owned=owned)

    def go_on(self, truth: Truth) -> None:
        sweep.run(truth.keeper())

    def check(self, truth: Truth) -> None:
        with truth.db().read() as c:
            (kept,) = c.execute(select(objects.c.name)).scalars()
            ticked = c.execute(select(swept_hours.c.hour)).scalars().all()
        left(truth, {kept})
        assert hour_of(kept) in ticked
        assert len(ticked) >= sweep.LOOK_BACK_HOURS


class TakingTurns:
    """A round that a dead keeper holds is another's once its lease has lapsed."""

    def begin(self, truth: Truth) -> None:
        with truth.vision() as rig:
            rig.ask(picture(1))
            rig.set_job(rig.rows(jobs)[0].id, due_at=LONG_AGO)

    def go_on(self, truth: Truth) -> None:
        keeper = truth.keeper()
        with keeper.db.write() as c:  # as long afterwards as a keeper that is gone may hold it
            c.execute(delete(rounds).where(rounds.c.holder != keeper.settings.process))
        this = Round("redispatch", 1.0, redispatch.run)
        Schedule(keeper, (this,)).turn(this)

    def check(self, truth: Truth) -> None:
        with truth.db().read() as c:
            job_id = c.execute(select(jobs.c.id)).scalar_one()
        assert [letter.wire["id"] for letter in truth.letters().all()] == [job_id]


STORIES: dict[str, Story] = {
    "resend": Resending(),
    "lapse": Lapsing(),
    "keep_time": KeepingTime(),
    "ask_snapshot": AskingForSnapshots(),
    "place": Placing(),
    "remove": Removing(),
    "expire": Expiring(),
    "sweep": Sweeping(),
    "turn": TakingTurns(),
}
