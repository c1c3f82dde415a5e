"""From a hit to the job that explains it: the first who asks begins it, all others find it."""

from __future__ import annotations

from typing import Any, NoReturn

from sqlalchemy import Connection, Row, insert, or_, select

from services.gateway.wiring import Deps
from shared.db.engine import now
from shared.db.tables import explanations as rows
from shared.db.tables import images, jobs
from shared.errors import Conflict, Expired, FingerprintMismatch, NotFound, Unavailable
from shared.ids import new_id
from shared.images.box import WHOLE
from shared.images.state import ImageState
from shared.jobs import explanations, store
from shared.jobs.explanation_request import ExplanationRequest
from shared.jobs.job import OPEN, State
from shared.jobs.kinds import JobKind
from shared.jobs.search_request import PhotoKind, SearchRequest
from shared.messages import JobMessage
from shared.topology import EXPLAIN, VISION_EXPLAIN

# A photo that a worker fetched is kept only after its search has gone on.
PUT_AWAY_WITHIN_S = 10
# Errors of a worker that mean: one of the two images went while it looked.
_GONE = ("image_gone", "object_missing")


def hit_of(search: Row[Any], item: int | None, hit: int) -> tuple[int, dict[str, Any]]:
    """The item's number and the hit that is meant. Raises Conflict for a search without hits, NotFound."""
    if search.kind != JobKind.SEARCH:
        raise NotFound(f"job {search.id} is no search")
    if search.state in OPEN:
        raise Conflict("the search is not finished", code="not_finished")
    if search.state != State.SUCCEEDED:
        raise Conflict(f"the search is {search.state}: it has no hits")
    number = search.result["main_item"] if item is None else item
    items = search.result["items"]
    if number >= len(items) or not 1 <= hit <= len(items[number]["hits"]):
        raise NotFound(f"item {number} of this search has no hit {hit}")
    return number, items[number]["hits"][hit - 1]


def job_of(deps: Deps, search: Row[Any], item: int, hit: int) -> Row[Any]:
    """The job that explains this hit, a new one if need be. Raises Expired, Conflict, Overloaded."""
    with deps.db.read() as c:
        known = explanations.find(c, search.id, item, hit)
        if known is not None:
            return store.get(c, search.tenant, known.made_by)
    deps.admission.write()
    asked = _request(search, item, hit)
    with deps.db.write() as c:
        job = _begin(c, search, asked, due_in=deps.settings.first_due)
    deps.dispatcher.send(VISION_EXPLAIN, JobMessage(job.id, EXPLAIN.name))
    return job


def give_up(deps: Deps, job: Row[Any]) -> NoReturn:
    """Tell why there is no explanation, once: whoever asks again begins anew."""
    with deps.db.write() as c:
        explanations.forget_jobs(c, [job.id])
    error = job.error or {"code": "cancelled", "detail": "the explanation was cancelled; ask again"}
    if error["code"] == FingerprintMismatch.code:
        raise Conflict(
            "the model that this search was made with is no longer served: search again", code="model_changed"
        )
    if error["code"] in _GONE:
        raise Expired(error["detail"], code="image_gone")
    raise Unavailable(error["detail"], code=error["code"])


def _request(search: Row[Any], item: int, hit: int) -> ExplanationRequest:
    result = search.result
    box = tuple(result["items"][item]["box"])
    with_whole = (
        item == result["main_item"] and SearchRequest.from_json(search.request).crop is None and box != WHOLE
    )
    return ExplanationRequest(
        search=search.id,
        item=item,
        hit=hit,
        query_image=result["image"]["id"],
        result_image=result["items"][item]["hits"][hit - 1]["image_id"],
        boxes=(box, WHOLE) if with_whole else (box,),
    )


def _begin(c: Connection, search: Row[Any], asked: ExplanationRequest, *, due_in: float) -> Row[Any]:
    """Under the locks of the search and of both images, so that no erasure misses the new row."""
    _hold(c, search, asked)
    known = explanations.find(c, asked.search, asked.item, asked.hit)
    if known is not None:
        return store.get(c, search.tenant, known.made_by)
    job_id = new_id()
    c.execute(
        insert(rows).values(
            job_id=asked.search,
            item=asked.item,
            hit=asked.hit,
            made_by=job_id,
            query_image=asked.query_image,
            result_image=asked.result_image,
        )
    )
    return store.accept(
        c,
        job_id=job_id,
        tenant=search.tenant,
        kind=JobKind.EXPLANATION,
        stage=EXPLAIN,
        request=asked.to_json(),
        due_in=due_in,
        catalog=search.catalog,
        fingerprint=search.fingerprint,
    )


def _hold(c: Connection, search: Row[Any], asked: ExplanationRequest) -> None:
    """Raises Expired, Conflict, Unavailable where an image is not there."""
    this = select((now() - jobs.c.finished_at).label("age")).where(
        jobs.c.id == search.id, jobs.c.state == State.SUCCEEDED
    )
    row = c.execute(this.with_for_update()).one_or_none()
    if row is None:
        raise Expired("this job's result was kept for its time and is gone")
    wanted = {asked.query_image, asked.result_image}
    there = (
        images.c.id.in_(wanted),
        images.c.tenant == search.tenant,
        images.c.state != ImageState.REJECTED,
        or_(images.c.expires_at.is_(None), images.c.expires_at > now()),
    )
    found = set(c.execute(select(images.c.id).where(*there).with_for_update(read=True)).scalars())
    if asked.query_image not in found:
        _no_photo(SearchRequest.from_json(search.request), row.age)
    if asked.result_image not in found:
        raise Expired(f"image {asked.result_image} is gone", code="image_gone")


def _no_photo(asked: SearchRequest, age_s: float) -> NoReturn:
    if not asked.store:
        raise Conflict(
            "this search was not to keep its photo; search again without `store: false`",
            code="photo_not_kept",
        )
    if asked.photo.kind in (PhotoKind.URL, PhotoKind.OBJECT) and age_s < PUT_AWAY_WITHIN_S:
        raise Unavailable("the photo of this search is still being put away", code="not_ready")
    raise Expired("the photo of this search is gone", code="image_gone")
