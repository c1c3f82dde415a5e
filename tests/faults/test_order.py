"""What was accepted later wins, attribute by attribute, whatever comes between the steps of what came first.

Between every two steps of embedding a write or an import, outside its transactions, another write of the same
product is accepted and done; then the first goes on, or dies there and has a successor.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from shared import kill_points
from shared.catalog.writes import accept_delete, accept_write
from shared.db.tables import images, jobs, products
from shared.index.placement import live_index
from shared.jobs.job import OPEN
from shared.messages import JobMessage
from shared.topology import EMBED_WRITE
from tests.faults import mortal
from tests.faults.long import each_on_some_database
from tests.faults.points import points_of
from tests.faults.truth import Truth
from tests.vision_rig import TENANT, VisionRig
from workers.vision import write
from workers.vision.tasks import handle

pytestmark = [pytest.mark.xdist_group("kill points"), pytest.mark.timeout(300)]

# Within a transaction nobody gets between: its locks are held. A replace is another story.
WITHIN = ("written", "replace_begun", "some_hidden", "some_deleted")


@pytest.fixture
def truth(database_url: str, tmp_path: Path) -> Truth:
    made = Truth(database_url, tmp_path / "home")
    mortal.run(made.begin)
    return made


# What comes first. It brings the photo `<product>-1.png`; an import, with a second row, `-2.png` too.


def put(rig: VisionRig, product: str) -> None:
    rig.put(product, rig.photo(f"{product}-1.png", _seed(product, 1)), title="first", brand="first")


def load(rig: VisionRig, product: str) -> None:
    rig.write(rig.put(product, rig.photo(f"{product}-0.png", _seed(product, 0)), title="before"))
    rows = [
        {"title": "first", "brand": "first", "images": [rig.photo(f"{product}-1.png", _seed(product, 1))]},
        {"images": [rig.photo(f"{product}-2.png", _seed(product, 2))]},
    ]
    rig.send([{"id": product, **row} for row in rows], chunk_rows=1)


def _seed(product: str, photo: int) -> int:
    return int(product[1:]) * 10 + photo


def go_on(rig: VisionRig) -> None:
    for job in [job for job in rig.rows(jobs) if job.kind == "product" and job.state in OPEN]:
        handle(rig.vision, JobMessage(job.id, EMBED_WRITE.name).to_wire(), write.run)
    while rig.loop.once():
        pass


# What comes between: accepted, and done at once.


def delete(rig: VisionRig, product: str) -> None:
    with rig.db.write() as c:
        accept_delete(c, rig.db, index=live_index(c, TENANT, "default"), product_id=product)


def patch(rig: VisionRig, product: str) -> None:
    with rig.db.write() as c:
        index = live_index(c, TENANT, "default")
        later = {"title": "later"}
        accept_write(c, rig.db, index=index, product_id=product, attributes=later, wanted=None, replace=False)


def put_again(rig: VisionRig, product: str) -> None:
    later = rig.put(product, rig.photo(f"{product}-3.png", _seed(product, 3)), title="later")
    handle(rig.vision, JobMessage(later, EMBED_WRITE.name).to_wire(), write.run)


Step = Callable[[VisionRig, str], None]
Wanted = tuple[str | None, str | None, tuple[int, ...]] | None  # title, brand, photos; None: no product

Case = tuple[Step, Step, Wanted]

CASES: list[Case] = [
    (put, delete, None),
    (put, patch, ("later", "first", (1,))),
    (put, put_again, ("later", None, (3,))),
    (load, delete, None),
    (load, patch, ("later", "first", (1, 2))),
    (load, put_again, ("later", None, (3,))),
]


def steps_of(first: Step) -> list[str]:
    stories = ("write",) if first is put else ("plan", "chunk", "end")
    return [point for point in points_of(*stories) if not point.endswith(WITHIN)]


def goes_on(truth: Truth, first: Step, second: Step, point: str, product: str) -> None:
    """`first` up to the point, there `second`, and then the rest of `first`."""

    def between(reached: str) -> None:
        if reached == point:
            kill_points.reached = None
            second(rig, product)

    with truth.vision() as rig:
        first(rig, product)
        kill_points.reached = between
        go_on(rig)
        assert kill_points.reached is None, f"{point} is never reached"


def goes_on_at_each(truth: Truth, first: Step, second: Step) -> None:
    for number, point in enumerate(steps_of(first)):
        goes_on(truth, first, second, point, f"p{number}")


def begin(truth: Truth, first: Step, product: str) -> None:
    """By a process that dies of it."""
    with truth.vision() as rig:
        first(rig, product)
        go_on(rig)


def succeed(truth: Truth, second: Step, product: str) -> None:
    """`second`, and then the rest of what the dead process left."""
    with truth.vision() as rig:
        second(rig, product)
        truth.lapse()
        go_on(rig)


def check(truth: Truth, first: Step, wanted: Wanted) -> None:
    """The same for the product of each point."""
    ids = {f"p{number}": point for number, point in enumerate(steps_of(first))}
    with truth.db().read() as c:
        rows = {row.id: row for row in c.execute(select(products))}
        sources = list(c.execute(select(images.c.source).where(images.c.product_id.is_not(None))).scalars())
    assert rows.keys() == ids.keys()
    assert len(sources) == len(set(sources))
    for product, point in ids.items():
        row = rows[product]
        photos = tuple(sorted(int(s[-5]) for s in sources if s.startswith(f"{product}-")))
        held = (row.attributes.get("title"), row.attributes.get("brand"), photos)
        if wanted is None:
            assert row.deleted_no is not None, point
            assert photos == (), point
        else:
            assert held == wanted, (point, held)
    truth.check_jobs()
    truth.check_index(set() if wanted is None else set(ids))


def named(case: Case | str) -> str:
    return case if isinstance(case, str) else f"{case[1].__name__} during {case[0].__name__}"


@pytest.mark.parametrize("case", CASES, ids=named)
def test_what_is_accepted_between_two_steps_of_an_earlier_write_wins(truth: Truth, case: Case) -> None:
    first, second, wanted = case
    mortal.run(goes_on_at_each, truth, first, second)
    mortal.run(check, truth, first, wanted)


@pytest.mark.parametrize(
    ("database_url", "case"), each_on_some_database(CASES), indirect=["database_url"], ids=named
)
def test_what_is_accepted_before_a_successor_does_the_rest_wins(truth: Truth, case: Case) -> None:
    first, second, wanted = case
    for number, point in enumerate(steps_of(first)):
        assert mortal.dies_at(point, begin, truth, first, f"p{number}"), f"{point} is never reached"
        mortal.run(succeed, truth, second, f"p{number}")
    mortal.run(check, truth, first, wanted)
