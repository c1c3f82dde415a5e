"""What workers are told of a search comes out of the database as it went in."""

import json

import pytest

from shared.catalog.filters import Filters
from shared.jobs.search_request import PhotoKind, PhotoOf, SearchRequest

PLAIN = SearchRequest(PhotoOf(PhotoKind.URL, "https://shop.example/a.jpg"), limit=10)
FULL = SearchRequest(
    PhotoOf(PhotoKind.UPLOAD, "i", came_along=True),
    limit=3,
    crop=(0.1, 0.2, 0.8, 0.9),
    filters=Filters(category=("shoe", "dress"), price_max=50.0, currency="EUR"),
    min_score=-0.5,
    group_by="image",
    exclude_images=("x",),
    exclude_products=("a/1", "b"),
    min_version="v",
    store=False,
)


@pytest.mark.parametrize("asked", [PLAIN, FULL])
def test_a_request_survives_json(asked: SearchRequest) -> None:
    assert SearchRequest.from_json(json.loads(json.dumps(asked.to_json()))) == asked


def test_a_lost_field_is_no_default() -> None:
    """A request without its photo is trouble, not a search for nothing."""
    body = PLAIN.to_json()
    del body["photo"]
    with pytest.raises(KeyError):
        SearchRequest.from_json(body)
