"""Products, their order and the log, on both databases: what was accepted later wins."""

import threading

import pytest
from sqlalchemy import event, select

from shared.catalog import locks
from shared.catalog.append import append
from shared.catalog.changes import KeptImage, ProductChange
from shared.catalog.writes import accept_delete, accept_write
from shared.db.engine import Database
from shared.db.tables import images, log, objects, products
from shared.errors import Conflict, InvalidRequest, NotFound, Unavailable
from shared.index import placement
from shared.index.log import FIRST_CHAIN, Entry, next_chain, positions
from shared.index.versions import Version, check_reachable
from tests.catalog_rig import attributes, embedded, make_catalog, put, sources


@pytest.fixture
def index(db: Database):
    return make_catalog(db)


def test_shards_are_chosen_by_golden_values() -> None:
    ids = ("SKU-1", "图搜", "a/b")
    assert [placement.shard_of(text, 1000) for text in ids] == [599, 797, 286]
    assert {placement.shard_of(text, 1) for text in ids} == {0}


def test_the_log_is_gapless_and_chained(db: Database, index) -> None:
    for n in range(4):
        embedded(db, index, f"p{n}", n + 1, [f"s{n}"])
    for shard in range(2):
        chain, seq = FIRST_CHAIN, 0
        with db.read() as c:
            entries = list(c.execute(select(log).where(log.c.shard == shard).order_by(log.c.seq)))
            end = positions(c, index.id)[shard]
        for entry in entries:
            seq, chain = seq + 1, next_chain(chain, Entry(entry.kind, entry.body, entry.inline).digest())
            assert (entry.seq, entry.chain) == (seq, chain)
        assert end == (seq, chain)


def test_concurrent_appends_leave_no_gap(db: Database, index) -> None:
    threads = [
        threading.Thread(target=embedded, args=(db, index, f"p{n}", n + 1, [f"s{n}"])) for n in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.read() as c:
        for shard, (seq, _) in positions(c, index.id).items():
            assert list(
                c.execute(select(log.c.seq).where(log.c.shard == shard).order_by(log.c.seq)).scalars()
            ) == list(range(1, seq + 1))


def test_a_delete_accepted_while_the_photo_embeds_is_not_undone(db: Database, index) -> None:
    first = put(db, index, "p", title="old", images=["s"])
    assert first.embed
    with db.write() as c:
        accept_delete(c, db, index=index, product_id="p")
    embedded(db, index, "p", first.accept_no, ["s"])
    with pytest.raises(NotFound):
        attributes(db, "p")
    assert sources(db, "p") == []
    with db.read() as c:
        assert c.execute(select(objects.c.removed_at)).scalars().all() != [None]


def test_an_older_import_brings_no_attribute_of_a_deleted_product_back(db: Database, index) -> None:
    put(db, index, "p", title="t")
    with db.write() as c:
        older = locks.next_accept_no(c, db)
        accept_delete(c, db, index=index, product_id="p")
        newer = locks.next_accept_no(c, db)
    embedded(db, index, "p", newer, ["b"], title="new")
    embedded(db, index, "p", older, ["a"], brand="old")
    assert attributes(db, "p").get("brand") is None
    assert sources(db, "p") == ["b"]


def test_of_two_puts_the_later_accepted_keeps_its_photos_whatever_finishes_first(db: Database, index) -> None:
    first = put(db, index, "p", title="one", images=["a"])
    second = put(db, index, "p", title="two", images=["b"])
    embedded(db, index, "p", second.accept_no, ["b"])
    embedded(db, index, "p", first.accept_no, ["a"])
    assert sources(db, "p") == ["b"]
    assert attributes(db, "p")["title"] == "two"


def test_rows_of_one_import_add_their_photos_up_and_a_later_import_replaces(db: Database, index) -> None:
    embedded(db, index, "p", 5, ["a"], line=1, title="x")
    embedded(db, index, "p", 5, ["b"], line=2)
    assert sources(db, "p") == ["a", "b"]
    embedded(db, index, "p", 6, ["c"], line=1)
    assert sources(db, "p") == ["c"]


def test_attributes_win_one_by_one(db: Database, index) -> None:
    """A price set later stays when an older import brings its row, and the rest of the row counts."""
    put(db, index, "p", title="t")
    with db.write() as c:
        import_no = locks.next_accept_no(c, db)
    with db.write() as c:
        accept_write(
            c,
            db,
            index=index,
            product_id="p",
            attributes={"price": {"amount": "9", "currency": "EUR"}},
            wanted=None,
            replace=False,
        )
    embedded(db, index, "p", import_no, ["a"], title="import", price={"amount": "1", "currency": "EUR"})
    assert attributes(db, "p")["title"] == "import"
    assert attributes(db, "p")["price"]["amount"] == "9"


def test_unchanged_images_are_not_embedded_again(db: Database, index) -> None:
    first = put(db, index, "p", images=["a"])
    embedded(db, index, "p", first.accept_no, ["a"])
    assert not put(db, index, "p", title="new", images=["a"]).embed
    assert put(db, index, "p", images=["a", "b"]).embed


@pytest.mark.parametrize("rounds", [1, 2])
def test_the_statements_of_an_append_do_not_grow_with_its_products(db: Database, index, rounds: int) -> None:
    """Of new products (one round) and of products that are there already (two)."""

    def statements(count: int) -> int:
        for accept_no in range(1, rounds + 1):
            changes = [ProductChange(f"{count}-{n}", accept_no, n, {"title": "t"}) for n in range(count)]
            with db.write() as c:
                seen.clear()
                append(c, db, index=index, changes=changes, ranges={})
        return len(seen)

    seen: list[str] = []
    event.listen(db.engine, "before_cursor_execute", lambda *call: seen.append(call[2]))
    assert statements(3) == statements(100)


def test_a_kept_image_that_went_meanwhile_is_asked_for_again(db: Database, index) -> None:
    change = ProductChange("p", 9, 1, images=(KeptImage("gone", 0),))
    with pytest.raises(Unavailable), db.write() as c:
        append(c, db, index=index, changes=[change], ranges={})


def test_a_price_change_is_one_patch_entry_and_a_title_change_none(db: Database, index) -> None:
    first = put(db, index, "p", title="t", images=["a"])
    embedded(db, index, "p", first.accept_no, ["a"])
    before = entry_count(db)
    with db.write() as c:
        accept_write(
            c, db, index=index, product_id="p", attributes={"title": "u"}, wanted=None, replace=False
        )
    assert entry_count(db) == before
    with db.write() as c:
        price = {"price": {"amount": "2", "currency": "EUR"}}
        accept_write(c, db, index=index, product_id="p", attributes=price, wanted=None, replace=False)
    assert entry_count(db) == before + 1


def entry_count(db: Database) -> int:
    with db.read() as c:
        return len(c.execute(select(log.c.seq)).all())


def test_a_products_catalog_is_fixed(db: Database, index) -> None:
    put(db, index, "p", title="t")
    other = make_catalog(db, "second")
    with pytest.raises(Conflict) as refused:
        put(db, other, "p", title="t")
    assert refused.value.code == "catalog_fixed"


def test_a_patch_of_an_unknown_product_is_not_found(db: Database, index) -> None:
    with pytest.raises(NotFound), db.write() as c:
        accept_write(c, db, index=index, product_id="p", attributes={}, wanted=None, replace=False)


def test_hostile_text_is_kept_byte_for_byte(db: Database, index) -> None:
    title = "‮RTL <b>&amp; 👗 ' \" = \\ \t" + "x" * 2000
    put(db, index, "naïve/ id?#", title=title)
    assert attributes(db, "naïve/ id?#")["title"] == title


def test_versions_ahead_of_the_log_or_off_its_path_are_refused(db: Database, index) -> None:
    reached = embedded(db, index, "p", 1, ["a"])
    shard, (seq, chain) = next(iter(reached.items()))
    version = Version(index.id, reached)
    assert Version.decode(version.encode()) == version
    with db.read() as c:
        assert check_reachable(c, "shop", index.id, version) == version
        for wrong in (
            Version(index.id, {shard: (seq + 1, chain)}),
            Version(index.id, {shard: (seq, "f" * 16)}),
            Version("elsewhere", {shard: (seq, chain)}),
        ):
            with pytest.raises(InvalidRequest):
                check_reachable(c, "shop", index.id, wrong)
    with pytest.raises(InvalidRequest):
        Version.decode("not a version")


def test_image_rows_tell_which_product_they_belong_to(db: Database, index) -> None:
    embedded(db, index, "p", 1, ["a"])
    with db.read() as c:
        assert c.execute(select(images.c.product_id)).scalars().all() == ["p"]
        assert c.execute(select(products.c.images_order)).scalar_one() == [1, 0]
