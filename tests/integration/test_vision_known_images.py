"""Bytes that the catalogue has, while what is stored of them cannot be read."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from shared.db.tables import images, row_errors
from shared.errors import StoreUnavailable
from tests.vision_rig import VisionRig


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[VisionRig]:
    rig = VisionRig(tmp_path)
    yield rig
    rig.close()


@pytest.mark.parametrize("lost", ["picture", "picture's bytes", "vector", "segment"])
def test_a_known_image_that_cannot_be_read_is_embedded_from_the_bytes_in_hand(
    rig: VisionRig, lost: str
) -> None:
    rig.import_all([{"id": "p", "images": [rig.photo("a.png", 1)]}])
    (known,) = rig.rows(images)
    damage(rig, known, lost)
    rig.plan([{"id": "q", "images": [rig.photo("b.png", 1)]}])
    assert rig.run_chunk() == {"rows": 1, "embedded": 1, "bad": 0}
    assert rig.rows(row_errors) == []


def damage(rig: VisionRig, known: Any, what: str) -> None:
    if what == "picture":
        rig.store.delete(known.normalised)
    elif what == "picture's bytes":
        rig.store.delete(known.normalised)
        rig.store.put(known.normalised, b"other bytes")
    elif what == "vector":
        with rig.db.write() as c:
            c.execute(update(images).values(segment_row=7))
    else:
        rig.store.delete(known.segment)


def test_a_store_that_is_away_while_a_known_image_is_read_is_no_fault_of_the_row(
    rig: VisionRig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.import_all([{"id": "p", "images": [rig.photo("a.png", 1)]}])
    get = rig.store.get

    def away_for_pictures(name: str, **recorded: Any) -> bytes:
        if name.startswith("images/"):
            raise StoreUnavailable("away")
        return get(name, **recorded)

    rig.plan([{"id": "q", "images": [rig.photo("b.png", 1)]}])
    monkeypatch.setattr(rig.store, "get", away_for_pictures)
    with pytest.raises(StoreUnavailable):
        rig.run_chunk()
    assert rig.rows(row_errors) == []
