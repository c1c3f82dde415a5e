"""A shop under fire: writers and searchers that go on until told, and note what they were promised.

Writers own products, each its own, so that the order of acceptance is known; what is not acknowledged is
sent again as it was, until it is. Whoever hears of a visible write looks for it at that version.
"""

from __future__ import annotations

import itertools
import json
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.faults.journal import Journal, Standing, Write, standing
from tests.faults.shop import photo
from tests.faults.till import Till, hits_of

PRODUCTS_EACH = 40
ROWS_OF_AN_IMPORT = 10
CURRENCY = "EUR"
VISIBLE_WITHIN_S = 60.0

_OPERATIONS = (("put", 8), ("keep", 3), ("patch", 4), ("delete", 3), ("load", 1))


def source_of(number: int) -> str:
    return f"photo-{number}.png"


class Writer:
    """One thread's products: `w<number>-<n>`."""

    def __init__(self, number: int, seed: int, till: Till, journal: Journal, folder: Path) -> None:
        self._till = till
        self._journal = journal
        self._folder = folder
        self._chance = random.Random(f"{seed}/{number}")
        self._ids = [f"w{number}-{n}" for n in range(PRODUCTS_EACH)]
        self._photos = itertools.count(number * 1_000_000)
        self._prices = itertools.count(1)
        self._keys = (f"{seed}-{number}-{n}" for n in itertools.count())
        self._arriving: dict[str, str] = {}  # product that an import makes → its job

    def once(self) -> None:
        """One write, and often a look whether it can be found."""
        names, weights = zip(*_OPERATIONS, strict=True)
        getattr(self, self._chance.choices(names, weights)[0])(self._chance.choice(self._ids))

    def put(self, product_id: str) -> None:
        self._put(product_id, [self._new_photo(product_id) for _ in range(self._chance.randint(1, 2))])

    def keep(self, product_id: str) -> None:
        """Some of the photos that it has, and a new one."""
        held = self._standing(product_id)
        kept = [n for n in sorted(held.photos) if self._chance.random() < 0.5] if held else []
        self._put(product_id, [*kept, self._new_photo(product_id)])

    def _put(self, product_id: str, photos: list[int]) -> None:
        attributes = self._attributes(product_id)
        body = {**attributes, "images": [source_of(n) for n in photos]}
        answer = self._till.until_taken("PUT", f"/v1/products/{product_id}", json=body)
        self._journal.wrote(product_id, Write(attributes, tuple(photos), whole=True))
        self._arriving.pop(product_id, None)
        if answer.status == 200:
            self._look(product_id, answer.body["version"], photos[-1], there=True)
            return
        self._journal.promised(answer.body["id"], "product")
        if self._chance.random() < 0.3:
            self._look_once_done(product_id, answer.body["id"], photos[-1])

    def patch(self, product_id: str) -> None:
        """The price alone."""
        if self._there(product_id) is None:
            return
        price = {"price": self._price()}
        self._till.until_taken("PATCH", f"/v1/products/{product_id}", json=price)
        self._journal.wrote(product_id, Write(price))

    def delete(self, product_id: str) -> None:
        held = self._there(product_id)
        if held is None:
            return
        path = f"/v1/products/{product_id}"
        answer = self._till.until_taken("DELETE", path, also=(404,))
        if answer.status == 404 and answer.tries == 1:
            self._journal.fault("missing", f"{product_id} was acknowledged, and its delete found nothing")
        self._journal.wrote(product_id, Write(None))
        if answer.status == 200 and held.photos:
            self._look(product_id, answer.body["version"], max(held.photos), there=False)

    def load(self, _: str) -> None:
        """An import of some of our products; it goes on while we do."""
        rows = {}
        for product_id in self._chance.sample(self._ids, ROWS_OF_AN_IMPORT):
            rows[product_id] = (self._attributes(product_id), self._new_photo(product_id))
        lines = [
            json.dumps({"id": product_id, **attributes, "images": [source_of(n)]})
            for product_id, (attributes, n) in rows.items()
        ]
        key = next(self._keys)
        files = {"manifest": ("m.jsonl", "\n".join(lines))}
        answer = self._till.until_taken("POST", "/v1/imports", files=files, key=key)
        for product_id, (attributes, n) in rows.items():
            if self._standing(product_id) is None:
                self._arriving[product_id] = answer.body["id"]
            self._journal.wrote(product_id, Write(attributes, (n,)))
        self._journal.promised(answer.body["id"], "import", key)

    def _standing(self, product_id: str) -> Standing | None:
        return standing(self._journal.writes.get(product_id, []))

    def _there(self, product_id: str) -> Standing | None:
        """None also while an import that makes the product has not come to it: it is not found until then."""
        job_id = self._arriving.get(product_id)
        if job_id is not None and self._till.end(job_id, VISIBLE_WITHIN_S) is None:
            return None
        self._arriving.pop(product_id, None)
        return self._standing(product_id)

    def _look_once_done(self, product_id: str, job_id: str, number: int) -> None:
        job = self._till.end(job_id, VISIBLE_WITHIN_S)
        if job is not None and job["state"] == "succeeded":
            self._look(product_id, job["result"]["version"], number, there=True)

    def _look(self, product_id: str, version: str, number: int, *, there: bool) -> None:
        """Read what was written. Nothing of this product was accepted since: it has no other writer."""
        job = self._till.search(photo(number), min_version=version)
        if job is None:
            return
        found = {hit["product"]["id"] for hit in hits_of(job)}
        if there == (product_id in found):
            return
        what = f"{product_id} by photo {number}: job {job['id']}, version {version}"
        self._journal.fault("missing" if there else "phantom", what)

    def _attributes(self, product_id: str) -> dict[str, Any]:
        return {"title": f"{product_id} {next(self._prices)}", "price": self._price()}

    def _price(self) -> dict[str, str]:
        return {"amount": f"{next(self._prices)}.50", "currency": CURRENCY}

    def _new_photo(self, product_id: str) -> int:
        number = next(self._photos)
        (self._folder / source_of(number)).write_bytes(photo(number))
        self._journal.will_show(number, product_id)
        return number


class Searcher:
    """Searches for photos that were shown to the shop at any time, and judges no answer but its form."""

    def __init__(self, number: int, seed: int, till: Till, journal: Journal) -> None:
        self._till = till
        self._journal = journal
        self._chance = random.Random(f"{seed}/searcher/{number}")
        self._keys = (f"{seed}-search-{number}-{n}" for n in itertools.count())

    def once(self) -> None:
        with self._journal.lock:
            shown = list(self._journal.photo_of)
        if not shown:
            return
        number = self._chance.choice(shown)
        key = next(self._keys)
        answer = self._till.until_taken("POST", "/v1/searches", files={"image": photo(number)}, key=key)
        self._journal.promised(answer.body["id"], "search", key)
        if self._chance.random() < 0.1:  # once more with the same key: the same job
            again = self._till.until_taken("POST", "/v1/searches", files={"image": photo(number)}, key=key)
            self._journal.promised(again.body["id"], "search", key)


@contextmanager
def under_way(actors: list[Writer | Searcher], journal: Journal, *, pause_s: float) -> Iterator[None]:
    """Each actor on a thread of its own, until the block ends and what it began has been acknowledged."""
    over = threading.Event()
    broken: list[BaseException] = []

    def go_on(once: Callable[[], None]) -> None:
        try:
            while not over.wait(pause_s):
                once()
        except BaseException as error:
            broken.append(error)
            raise

    threads = [threading.Thread(target=go_on, args=(actor.once,), daemon=True) for actor in actors]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        over.set()
    for thread in threads:
        thread.join()
    if broken:
        raise broken[0]
