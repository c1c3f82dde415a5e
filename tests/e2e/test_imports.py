"""Imports through the real pipeline: formats, bad rows, dry runs, replaces, and what is not done twice."""

import csv
import gzip
import http.server
import io
import json
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from services.cli import importing
from services.cli.client import Refused
from tests.deployment import client_of, deployed
from tests.e2e.conftest import Shop

pytestmark = pytest.mark.xdist_group("shop")


def run(shop: Shop, manifest: Path, **fields: object) -> dict:
    return importing.run(shop.client, manifest, quiet=True, **{"base": "", **fields})


def images_of(shop: Shop, count: int) -> list[str]:
    return sorted(
        p.relative_to(shop.sample.folder).as_posix() for p in (shop.sample.folder / "images").iterdir()
    )[:count]


def jsonl(path: Path, rows: list[dict]) -> Path:
    path.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return path


def errors(shop: Shop, job: dict) -> list[dict]:
    return [
        json.loads(line)
        for line in shop.client.bytes(f"/v1/imports/{job['id']}/errors").decode().splitlines()
    ]


def test_good_rows_never_wait_for_bad_ones_and_every_bad_row_is_told(shop: Shop, tmp_path: Path) -> None:
    image = images_of(shop, 1)[0]
    rows = [
        {"id": "ok-1", "title": "Good", "images": [image]},
        {"id": "", "title": "no id"},
        {"id": "bad-price", "price": "cheap", "currency": "EUR"},
        {"id": "bad-image", "images": ["images/none.jpg"]},
        {"id": "bad-path", "images": ["../secret.jpg"]},
        {"id": "bad-url", "images": ["http://127.0.0.1/x.jpg"]},
        {"id": "ok-2", "title": "=1+1", "images": [image]},
    ]
    job = run(shop, jsonl(tmp_path / "rows.jsonl", rows), catalog="mixed")
    assert job["state"] == "succeeded"
    assert (job["result"]["rows"], job["result"]["bad_rows"]) == (7, 5)
    told = {(e["line"], e["product_id"]): e["reason"] for e in errors(shop, job)}
    assert told == {
        (2, None): "missing_id",
        (3, "bad-price"): "bad_price",
        (4, "bad-image"): "file_missing",
        (5, "bad-path"): "bad_source",
        (6, "bad-url"): "url_blocked",
    }
    found = shop.client.get("/v1/products", catalog="mixed")["products"]
    assert {p["id"] for p in found} >= {"ok-1", "ok-2"}
    as_csv = shop.client.bytes(f"/v1/imports/{job['id']}/errors?format=csv").decode()
    assert len(list(csv.DictReader(io.StringIO(as_csv)))) == 5


def test_a_dry_run_counts_and_changes_nothing(shop: Shop, tmp_path: Path) -> None:
    rows = [{"id": "dry", "title": "x", "surprise": 1}, {"id": "", "title": "y"}]
    job = run(shop, jsonl(tmp_path / "dry.jsonl", rows), dry_run=True)
    counted = {"dry_run": True, "rows": 2, "bad_rows": 1, "ignored_columns": ["surprise"]}
    assert job["result"] == counted | {"errors_url": f"/v1/imports/{job['id']}/errors"}
    with pytest.raises(Refused, match="there is no product"):
        shop.client.get("/v1/products/dry")


def test_the_command_tells_of_a_dry_run_and_of_its_bad_rows(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"id": "dry", "title": "x", "surprise": 1}, {"id": "", "title": "y"}]
    importing.tell(shop.client, run(shop, jsonl(tmp_path / "dry.jsonl", rows), dry_run=True))
    importing.tell(shop.client, run(shop, jsonl(tmp_path / "good.jsonl", [{"id": "dry"}]), dry_run=True))
    said = capsys.readouterr()
    assert "dry_run" in said.out
    assert ("ignored columns: surprise" in said.err, "line 2: " in said.err) == (True, True)


def test_replace_deletes_what_no_row_names_but_not_what_a_bad_row_names(shop: Shop, tmp_path: Path) -> None:
    image = images_of(shop, 1)[0]
    first = [{"id": f"r{n}", "title": "t", "images": [image]} for n in range(12)]
    assert run(shop, jsonl(tmp_path / "a.jsonl", first), catalog="replaced")["state"] == "succeeded"
    second = [*first[:10], {"id": "r10", "price": "bad"}]
    job = run(shop, jsonl(tmp_path / "b.jsonl", second), catalog="replaced", mode="replace")
    assert (job["result"]["deleted"], job["result"]["replace_refused"]) == (1, False)
    left = {p["id"] for p in shop.client.get("/v1/products", catalog="replaced")["products"]}
    assert left == {f"r{n}" for n in range(11)}


def test_a_replace_with_many_bad_rows_deletes_nothing_unless_forced(shop: Shop, tmp_path: Path) -> None:
    rows = [{"id": f"f{n}", "title": "t"} for n in range(4)]
    run(shop, jsonl(tmp_path / "a.jsonl", rows), catalog="forced")
    bad = [rows[0], {"id": "f9", "price": "bad"}]
    manifest = jsonl(tmp_path / "b.jsonl", bad)
    refused = run(shop, manifest, catalog="forced", mode="replace")
    assert (refused["result"]["deleted"], refused["result"]["replace_refused"]) == (0, True)
    assert run(shop, manifest, catalog="forced", mode="replace", force=True)["result"]["deleted"] == 3


def test_a_replace_whose_manifest_is_cut_off_or_empty_deletes_nothing(shop: Shop, tmp_path: Path) -> None:
    # What does not repeat does not pack, so half of the packed file holds about half of the rows.
    rows = [{"id": f"cut-{n}", "title": sha256(str(n).encode()).hexdigest() * 4} for n in range(2000)]
    run(shop, jsonl(tmp_path / "all.jsonl", rows), catalog="cut")
    whole = gzip.compress((tmp_path / "all.jsonl").read_bytes())
    (tmp_path / "half.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    half = run(shop, tmp_path / "half.jsonl.gz", catalog="cut", mode="replace", force=True)
    assert (half["result"]["deleted"], half["result"]["replace_refused"]) == (0, True)
    assert 0 < half["result"]["rows"] < 2000
    (tmp_path / "none.csv").write_text("id,title\n")
    none = run(shop, tmp_path / "none.csv", catalog="cut", mode="replace")
    assert (none["result"]["deleted"], none["result"]["replace_refused"]) == (0, True)
    assert shop.client.get("/v1/catalogs/cut")["products"] == 2000


def test_csv_tsv_gzip_and_parquet_say_the_same(shop: Shop, tmp_path: Path) -> None:
    image = images_of(shop, 1)[0]
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    columns = {
        "id": ["a", "b"],
        "title": ["Eins", "二"],
        "price": ["1.00", "2.50"],
        "currency": ["EUR", "EUR"],
        "labels": ["x|y", ""],
        "images": [image, image],
    }
    lines = [list(columns), *map(list, zip(*columns.values(), strict=True))]
    (tmp_path / "m.csv").write_text("\r\n".join(",".join(line) for line in lines), encoding="utf-8-sig")
    (tmp_path / "m.tsv").write_text("\n".join("\t".join(line) for line in lines), encoding="utf-8")
    (tmp_path / "z.csv.gz").write_bytes(gzip.compress((tmp_path / "m.csv").read_bytes()))
    parquet.write_table(pyarrow.table(columns), tmp_path / "m.parquet")
    seen = []
    for number, name in enumerate(("m.csv", "m.tsv", "z.csv.gz", "m.parquet")):
        job = run(shop, tmp_path / name, catalog=f"format-{number}")
        if number:  # ids are a tenant's, so the first catalog keeps them
            assert {e["reason"] for e in errors(shop, job)} == {"catalog_fixed"}
            continue
        seen = shop.client.get("/v1/products", catalog="format-0")["products"]
    assert [(p["title"], p["price"]["amount"], p["labels"]) for p in seen] == [
        ("Eins", "1.00", ["x", "y"]),
        ("二", "2.50", []),
    ]


def test_rows_of_one_import_add_their_photos_up(shop: Shop, tmp_path: Path) -> None:
    one, two = images_of(shop, 2)
    rows = [{"id": "both", "title": "t", "images": [one]}, {"id": "both", "images": [two]}]
    run(shop, jsonl(tmp_path / "rows.jsonl", rows), catalog="sums")
    assert [i["source"] for i in shop.client.get("/v1/products/both", catalog="sums")["images"]] == [
        one,
        two,
    ]


def test_the_same_bytes_under_another_source_are_not_embedded_again(shop: Shop, tmp_path: Path) -> None:
    one = images_of(shop, 1)[0]
    rows = [{"id": "copy", "images": ["./" + one]}]
    job = run(shop, jsonl(tmp_path / "rows.jsonl", rows), catalog="default")
    assert (job["result"]["images"], job["result"]["embedded"]) == (1, 0)
    shop.client.delete("/v1/products/copy")


def test_a_new_image_version_asks_again(shop: Shop, tmp_path: Path) -> None:
    one = images_of(shop, 1)[0]
    rows = [{"id": "versioned", "images": [one], "image_version": "1"}]
    first = run(shop, jsonl(tmp_path / "a.jsonl", rows), catalog="versions")
    again = run(shop, jsonl(tmp_path / "a.jsonl", rows), catalog="versions")
    newer = run(shop, jsonl(tmp_path / "b.jsonl", [{**rows[0], "image_version": "2"}]), catalog="versions")
    assert [j["result"]["unchanged"] for j in (first, again)] == [1, 1] or first["result"]["embedded"] <= 1
    assert again["result"]["embedded"] == 0
    assert newer["result"]["images"] == 1
    assert len(shop.client.get("/v1/products/versioned", catalog="versions")["images"]) == 1


class _Host(http.server.BaseHTTPRequestHandler):
    """An image host that knows ETags and counts what it sends."""

    picture = b""
    sent: list[int]

    def do_GET(self) -> None:
        same = self.headers.get("If-None-Match") == '"v1"'
        self.server.sent.append(304 if same else 200)  # type: ignore[attr-defined] # the list of this test's server
        self.send_response(304 if same else 200)
        self.send_header("ETag", '"v1"')
        self.send_header("Content-Length", "0" if same else str(len(self.picture)))
        self.end_headers()
        if not same:
            self.wfile.write(self.picture)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def host(shop: Shop) -> Iterator[http.server.ThreadingHTTPServer]:
    picture = (shop.sample.folder / images_of(shop, 1)[0]).read_bytes()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Host", (_Host,), {"picture": picture}))
    server.sent = []  # type: ignore[attr-defined] # read by the handler
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_images_by_url_are_fetched_once_and_a_refresh_asks_whether_they_changed(
    shop: Shop, host: http.server.ThreadingHTTPServer, tmp_path: Path
) -> None:
    with deployed(tmp_path / "home", TUSOU_FETCH_PRIVATE="true") as stack:
        other = Shop(stack, client_of(stack), shop.sample, {})
        address = f"http://127.0.0.1:{host.server_address[1]}/a.jpg"
        manifest = jsonl(tmp_path / "urls.jsonl", [{"id": "u", "title": "t", "images": [address]}])
        first = run(other, manifest)
        assert (first["result"]["embedded"], first["result"]["bad_rows"]) == (1, 0), first
        assert run(other, manifest)["result"]["unchanged"] == 1
        assert host.sent == [200]  # type: ignore[attr-defined] # see the fixture
        refreshed = run(other, manifest, refresh=True)
        assert refreshed["result"]["embedded"] == 0
        assert host.sent == [200, 304]  # type: ignore[attr-defined] # see the fixture
