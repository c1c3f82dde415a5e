"""Vectors that are lost are made again: their products are written once more, by a vision worker.

The write carries the number of the product's own images, so that whatever was accepted since still wins. Each
lost image keeps its row, without a vector, until its successor is there: nothing is lost if that fails.
"""

from __future__ import annotations

from collections.abc import Collection, Set
from typing import Any

from sqlalchemy import Connection, Row, select, update

from shared.catalog.image_rows import drop_images
from shared.catalog.locks import lock_products
from shared.catalog.sources import Source, SourceKind, parse_source
from shared.db.tables import images, products
from shared.errors import NotFound
from shared.fsck.repair.deps import Repairs
from shared.ids import new_id
from shared.index import entries, log
from shared.index.placement import LiveIndex, live_index, shard_of
from shared.jobs import store
from shared.jobs.kinds import JobKind
from shared.storage import owners
from shared.topology import EMBED_WRITE


def embed_lost(repairs: Repairs) -> None:
    """Every product of `lost`, each in a transaction of its own; one without an index is left as it is."""
    for tenant, product_id in sorted(repairs.lost):
        with repairs.db.write() as c:
            of = (products.c.tenant == tenant, products.c.id == product_id)
            catalog = c.execute(select(products.c.catalog).where(*of)).scalar()
            try:
                index = live_index(c, tenant, catalog or "")
            except NotFound:
                continue
            _embed_again(c, repairs, index, product_id)


def _embed_again(c: Connection, repairs: Repairs, index: LiveIndex, product_id: str) -> None:
    """Schedule the product's write.

    An image of which neither the picture nor a source is left is dropped: there is nothing to make it from.
    """
    lost = repairs.lost[index.tenant, product_id]
    product = lock_products(c, index.tenant, [product_id]).get(product_id)
    query = (
        select(images)
        .where(images.c.tenant == index.tenant, images.c.product_id == product_id)
        .order_by(images.c.position, images.c.id)
    )
    have = list(c.execute(query))
    if product is None or product.deleted_no is not None:
        return
    with_picture = {
        image.id
        for image in have
        if image.normalised
        and image.normalised not in repairs.damaged
        and owners.owned(c, [image.normalised])
    }
    gone = [i for i in have if i.id in lost and i.id not in with_picture and not from_elsewhere(i)]
    if gone:
        drop_images(c, gone)
        entry = entries.patch({}, dropped=sorted(image.id for image in gone))
        log.append(c, index.id, {shard_of(product_id, index.shards): [entry]})
    left = [image for image in have if image not in gone]
    again = [image for image in left if image.id in lost]
    if again:
        _clear(c, again, repairs.vectors, with_picture)
        _schedule(c, index, product, left, again, with_picture)


def _clear(c: Connection, again: list[Row[Any]], vectors: Set[str], with_picture: Set[str]) -> None:
    """The rows say no more what they have lost."""
    without_vector = [image.id for image in again if image.id in vectors]
    nothing = dict.fromkeys(("fingerprint", "segment", "segment_row", "vector"))
    c.execute(update(images).where(images.c.id.in_(without_vector)).values(**nothing))
    without_picture = [image.id for image in again if image.id not in with_picture]
    c.execute(update(images).where(images.c.id.in_(without_picture)).values(normalised=None))


def _schedule(
    c: Connection,
    index: LiveIndex,
    product: Row[Any],
    left: list[Row[Any]],
    again: list[Row[Any]],
    with_picture: Collection[str],
) -> None:
    wanted = []
    for image in left:
        item = {"source": image.source, "image_version": image.image_version}
        if image in again:
            item["replaces"] = image.id
            if image.id in with_picture:
                item["picture"] = image.id
        wanted.append(item)
    store.accept(
        c,
        job_id=new_id(),
        tenant=index.tenant,
        kind=JobKind.PRODUCT,
        stage=EMBED_WRITE,
        request={"product_id": product.id, "catalog": index.catalog, "images": wanted},
        due_in=0,
        catalog=index.catalog,
        product_id=product.id,
        accept_no=product.images_order[0],
        fingerprint=index.fingerprint,
    )


def from_elsewhere(image: Row[Any]) -> bool:
    """Whether the image can be fetched once more from where it came."""
    source = parse_source(image.source or "")
    return isinstance(source, Source) and source.kind in (SourceKind.URL, SourceKind.OBJECT, SourceKind.PATH)
