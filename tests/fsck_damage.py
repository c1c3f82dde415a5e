"""One injected damage for every code that `fsck` knows: `DAMAGES[code](shop)` makes it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
from sqlalchemy import delete, insert, select, update

from shared.db.engine import now
from shared.db.tables import (
    catalogs,
    chunks,
    counters,
    erasures,
    explanations,
    holdings,
    images,
    imports,
    indexes,
    jobs,
    log,
    objects,
    placements,
    products,
    replicas,
    segments,
    shards,
    snapshots,
)
from shared.erasure.erased_list import Erased, ErasedList
from shared.erasure.receipts import ErasedKind
from shared.fsck.examine import examine
from shared.fsck.finding import Code, Finding
from shared.fsck.repair.deps import Repairs
from shared.fsck.repair.run import repair
from shared.index import placement
from shared.index.log import Entry, EntryKind, next_chain
from shared.storage import owners
from shared.storage.names import new_name
from shared.vectors.codec import Rows, encode_block
from tests.backup_rig import ShopRig
from tests.index_rig import DIM, MODEL

Damage = Callable[[ShopRig], object]
OLD = 1_700_000_000.0  # an hour that was swept long ago


def look(shop: ShopRig, *, quick: bool = False) -> list[Finding]:
    listed = ErasedList(shop.store).entries()
    return examine(shop.db, shop.store, listed=listed, quick=quick, again_after=0)


def mend(shop: ShopRig) -> list[tuple[Finding, str | None]]:
    return repair(Repairs(shop.db, shop.store, "g1", 60.0), look(shop))


def change(shop: ShopRig, statement: Any) -> None:
    with shop.db.write() as c:
        assert c.execute(statement).rowcount, "nothing was damaged"


def one(shop: ShopRig, query: Any) -> Any:
    with shop.db.read() as c:
        return c.execute(query.limit(1)).one()


def single(shop: ShopRig) -> Any:
    """An image of a single write: its vector stands in its row and in the log."""
    return one(shop, select(images).where(images.c.vector.is_not(None)).order_by(images.c.product_id))


def from_chunk(shop: ShopRig) -> Any:
    """An image whose vector stands in a segment."""
    return one(shop, select(images).where(images.c.segment.is_not(None)).order_by(images.c.product_id))


def last_entry(shop: ShopRig, kind: EntryKind) -> Any:
    return one(shop, select(log).where(log.c.kind == kind).order_by(log.c.seq.desc(), log.c.shard))


def this_entry(entry: Any) -> tuple[Any, ...]:
    return (log.c.index_id == entry.index_id, log.c.shard == entry.shard, log.c.seq == entry.seq)


def flip(shop: ShopRig, name: str) -> None:
    data = bytearray(shop.store.objects[name])
    data[len(data) // 2] ^= 1
    shop.store.objects[name] = bytes(data)


def lose(shop: ShopRig, name: str) -> None:
    del shop.store.objects[name]


def cut(shop: ShopRig, name: str) -> None:
    shop.store.objects[name] = shop.store.objects[name][:-1]


def job(shop: ShopRig, **values: Any) -> str:
    job_id = shop.job(np.ones(DIM))
    if values:
        change(shop, update(jobs).where(jobs.c.id == job_id).values(**values))
    return job_id


def an_import(shop: ShopRig, *, state: str = "running", sizes: tuple[int, ...] = (3, 3)) -> str:
    job_id = job(shop, kind="import", stage="chunks", state=state, due_at=None)
    with shop.db.write() as c:
        stored = shop.store.put(new_name("chunks", "shop", shop.db.clock()), b"rows")
        owners.own(c, "shop", [stored])
        c.execute(
            insert(imports).values(
                job_id=job_id,
                tenant="shop",
                options={},
                manifests=[],
                planned=True,
                rows=sum(sizes),
                bad_rows=0,
                ignored_columns=[],
                unreadable=False,
            )
        )
        zeros = dict.fromkeys(
            ("attempt", "tries", "losses_alone", "products", "images", "embedded", "bad_rows"), 0
        )
        for no, size in enumerate(sizes):
            c.execute(
                insert(chunks).values(
                    job_id=job_id,
                    no=no,
                    tenant="shop",
                    state="open",
                    rows_object=stored.name,
                    row_from=0,
                    row_to=size,
                    suspect=False,
                    **zeros,
                )
            )
    return job_id


def orphan(shop: ShopRig) -> None:
    shop.store.put(new_name("images", "shop", OLD), b"nobody's")


def unnamed(shop: ShopRig) -> None:
    stored = shop.store.put(new_name("images", "shop", shop.db.clock()), b"of nothing")
    with shop.db.write() as c:
        owners.own(c, "shop", [stored])
        c.execute(update(objects).where(objects.c.name == stored.name).values(created_at=OLD))


def without_owner(shop: ShopRig) -> None:
    change(shop, delete(objects).where(objects.c.name == single(shop).thumbnail))


def stray_image(shop: ShopRig) -> None:
    image = single(shop)
    change(shop, update(images).where(images.c.id == image.id).values(product_id="never was there"))


def foreign_segment(shop: ShopRig) -> None:
    """Another model's vectors, with every hash right."""
    image = from_chunk(shop)
    part = one(shop, select(segments).where(segments.c.object == image.segment))
    n = part.rows
    ids = [f"x{i}" for i in range(n)]
    boxes = np.zeros((n, 4), np.float32)
    rows = Rows(ids, ids, np.zeros(n, np.int16), boxes, np.ones((n, DIM), np.float16))
    block = encode_block(rows, "another model"[: len(MODEL)])
    stored = shop.store.put(new_name("segments", "shop", shop.db.clock()), block)
    with shop.db.write() as c:
        owners.own(c, "shop", [stored])
        c.execute(
            insert(segments).values(
                object=stored.name,
                index_id=part.index_id,
                shard=part.shard,
                offset=0,
                length=len(block),
                rows=n,
                sha256=stored.sha256,
            )
        )


def rewrite(shop: ShopRig, entry: Any, **values: Any) -> None:
    """The last entry is another one, whose digest and chain are right: what the shard's row says, too."""
    assert entry.seq == one(shop, select(shards.c.seq).where(shards.c.shard == entry.shard)).seq
    before = one(
        shop,
        select(log.c.chain).where(
            log.c.index_id == entry.index_id, log.c.shard == entry.shard, log.c.seq == entry.seq - 1
        ),
    )
    made = Entry(
        EntryKind(values.get("kind", entry.kind)),
        values.get("body", entry.body),
        values.get("inline", entry.inline),
    )
    digest = made.digest()
    chain = next_chain(before.chain, digest)
    this = this_entry(entry)
    change(
        shop,
        update(log)
        .where(*this)
        .values(kind=made.kind, body=made.body, inline=made.inline, digest=digest, chain=chain),
    )
    change(
        shop,
        update(shards)
        .where(shards.c.index_id == entry.index_id, shards.c.shard == entry.shard)
        .values(chain=chain),
    )


def end_of(shop: ShopRig, product_id: str) -> Any:
    """Write the product once more; the entry is the last of its shard."""
    shop.put(product_id, np.ones(DIM))
    shard = placement.shard_of(product_id, shop.index.shards)
    return one(shop, select(log).where(log.c.shard == shard).order_by(log.c.seq.desc()))


def missing_vector(shop: ShopRig) -> None:
    rewrite(shop, end_of(shop, "late"), kind="patch", body={"columns": {}}, inline=None)


def phantom_vector(shop: ShopRig) -> None:
    """The image went, and the log was not told."""
    end_of(shop, "late")
    change(shop, delete(images).where(images.c.product_id == "late"))
    change(shop, delete(products).where(products.c.id == "late"))


def duplicate_vector(shop: ShopRig) -> None:
    """A snapshot that names its only segment twice, with the live bits of both."""
    row = one(shop, select(snapshots).order_by(snapshots.c.seq.desc()))
    manifest = json.loads(json.dumps(row.manifest))
    manifest["segments"] *= 2
    stored = row.files[manifest["alive"]]
    alive = shop.store.get(stored["object"], sha256=stored["sha256"], length=stored["length"]) * 2
    again = shop.store.put(new_name("snapshots", "shop", shop.db.clock()), alive)
    files = {
        **row.files,
        manifest["alive"]: {"object": again.name, "sha256": again.sha256, "length": again.length},
    }
    with shop.db.write() as c:
        owners.own(c, "shop", [again])
        owners.remove(c, [stored["object"]])
        c.execute(update(snapshots).where(snapshots.c.id == row.id).values(manifest=manifest, files=files))


def off_path(shop: ShopRig) -> None:
    row = one(shop, select(snapshots).order_by(snapshots.c.seq.desc()))
    change(shop, update(snapshots).where(snapshots.c.id == row.id).values(chain="f" * 16))


def part_row(shop: ShopRig) -> None:
    """A part whose row points elsewhere; the object is whole."""
    image = from_chunk(shop)
    change(
        shop, update(segments).where(segments.c.object == image.segment).values(offset=segments.c.offset + 1)
    )


def forged_entry(shop: ShopRig) -> None:
    entry = last_entry(shop, EntryKind.INLINE)
    change(shop, update(log).where(*this_entry(entry)).values(body={"columns": {}}))


def broken_chain(shop: ShopRig) -> None:
    entry = last_entry(shop, EntryKind.INLINE)
    change(shop, update(log).where(*this_entry(entry)).values(chain="f" * 16))


def other_columns(shop: ShopRig) -> None:
    """The product costs less, and the log was not told."""
    attributes = one(shop, select(products.c.attributes).where(products.c.id == "p21")).attributes
    cheaper = {**attributes, "price": {"amount": "4.90", "currency": "EUR"}}
    change(shop, update(products).where(products.c.id == "p21").values(attributes=cheaper))


def other_vector(shop: ShopRig) -> None:
    image = single(shop)
    bytes_of = np.zeros(DIM, np.float16).tobytes()
    change(shop, update(images).where(images.c.id == image.id).values(vector=bytes_of))


def entry_elsewhere(shop: ShopRig) -> None:
    """Its digest and chain are right, and the part's row says where the rows lie."""
    shop.put_chunk([f"n{n}" for n in range(8)], np.random.default_rng(1).normal(size=(8, DIM)))
    entry = one(shop, select(log).where(log.c.kind == EntryKind.SEGMENT).order_by(log.c.seq.desc()))
    rewrite(shop, entry, body={**entry.body, "offset": entry.body["offset"] + 1})


def stray_holding(shop: ShopRig) -> None:
    values = {"object": from_chunk(shop).segment, "tenant": "shop", "product_id": "p24"}
    change(shop, insert(holdings).values(values))


def stray_shard(shop: ShopRig) -> None:
    index_id = shop.index.id
    change(shop, insert(placements).values(index_id=index_id, shard=7, group="g1"))
    change(shop, update(snapshots).where(snapshots.c.shard == 1).values(shard=7))


def second_index(shop: ShopRig) -> None:
    row = one(shop, select(indexes).where(indexes.c.id == shop.index.id))._mapping
    change(shop, insert(indexes).values({**row, "id": "another", "live_at": row["live_at"] - 60}))


def absent_group(shop: ShopRig) -> None:
    change(shop, insert(replicas).values(process="i1", group="g1", state={}, seen_at=now()))
    change(shop, update(indexes).values(created_at=OLD))
    change(shop, update(placements).where(placements.c.shard == 1).values(group="gone"))


def half_deleted(shop: ShopRig) -> None:
    change(shop, update(products).where(products.c.id == "p3").values(attributes={"title": "a secret"}))


def kept_photo(shop: ShopRig) -> None:
    values = {"id": "photo", "tenant": "shop", "state": "ready", "created_at": OLD}
    change(shop, insert(images).values(values))


def stuck_explanation(shop: ShopRig) -> None:
    values = {"item": 0, "hit": 1, "made_by": "gone", "query_image": "q", "result_image": "r"}
    change(shop, insert(explanations).values(job_id=job(shop), **values))


def erased_product_is_back(shop: ShopRig) -> None:
    """As in a database that was restored, and not held against the list."""
    number = one(shop, select(counters.c.value)).value
    listed = Erased("shop", ErasedKind.PRODUCT, "p5", "default", number, shop.db.clock())
    ErasedList(shop.store).add([listed])


def erased_product_is_left(shop: ShopRig) -> None:
    """The receipt of p3 says that it was erased; its segment still holds its vector."""
    gone = update(erasures).values(erased_at=now(), clean_at=now(), begun_at=now(), subject=None)
    change(shop, gone)


def forged_list(shop: ShopRig) -> None:
    shop.store.put(new_name("erased", "0" * 64, OLD), b"{}\n")


EXPIRED = {"state": "expired", "finished_at": 1.0, "expires_at": 1e12}


def import_without_manifests(shop: ShopRig) -> None:
    an_import(shop)
    change(shop, update(imports).values(manifests=None))


DAMAGES: dict[Code, Damage] = {
    Code.LOOK_FAILED: import_without_manifests,
    Code.OBJECT_MISSING: lambda shop: lose(shop, from_chunk(shop).segment),
    Code.OBJECT_LENGTH: lambda shop: cut(shop, single(shop).thumbnail),
    Code.OBJECT_DAMAGED: lambda shop: flip(shop, single(shop).normalised),
    Code.OBJECT_ORPHAN: orphan,
    Code.OWNER_MISSING: without_owner,
    Code.OWNER_UNNAMED: unnamed,
    Code.OWNER_TENANT: lambda shop: change(
        shop, update(objects).where(objects.c.name == single(shop).thumbnail).values(tenant="another")
    ),
    Code.CATALOG_MISSING: lambda shop: change(shop, delete(catalogs)),
    Code.INDEX_MISSING: lambda shop: change(
        shop, insert(catalogs).values(tenant="shop", name="bare", created_at=now())
    ),
    Code.INDEX_TWICE: second_index,
    Code.SHARD_MISSING: lambda shop: change(shop, delete(shards).where(shards.c.shard == 1)),
    Code.SHARD_STRAY: stray_shard,
    Code.SHARD_NUMBERS: lambda shop: change(
        shop, update(shards).where(shards.c.shard == 1).values(sealed_seq=10**6)
    ),
    Code.PLACEMENT_MISSING: lambda shop: change(shop, delete(placements).where(placements.c.shard == 1)),
    Code.PLACEMENT_ABSENT: absent_group,
    Code.COUNTER_BEHIND: lambda shop: change(shop, update(counters).values(value=1)),
    Code.PRODUCT_IMPOSSIBLE: half_deleted,
    Code.IMAGE_STRAY: stray_image,
    Code.IMAGE_PICTURE: lambda shop: change(
        shop, update(images).where(images.c.id == single(shop).id).values(normalised=None)
    ),
    Code.PHOTO_KEPT: kept_photo,
    Code.SEGMENT_RANGE: part_row,
    Code.SEGMENT_FOREIGN: foreign_segment,
    Code.SEGMENT_ROW: lambda shop: change(
        shop, update(images).where(images.c.id == from_chunk(shop).id).values(segment_row=999)
    ),
    Code.HOLDING_MISSING: lambda shop: change(shop, delete(holdings).where(holdings.c.product_id == "p1")),
    Code.HOLDING_STRAY: stray_holding,
    Code.VECTOR_LOST: lambda shop: change(
        shop, update(images).where(images.c.id == single(shop).id).values(vector=b"short")
    ),
    Code.LOG_GAP: lambda shop: change(
        shop, delete(log).where(*this_entry(one(shop, select(log).where(log.c.seq == 2))))
    ),
    Code.LOG_CHAIN: broken_chain,
    Code.LOG_DIGEST: forged_entry,
    Code.LOG_END: lambda shop: change(shop, delete(log).where(*this_entry(end_of(shop, "late")))),
    Code.LOG_SEGMENT: entry_elsewhere,
    Code.SNAPSHOT_BAD: off_path,
    Code.VECTOR_MISSING: missing_vector,
    Code.VECTOR_PHANTOM: phantom_vector,
    Code.VECTOR_DUPLICATE: duplicate_vector,
    Code.VECTOR_DIFFERS: other_vector,
    Code.COLUMNS_DIFFER: other_columns,
    Code.ERASED_BACK: erased_product_is_back,
    Code.ERASED_LEFT: erased_product_is_left,
    Code.ERASED_LIST: forged_list,
    Code.JOB_IMPOSSIBLE: lambda shop: job(shop, state="dreaming"),
    Code.JOB_STUCK: lambda shop: job(shop, stage="embed", due_at=None),
    Code.JOB_KEPT: lambda shop: job(shop, **EXPIRED),
    Code.EXPLANATION_STUCK: stuck_explanation,
    Code.IMPORT_MISSING: lambda shop: job(shop, kind="import", stage="plan"),
    Code.CHUNK_LEFT: lambda shop: an_import(shop, state="expired"),
    Code.CHUNK_ROWS: lambda shop: change(
        shop, update(chunks).where(chunks.c.job_id == an_import(shop), chunks.c.no == 1).values(state="split")
    ),
    Code.PART_COUNT: lambda shop: job(shop, parts_left=7),
}
