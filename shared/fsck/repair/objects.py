"""Objects that are lost or damaged: whatever names one is mended, or says that it cannot be."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, or_, select, update

from shared.catalog.image_rows import drop_images
from shared.db.tables import artefacts, explanations, holdings, images, log, objects, segments, snapshots
from shared.fsck.finding import Finding
from shared.fsck.naming import open_imports_of
from shared.fsck.repair.deps import Repairs
from shared.fsck.repair.embed import from_elsewhere
from shared.fsck.repair.shards import drop_snapshots
from shared.fsck.repair.work import end_job
from shared.index.log import EntryKind
from shared.storage import owners


def unreadable(repairs: Repairs, finding: Finding) -> str | None:
    """By what the object was for."""
    name = finding.subject
    done: list[str] = []
    with repairs.db.write() as c:
        for job_id in open_imports_of(c, name):
            end_job(c, job_id, repairs.keep_for)
            done.append(f"import {job_id} was ended: import again")
        done += _snapshots(c, name)
        if c.execute(select(segments.c.object).where(segments.c.object == name)).first() or _is_segment(name):
            done += _segment(repairs, c, name)
        pictures = _pictures(repairs, c, name)
        if pictures is None:
            return None
        done += pictures
        done += _explanations(c, name)
        if any(name in (f["object"] for f in files.values()) for files in _models(c)):
            return None  # a model has to be pushed again
        if not done:
            done.append("nothing needs it: its owner row goes")
        owners.remove(c, [name])
    return "; ".join(done)


def _is_segment(name: str) -> bool:
    return name.startswith("segments/")


def _snapshots(c: Connection, name: str) -> list[str]:
    bad = [
        row
        for row in c.execute(select(snapshots))
        if any(stored["object"] == name for stored in row.files.values())
    ]
    for row in bad:
        drop_snapshots(c, row.index_id, row.shard, only=row.id)
    return ["snapshots that name it were dropped; new ones are asked for"] if bad else []


def _segment(repairs: Repairs, c: Connection, name: str) -> list[str]:
    of_it = select(images.c.id, images.c.tenant, images.c.product_id).where(images.c.segment == name)
    for image in c.execute(of_it):
        repairs.embed(image.tenant, image.product_id, image.id, vector=True)
    entries = select(log.c.index_id, log.c.shard, log.c.body).where(log.c.kind == EntryKind.SEGMENT)
    for row in c.execute(entries):
        if row.body["object"] == name:  # whoever loads the shard from its log would need it
            repairs.renew(row.index_id, row.shard)
    c.execute(delete(segments).where(segments.c.object == name))
    c.execute(delete(holdings).where(holdings.c.object == name))
    return ["its images are embedded again"]


def _pictures(repairs: Repairs, c: Connection, name: str) -> list[str] | None:
    """None: the picture of a product's image, which is left nowhere."""
    places = (images.c.upload, images.c.normalised, images.c.thumbnail)
    rows = list(c.execute(select(images).where(or_(*(place == name for place in places)))))
    done = []
    for image in rows:
        if image.thumbnail == name:
            c.execute(update(images).where(images.c.id == image.id).values(thumbnail=None))
            done.append("its image does without a thumbnail")
        elif image.product_id is None:
            drop_images(c, [image])
            done.append("the upload was dropped: send the photo again")
        elif not from_elsewhere(image):
            return None
        else:
            repairs.embed(image.tenant, image.product_id, image.id, vector=False)
            done.append("its image is embedded again, from its source")
    return done


def _explanations(c: Connection, name: str) -> list[str]:
    shows = or_(explanations.c.query_object == name, explanations.c.result_object == name)
    gone = c.execute(
        delete(explanations).where(shows).returning(explanations.c.query_object, explanations.c.result_object)
    )
    pictures = [picture for row in gone for picture in row]
    owners.remove(c, pictures)
    return ["the explanation was dropped: ask for it again"] if pictures else []


def _models(c: Connection) -> list[dict[str, Any]]:
    return list(c.execute(select(artefacts.c.files)).scalars())


def part(repairs: Repairs, finding: Finding) -> str:
    """A part of a segment whose row is wrong; its images are found as vectors that are lost."""
    name, index_id, shard = finding.subject, finding.keys["index_id"], finding.keys["shard"]
    with repairs.db.write() as c:
        this = (segments.c.object == name, segments.c.index_id == index_id, segments.c.shard == shard)
        c.execute(delete(segments).where(*this))
        repairs.renew(index_id, shard)
        if c.execute(select(segments.c.object).where(segments.c.object == name)).first() is None:
            c.execute(delete(holdings).where(holdings.c.object == name))
            owners.remove(c, [name])
    return "its images are embedded again"


def vector(repairs: Repairs, finding: Finding) -> str:
    keys = finding.keys
    repairs.embed(keys["tenant"], keys["product"], keys["image"], vector=True)
    return "its product is written again, or the image dropped where nothing of it is left"


def orphan(repairs: Repairs, finding: Finding) -> str:
    with repairs.db.read() as c:
        owned = c.execute(select(objects.c.name).where(objects.c.name == finding.subject)).first()
    if owned is None:
        repairs.store.delete(finding.subject)
    return "deleted"


def unnamed(repairs: Repairs, finding: Finding) -> str:
    with repairs.db.write() as c:
        owners.remove(c, [finding.subject])
    return "it is removed by a keeper"


def tenant(repairs: Repairs, finding: Finding) -> str:
    keys = finding.keys
    with repairs.db.write() as c:
        c.execute(update(objects).where(objects.c.name == keys["object"]).values(tenant=keys["tenant"]))
    return "the row was corrected"


def picture(repairs: Repairs, finding: Finding) -> str | None:
    """An image of which only the picture is lost; without a source there is nothing to make it from."""
    keys = finding.keys
    with repairs.db.read() as c:
        image = c.execute(select(images).where(images.c.id == keys["image"])).one_or_none()
    if image is None or image.normalised is not None:
        return "it is there, or its image is gone"
    if not from_elsewhere(image):
        return None
    repairs.embed(keys["tenant"], keys["product"], keys["image"], vector=False)
    return "its image is embedded again, from its source"


def segment_row(repairs: Repairs, finding: Finding) -> str:
    keys = finding.keys
    with repairs.db.write() as c:
        this = (images.c.id == finding.subject, images.c.segment == keys["object"])
        c.execute(update(images).where(*this).values(segment_row=keys["row"]))
    return "the row was corrected"


def stray_holding(repairs: Repairs, finding: Finding) -> str:
    keys = finding.keys
    this = (holdings.c.object == keys["object"], holdings.c.tenant == keys["tenant"])
    with repairs.db.write() as c:
        c.execute(delete(holdings).where(*this, holdings.c.product_id == keys["product"]))
    return "the row went"


def holding(repairs: Repairs, finding: Finding) -> str:
    keys = finding.keys
    values = {"object": keys["object"], "tenant": keys["tenant"], "product_id": keys["product"]}
    with repairs.db.write() as c:
        c.execute(repairs.db.insert(holdings).values(values).on_conflict_do_nothing())
    return "the row was made"
