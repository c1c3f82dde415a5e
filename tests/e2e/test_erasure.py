"""A product imported, deleted, and gone from every file, through every real process."""

from __future__ import annotations

import csv

import httpx
import pytest
from PIL import Image

from services.cli import importing
from tests.deployment import until
from tests.e2e.conftest import Shop

pytestmark = pytest.mark.xdist_group("shop")

TITLE = "A-title-that-nothing-else-has"


def files_with(shop: Shop, *needles: bytes) -> list[str]:
    """But for the list of what was erased."""
    files = [file for file in shop.stack.home.rglob("*") if file.is_file()]
    ours = [file for file in files if "/objects/erased/" not in str(file)]
    return [str(file) for file in ours if any(needle in file.read_bytes() for needle in needles)]


def test_a_deleted_product_is_gone_from_every_file_when_its_receipt_says_so(shop: Shop) -> None:
    photo = shop.sample.folder / "erased.png"
    Image.linear_gradient("L").resize((300, 300)).convert("RGB").rotate(77).save(photo)
    manifest = shop.sample.folder / "erased.csv"
    with manifest.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([["id", "title", "images"], ["erased-1", TITLE, photo.name]])
    assert importing.run(shop.client, manifest, quiet=True, base="")["state"] == "succeeded"
    shown = shop.client.get("/v1/products/erased-1")["images"][0]
    served = httpx.get(f"{shop.stack.url}/v1/images/{shown['id']}").raise_for_status().content
    assert files_with(shop, TITLE.encode())
    assert files_with(shop, served)

    receipt = shop.client.delete("/v1/products/erased-1")["receipt"]
    assert shop.client.get(receipt)["erased"] is None
    assert httpx.get(f"{shop.stack.url}/v1/products/erased-1").status_code == 404
    until(lambda: shop.client.get(receipt)["erased"], within=300, what="erased")
    assert files_with(shop, TITLE.encode(), served) == []
    assert shop.client.get(receipt)["subject"] is None
