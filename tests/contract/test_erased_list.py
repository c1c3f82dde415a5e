"""What was erased after a backup was taken is hidden again when that backup is restored; both databases."""

import pytest
from sqlalchemy import select

from shared.db.engine import Database
from shared.db.tables import erasures, images, log
from shared.erasure.deleting import delete_job, delete_product
from shared.erasure.erased_list import Erased, ErasedList
from shared.erasure.receipts import ErasedKind
from shared.erasure.restored import apply_erased_list
from shared.errors import Expired, ObjectCorrupt
from shared.ids import new_id
from shared.index.placement import LiveIndex
from shared.jobs import ends, store
from shared.jobs.job import State
from shared.jobs.kinds import JobKind
from shared.storage.memory import MemoryStore
from shared.storage.names import new_name
from shared.topology import EMBED
from tests.catalog_rig import embedded, living, make_catalog, number, put
from tests.keeper_rig import REQUEST


@pytest.fixture
def index(db: Database) -> LiveIndex:
    return make_catalog(db)


def entry(product_id: str, accept_no: int) -> Erased:
    return Erased("shop", ErasedKind.PRODUCT, product_id, "default", accept_no, 1_795_425_300.5)


def receipts_of(db: Database) -> list[tuple[str, str]]:
    with db.read() as c:
        return [(r.kind, r.subject) for r in c.execute(select(erasures).order_by(erasures.c.id))]


def finished_job(db: Database) -> str:
    job_id = new_id()
    with db.write() as c:
        store.accept(
            c, job_id=job_id, tenant="shop", kind=JobKind.SEARCH, stage=EMBED, request=REQUEST, due_in=5
        )
        ends.cancel(c, "shop", job_id, keep_for=60)
    return job_id


def test_the_list_gives_back_what_was_added() -> None:
    store = MemoryStore()
    listed = ErasedList(store)
    some = [entry("a/1", 3), entry("größe\n\u2028", 4)]
    listed.add(some)
    listed.add([Erased("shop", ErasedKind.JOB, "j", None, None, 1.0)])
    listed.add([])
    found = list(ErasedList(store).entries())
    assert sorted(e.id for e in found) == ["a/1", "größe\n\u2028", "j"]
    assert set(some) < set(found)
    assert all(name.startswith("erased/") for name in store.list(""))


def test_an_entry_whose_bytes_were_changed_is_not_believed() -> None:
    store = MemoryStore()
    store.put(new_name("erased", "0" * 64, 1_795_425_300.0), b"{}\n")
    with pytest.raises(ObjectCorrupt):
        list(ErasedList(store).entries())


def test_a_product_that_a_restore_brought_back_is_hidden_and_gets_its_receipt(
    db: Database, index: LiveIndex
) -> None:
    accepted = put(db, index, "p", title="a secret")
    embedded(db, index, "p", accepted.accept_no, ["a.jpg"])
    put(db, index, "q")
    assert apply_erased_list(db, [entry("p", 50), entry("unknown", 51)]) == 1
    assert living(db) == ["q"]
    assert receipts_of(db) == [("product", "p")]
    with db.read() as c:
        assert c.execute(select(images)).all() == []
        assert "delete" in c.execute(select(log.c.kind)).scalars().all()
    assert apply_erased_list(db, [entry("p", 50)]) == 0


def test_a_product_that_was_written_again_after_its_erasure_stays(db: Database, index: LiveIndex) -> None:
    first = put(db, index, "p")
    again = put(db, index, "p", title="new")
    assert apply_erased_list(db, [entry("p", first.accept_no)]) == 0
    assert living(db) == ["p"]
    assert apply_erased_list(db, [entry("p", again.accept_no + 1)]) == 1


def test_what_is_written_after_the_restore_is_newer_than_any_erasure_before_it(
    db: Database, index: LiveIndex
) -> None:
    put(db, index, "p")
    apply_erased_list(db, [entry("p", 50)])
    assert number(db) > 50
    put(db, index, "p", title="new")
    assert apply_erased_list(db, [entry("p", 50)]) == 0
    assert living(db) == ["p"]


def test_a_job_that_a_restore_brought_back_is_gone_again(db: Database) -> None:
    job_id = finished_job(db)
    gone = Erased("shop", ErasedKind.JOB, job_id, None, None, 1.0)
    others = Erased("other", ErasedKind.JOB, job_id, None, None, 1.0)
    assert apply_erased_list(db, [others, gone]) == 1
    with db.read() as c, pytest.raises(Expired):
        store.get(c, "shop", job_id)
    assert apply_erased_list(db, [gone]) == 0


def test_a_job_that_was_still_open_in_the_backup_ends(db: Database) -> None:
    job_id = new_id()
    with db.write() as c:
        store.accept(
            c, job_id=job_id, tenant="shop", kind=JobKind.SEARCH, stage=EMBED, request=REQUEST, due_in=5
        )
    assert apply_erased_list(db, [Erased("shop", ErasedKind.JOB, job_id, None, None, 1.0)]) == 1
    with db.read() as c:
        rows = store.newest(c, "shop")
    assert [row.id for row in rows if row.state != State.EXPIRED] == []


def test_an_erasure_goes_into_the_list_as_its_receipt_says(db: Database, index: LiveIndex) -> None:
    put(db, index, "p")
    with db.write() as c:
        gone = delete_product(c, db, index=index, product_id="p", erase_within=60)
    written = Erased.of(gone.receipt)
    assert (written.tenant, written.kind, written.id) == ("shop", "product", "p")
    assert (written.catalog, written.accept_no) == ("default", gone.accepted.accept_no)
    assert gone.receipt.erase_by - written.at == pytest.approx(60, abs=1)
    job_id = finished_job(db)
    with db.write() as c:
        receipt = delete_job(c, "shop", job_id, tombstone_for=60, erase_within=60)
    assert (receipt.kind, receipt.subject, receipt.accept_no) == ("job", job_id, None)
