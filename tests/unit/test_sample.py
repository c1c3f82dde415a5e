"""The sample catalogue is complete, the same for every seed, and good enough to search with."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageStat

from services.cli.sample import painters
from services.cli.sample.catalog import Sample, write_sample
from services.cli.sample.manifest import COLUMNS
from services.cli.sample.products import products
from services.cli.sample.shapes.registry import SHAPES

PRODUCTS = 24


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    return write_sample(tmp_path_factory.mktemp("sample"), products=PRODUCTS)


@pytest.fixture(scope="module")
def rows(sample: Sample) -> list[dict[str, str]]:
    with sample.manifest.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def files_of(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def paint_with(monkeypatch: pytest.MonkeyPatch, processes: int) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: processes)
    monkeypatch.setattr(painters, "_WORTH_A_PAINTER", 1)


def test_two_painters_write_the_same_bytes_as_one(
    sample: Sample, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the order of drawing nor the process that draws shows in any file."""
    paint_with(monkeypatch, 2)
    write_sample(tmp_path, products=PRODUCTS)
    again, before = files_of(tmp_path), files_of(sample.folder)
    assert sorted(again) == sorted(before)
    assert [name for name in again if again[name] != before[name]] == []


def test_another_seed_draws_another_catalogue(sample: Sample, tmp_path: Path) -> None:
    write_sample(tmp_path, seed=8, products=1)
    name = "images/MUG-001-1.jpg"
    assert (tmp_path / name).read_bytes() != (sample.folder / name).read_bytes()


def test_a_smaller_catalogue_is_the_beginning_of_a_larger_one() -> None:
    assert list(products(7, 30)) == list(products(7, 240))[:30]


def test_the_manifest_names_every_image_and_no_other(sample: Sample, rows: list[dict[str, str]]) -> None:
    named = [image for row in rows for image in row["images"].split("|")]
    assert sorted(named) == sorted(f"images/{path.name}" for path in (sample.folder / "images").iterdir())
    assert len(set(named)) == len(named)


def test_the_manifest_has_a_row_for_each_product(rows: list[dict[str, str]]) -> None:
    assert tuple(rows[0]) == COLUMNS
    assert len({row["id"] for row in rows}) == PRODUCTS
    for row in rows:
        assert float(row["price"]) > 0
        assert 1 <= float(row["rating"]) <= 5
        assert int(row["rating_count"]) >= 0
        assert 1 <= len(row["images"].split("|")) <= 3
        assert row["color"] in row["title"]
        assert all(row[name] for name in COLUMNS if name != "labels")


def test_every_category_is_present(rows: list[dict[str, str]]) -> None:
    assert len(SHAPES) == 12
    assert {row["category"] for row in rows} == {shape.category for shape in SHAPES}


def test_queries_show_products_of_every_category(sample: Sample, rows: list[dict[str, str]]) -> None:
    categories = {row["id"]: row["category"] for row in rows}
    assert {query.category for query in sample.queries} == set(categories.values())
    for query in sample.queries:
        assert categories[query.product_id] == query.category
        assert (sample.folder / query.file).is_file()
    stored = json.loads((sample.folder / "queries.json").read_text(encoding="utf-8"))
    assert [row["file"] for row in stored] == [query.file for query in sample.queries]


def test_shop_pictures_are_light_squares_with_something_on_them(sample: Sample) -> None:
    for path in (sample.folder / "images").iterdir():
        with Image.open(path) as image:
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (480, 480))
            luma = ImageStat.Stat(image.convert("L"))
        assert luma.mean[0] > 90, path.name
        assert luma.stddev[0] > 12, path.name


def test_query_photos_are_upright_and_well_exposed(sample: Sample) -> None:
    """A quality gate that refuses only bad photos lets every one of them pass."""
    for query in sample.queries:
        with Image.open(sample.folder / query.file) as image:
            assert image.size == (900, 1200)
            luma = ImageStat.Stat(image.convert("L"))
        assert 70 < luma.mean[0] < 215, query.file
        assert luma.stddev[0] > 15, query.file


def test_a_photo_is_not_its_products_shop_picture(sample: Sample) -> None:
    """Its background is its own: the corners differ from the studio's pale ones."""
    query = sample.queries[0]
    with (
        Image.open(sample.folder / query.file) as photo,
        Image.open(sample.folder / f"images/{query.product_id}-1.jpg") as shot,
    ):
        photo_corner = ImageStat.Stat(photo.crop((0, 0, 90, 90))).mean
        shot_corner = ImageStat.Stat(shot.crop((0, 0, 48, 48))).mean
    assert max(abs(a - b) for a, b in zip(photo_corner, shot_corner, strict=True)) > 10


def test_products_of_one_category_differ_in_colour_cut_or_pattern() -> None:
    looks = [(p.category, p.color, p.design.cut, p.design.pattern) for p in products(7, 240)]
    assert len(set(looks)) == 240


def test_progress_counts_to_the_number_of_products(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    write_sample(tmp_path, products=3, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_a_complete_folder_is_not_drawn_again(sample: Sample) -> None:
    drawn: list[int] = []
    again = write_sample(sample.folder, products=PRODUCTS, progress=lambda done, of: drawn.append(done))
    assert again == sample
    assert drawn == []


def test_a_folder_left_half_written_is_drawn_again(tmp_path: Path) -> None:
    """Given a call that was interrupted, the next one starts anew instead of trusting what lies there."""
    with pytest.raises(KeyboardInterrupt):
        write_sample(tmp_path, products=2, progress=_interrupt)
    write_sample(tmp_path, products=2)
    assert (tmp_path / "products.csv").is_file()
    assert len(list((tmp_path / "images").iterdir())) >= 2


def test_another_size_replaces_what_the_folder_held(tmp_path: Path) -> None:
    write_sample(tmp_path, products=2)
    sample = write_sample(tmp_path, products=1)
    assert len(sample.manifest.read_text(encoding="utf-8").splitlines()) == 2
    assert len(sample.queries) == 1


def test_an_empty_catalogue_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least one"):
        write_sample(tmp_path, products=0)


def test_a_painter_that_fails_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    paint_with(monkeypatch, 2)
    with pytest.raises(RuntimeError, match="status 1"):
        list(painters.paint_all(tmp_path / "missing", 7, 4))
    assert "FileNotFoundError" in capfd.readouterr().err


def test_no_painter_outlives_an_interrupted_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paint_with(monkeypatch, 2)
    started: list[subprocess.Popen[bytes]] = []

    class Recorded(subprocess.Popen[bytes]):
        def __init__(self, *args: object, **kwargs: object) -> None:
            super().__init__(*args, **kwargs)  # type: ignore[call-overload]  # passed through as they came
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Recorded)
    with pytest.raises(KeyboardInterrupt):
        write_sample(tmp_path, products=240, progress=_interrupt)
    assert len(started) == 2
    assert all(painter.returncode is not None for painter in started)


def test_drawing_needs_neither_numpy_nor_torch() -> None:
    """The base install has neither."""
    code = "import services.cli.sample.catalog, sys; sys.exit(bool({'numpy', 'torch'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _interrupt(done: int, of: int) -> None:
    raise KeyboardInterrupt
