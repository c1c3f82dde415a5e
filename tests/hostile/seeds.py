"""What a shop holds after some use: jobs of every kind in every state, and all that their answers lead to."""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sqlalchemy import update

from shared.db.engine import now
from shared.db.tables import erasures, images
from shared.jobs.job import State, failure
from shared.topology import EMBED_WRITE, EXPLAIN
from tests.hostile.images.broken import broken
from tests.hostile.shop import Shop
from tests.vision_rig import picture
from workers.vision import explain, write

Seeds = dict[str, list[Any]]  # by the name of a parameter, values of it that exist


def sow(shop: Shop) -> Seeds:
    """All of it through the API, and through the workers' own stories wherever they tell it."""
    (shop.vision.folder / "b.png").write_bytes(picture(5))
    rows = [{"id": "known", "images": ["a.png"]}]
    rows += [{"id": f"gone-{n}", "images": ["b.png"]} for n in range(2)]
    jobs = _imports(shop, rows) | _writes(shop) | _trainings(shop)
    shop.indexer.catch_up()
    jobs |= _searches(shop)
    deleted = [shop.send("DELETE", f"/v1/products/gone-{n}") for n in range(2)]
    purged = shop.send("DELETE", f"/v1/jobs/{jobs['search purged']}?purge=true")
    receipts = [*(told["receipt"].rpartition("/")[2] for told in deleted), purged["id"]]
    with shop.gateway.db.write() as c:
        c.execute(update(erasures).where(erasures.c.id == receipts[1]).values(erased_at=now()))

    done = shop.send("GET", f"/v1/jobs/{jobs['search succeeded']}")["result"]
    hit = done["items"][0]["hits"][0]
    why = f"/v1/jobs/{jobs['search succeeded']}/explanations/1"
    jobs["explanation"] = shop.send("GET", why)["id"]
    shop.work(jobs["explanation"], EXPLAIN, explain.run)
    addresses = (hit["image_url"], shop.send("GET", why)["query_url"])
    kept = {row.state: row.id for row in shop.gateway.rows(images)}
    assert kept.keys() == {"new", "ready", "rejected"}
    return {
        "job_id": list(jobs.values()),
        "receipt_id": receipts,
        "image_id": list(kept.values()),
        "product_id": ["known", "gone-0"],
        "catalog": ["default"],
        "hit": [1],
        "item": [0],
        "sig": [parse_qs(urlsplit(address).query)["sig"][0] for address in addresses],
        "min_version": [done["index"]["version"]],
    }


def _searches(shop: Shop) -> dict[str, str]:
    made = {
        "succeeded": shop.search(picture(1), explain=True),
        "rejected": shop.search(broken()["jpeg without a scan"]),
        "purged": shop.search(picture(2)),
        "queued": _posted(shop.gateway.search(headers=shop.key)),
        "failed": _posted(shop.gateway.search(headers=shop.key)),
        "cancelled": _posted(shop.gateway.search(headers=shop.key)),
        "past": _posted(shop.gateway.search(headers=shop.key)),
    }
    lost = failure("worker_lost", "its worker was lost three times", retryable=True)
    shop.gateway.finish(made["failed"]["id"], State.FAILED, error=lost)
    shop.gateway.finish(made["past"]["id"], State.FAILED, error=lost, expires_at=now() - 1)
    shop.send("DELETE", f"/v1/jobs/{made['cancelled']['id']}")
    return _told(shop, "search", made)


def _imports(shop: Shop, rows: list[dict[str, Any]]) -> dict[str, str]:
    bad = [{"id": "bad", "price": "cheap"}, {"id": "", "title": "nobody"}]
    unreadable = shop.load(b"\x1f\x8bno gzip", "rows.csv.gz")
    made = {
        "succeeded": shop.load("\n".join(map(json.dumps, rows + bad)).encode(), "rows.jsonl"),
        "dry": shop.load(b"id,title\n1,One\n", "rows.csv", dry_run="true"),
        "failed": unreadable,
        "queued": _posted(shop.gateway.send_manifest(headers=shop.key)),
    }
    assert (made["succeeded"]["result"]["bad_rows"], unreadable["state"]) == (2, "failed")
    return _told(shop, "import", made)


def _writes(shop: Shop) -> dict[str, str]:
    made = {}
    for state in ("succeeded", "queued"):
        image = shop.send("POST", "/v1/images", data={"image": (io.BytesIO(picture(4)), "a.png")})["id"]
        body = {"title": "One", "images": [f"upload:{image}"]}
        made[state] = shop.send("PUT", f"/v1/products/written-{state}", json=body)
    shop.work(made["succeeded"]["id"], EMBED_WRITE, write.run)
    return _told(shop, "product", made)


def _trainings(shop: Shop) -> dict[str, str]:
    made = {}
    for state in (State.QUEUED, State.SUCCEEDED, State.FAILED):
        body = {"name": f"of-{state.value}", "recipe": "metric"}
        made[state.value] = shop.send("POST", "/v1/trainings", json=body)
    curve = [{"epoch": 0, "loss": 1.5, "validation": {"accuracy": 0.5}, "seconds": 2.0}]
    ends = {
        "succeeded": {"result": {"model": "of-succeeded@1"}},
        "failed": {"error": failure("internal", "an unexpected error", retryable=True)},
    }
    for state, end in ends.items():
        shop.gateway.finish(made[state]["id"], State(state), progress={"epoch": 1, "curve": curve}, **end)
    return _told(shop, "training", made)


def _posted(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 202, answer.text
    return dict(answer.json)


def _told(shop: Shop, kind: str, made: dict[str, dict[str, Any]]) -> dict[str, str]:
    """Ids by kind and state, which are the states that they have now."""
    for state, job in made.items():
        if state in [*State]:
            found = shop.send("GET", f"/v1/jobs/{job['id']}")
            assert found["state"] == state, found
    return {f"{kind} {state}": job["id"] for state, job in made.items()}
