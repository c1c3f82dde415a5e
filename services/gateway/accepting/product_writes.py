"""One write of a product: attributes at once, photos as a job."""

from __future__ import annotations

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, and_, or_, select

from services.gateway.accepting.answering import accepted, preferred_wait
from services.gateway.accepting.product_bodies import read_product
from services.gateway.http.bodies import refuse
from services.gateway.wiring import Deps
from shared.catalog.catalogs import ensure
from shared.catalog.fault_codes import FaultCode
from shared.catalog.sources import Source, SourceKind, parse_source
from shared.catalog.writes import WantedImage, accept_write
from shared.db.engine import now
from shared.db.tables import images
from shared.ids import new_id
from shared.index.placement import LiveIndex, live_index
from shared.jobs import store
from shared.jobs.kinds import JobKind
from shared.kill_points import kill_point
from shared.messages import JobMessage
from shared.topology import EMBED_WRITE, VISION_WRITE


def write_product(
    deps: Deps, tenant: str, catalog: str, product_id: str, *, replace: bool
) -> ResponseReturnValue:
    """A PUT (`replace`) or PATCH of this request's body. Raises InvalidFields, NotFound, Conflict."""
    attributes, wanted = read_product(request, tenant, paths_allowed=deps.settings.data_folder is not None)
    if wanted:
        deps.admission.write()
    seconds = preferred_wait(request)
    job_id = new_id()
    row = None
    with deps.waiters.seat(job_id, seconds) as event:
        with deps.db.write() as c:
            index = _index(c, deps, tenant, catalog, make=replace)
            _check_uploads(c, tenant, product_id, wanted or [])
            done = accept_write(
                c,
                deps.db,
                index=index,
                product_id=product_id,
                attributes=attributes,
                wanted=wanted,
                replace=replace,
            )
            if done.embed:
                sources = [{"source": w.source, "image_version": w.image_version} for w in wanted or []]
                row = store.accept(
                    c,
                    job_id=job_id,
                    tenant=tenant,
                    kind=JobKind.PRODUCT,
                    stage=EMBED_WRITE,
                    request={"product_id": product_id, "catalog": catalog, "images": sources},
                    due_in=deps.settings.first_due,
                    catalog=catalog,
                    product_id=product_id,
                    accept_no=done.accept_no,
                    fingerprint=index.fingerprint,
                )
            kill_point("accept_write.written")
        kill_point("accept_write.committed")
        deps.notifier.log_grew(index.id)
        if row is not None:
            deps.dispatcher.send(VISION_WRITE, JobMessage(job_id, EMBED_WRITE.name))
            kill_point("accept_write.sent")
            return accepted(deps, row, event, seconds)
    return {"id": product_id, "catalog": catalog, "version": done.version.encode()}


def _index(c: Connection, deps: Deps, tenant: str, name: str, *, make: bool) -> LiveIndex:
    if not make:
        return live_index(c, tenant, name)
    return ensure(c, deps.db, tenant, name, deps.settings.model, group=deps.settings.group)


def _check_uploads(c: Connection, tenant: str, product_id: str, wanted: list[WantedImage]) -> None:
    """An upload has to be there still, unless the product has taken it already."""
    for one in wanted:
        source = parse_source(one.source)
        if not isinstance(source, Source) or source.kind is not SourceKind.UPLOAD:
            continue
        fresh = or_(images.c.expires_at.is_(None), images.c.expires_at > now())
        upload = and_(images.c.id == source.value, fresh)
        taken = and_(images.c.product_id == product_id, images.c.source == one.source)
        query = select(images.c.id).where(images.c.tenant == tenant, or_(upload, taken)).limit(1)
        if c.execute(query).scalar() is None:
            refuse("images", f"there is no image {source.value}; upload it again", FaultCode.BAD_SOURCE)
