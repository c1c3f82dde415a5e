"""The end of a soak: what the shop holds, compared with what was acknowledged.

The index itself is asked: a search for every photo that was ever shown, and the rows that each index worker
says it holds. SQL is looked at through the API only.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from tests.faults.journal import Journal, Standing
from tests.faults.shop import OPEN, photo
from tests.faults.till import Till, hits_of
from tests.faults.traffic import source_of

AT_ONCE = 4
SEARCH_TRIES = 5
JOBS_WITHIN_S = 180.0
RETRIES = 3
TOLD_WITHIN_S = 15.0  # an index worker tells every two seconds how its shards stand

T = TypeVar("T")


def _each(items: Iterable[T], look: Callable[[T], None]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(look, items))


class Reckoning:
    def __init__(self, till: Till, journal: Journal) -> None:
        self._till = till
        self._journal = journal
        self.unfinished: list[str] = []
        self.ends: Counter[str] = Counter()

    def jobs(self) -> None:
        """Every acknowledged job is final; a write or an import that failed is retried, as a shop would."""
        _each(list(self._journal.jobs.items()), lambda job: self._job(*job))

    def _job(self, job_id: str, kind: str) -> None:
        job = self._till.end(job_id, JOBS_WITHIN_S)
        for _ in range(RETRIES):
            if job is None or job["state"] != "failed" or kind == "search" or not job["error"]["retryable"]:
                break
            self.ends[f"{kind} retried"] += 1
            self._till.until_taken("POST", f"/v1/jobs/{job_id}:retry")
            job = self._till.end(job_id, JOBS_WITHIN_S)
        state = "open" if job is None else str(job["state"])
        self.ends[f"{kind} {state}"] += 1
        if job is None or state in (*OPEN, "gone"):
            self.unfinished.append(f"{kind} {job_id}: {state}")
        elif kind != "search" and state != "succeeded":
            self._journal.fault("missing", f"{kind} {job_id} {state}: {job['error'] or job['reasons']}")
        elif kind == "import" and job["result"]["bad_rows"]:
            self._journal.fault("missing", f"rows of import {job_id}: {job['result']}")

    def products(self) -> None:
        """Attributes and photos of each product, as the API tells them."""
        living = self._journal.living()
        _each(living.items(), lambda product: self._product(*product))
        listed = self._listed()
        for product_id in listed - living.keys():
            self._journal.fault("phantom", f"product {product_id} is listed")
        for product_id in living.keys() - listed:
            self._journal.fault("missing", f"product {product_id} is not listed")

    def _product(self, product_id: str, stands: Standing) -> None:
        answer = self._till.until_taken("GET", f"/v1/products/{product_id}", also=(404,))
        if answer.status == 404:
            self._journal.fault("missing", f"product {product_id}")
            return
        told = {name: answer.body[name] for name in stands.attributes}
        if told != stands.attributes:
            self._journal.fault("missing", f"{product_id}: {told}, not {stands.attributes}")
        sources = [image["source"] for image in answer.body["images"]]
        self._compare(f"photos of {product_id}", sources, {source_of(n) for n in stands.photos})

    def _listed(self) -> set[str]:
        found: set[str] = set()
        after = ""
        while True:
            page = self._till.until_taken("GET", f"/v1/products?limit=100{after}").body
            ids = [product["id"] for product in page["products"]]
            self._compare("products listed twice", ids, set(ids))
            found |= set(ids)
            if page["next"] is None:
                return found
            after = f"&after={page['next']}"

    def found(self) -> None:
        """Every photo of a living product is found, once, and its product is shown as it is."""
        living = self._journal.living()
        wanted = [(n, product_id) for product_id, stands in living.items() for n in stands.photos]
        _each(wanted, lambda one: self._found(*one, living))

    def _found(self, number: int, product_id: str, living: dict[str, Standing]) -> None:
        hits = self._hits(number)
        self._compare(f"photo {number} in the index", [hit["product"]["id"] for hit in hits], {product_id})
        for hit in hits:
            shown = {name: hit["product"][name] for name in living[product_id].attributes}
            if hit["product"]["id"] == product_id and shown != living[product_id].attributes:
                self._journal.fault("malformed", f"photo {number} shows {shown}")

    def not_found(self) -> None:
        """No photo that was replaced or deleted is found."""
        _each(sorted(self._journal.stale_photos()), self._not_found)

    def _not_found(self, number: int) -> None:
        products = [hit["product"]["id"] for hit in self._hits(number)]
        self._compare(f"stale photo {number} in the index", products, ())

    def _hits(self, number: int) -> list[dict[str, Any]]:
        job = self._till.search(photo(number), tries=SEARCH_TRIES)
        if job is None:
            self._journal.fault("missing", f"an answer to photo {number}, {SEARCH_TRIES} times")
            return []
        return hits_of(job)

    def rows(self) -> None:
        """Each index worker holds as many rows as there are photos of living products."""
        wanted = sum(len(stands.photos) for stands in self._journal.living().values())
        deadline = time.monotonic() + TOLD_WITHIN_S
        while set((held := self.rows_held()).values()) != {wanted} and time.monotonic() < deadline:
            time.sleep(0.5)
        if not held:
            self._journal.fault("missing", "an index worker that tells what it holds")
        for process, rows in held.items():
            what = f"{process} holds {rows} rows, of {wanted} photos"
            if rows != wanted:
                self._journal.fault("missing" if rows < wanted else "duplicate", what)

    def rows_held(self) -> dict[str, int]:
        held: Counter[str] = Counter()
        for index in self._till.until_taken("GET", "/v1/index").body["indexes"]:
            for shard in index["shards"]:
                for replica in shard["replicas"]:
                    held[replica["process"]] += (replica["state"] or {}).get("rows", 0)
        return dict(held)

    def _compare(self, what: str, told: list[str], wanted: Collection[str]) -> None:
        for one, count in Counter(told).items():
            if one not in wanted:
                self._journal.fault("phantom", f"{what}: {one}")
            elif count > 1:
                self._journal.fault("duplicate", f"{what}: {one}, {count} times")
        for one in set(wanted) - set(told):
            self._journal.fault("missing", f"{what}: {one}")
