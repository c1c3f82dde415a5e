"""Where labelled pictures come from: each reader, and parts that nothing leaks between."""

from __future__ import annotations

import gzip
import io
import json
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shared.errors import InvalidRequest, TusouError
from tests.trainer_rig import examples, jpeg
from workers.trainer.data.catalogue import read_catalogue
from workers.trainer.data.digits import examples_of
from workers.trainer.data.example import Example
from workers.trainer.data.folder import read_folder
from workers.trainer.data.idx import read_idx
from workers.trainer.data.parts import make_parts
from workers.trainer.data.picture import open_picture
from workers.trainer.data.pixel_csv import read_pixel_csv
from workers.trainer.data.read import read_data
from workers.trainer.data.split import Shares, split

RED, BLUE = (200, 10, 10), (10, 10, 200)


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _colours(count: int) -> list[tuple[int, int, int]]:
    return [(7 * n % 256, 11 * n % 256, 13 * n % 256) for n in range(count)]


@given(groups=st.integers(2, 40), group_of=st.integers(1, 3), seed=st.integers(0, 5))
@settings(deadline=None, max_examples=30)
def test_no_group_stands_in_two_parts(groups: int, group_of: int, seed: int) -> None:
    given = examples(3, groups, group_of=group_of)

    parts = split(given, Shares(0.2, 0.2), seed)

    assert sorted(map(id, given)) == sorted(id(e) for part in parts for e in part)
    kinds = [{e.group for e in part} for part in parts]
    assert sum(map(len, kinds)) == len({e.group for e in given})


def test_a_split_does_not_depend_on_the_order_of_the_files() -> None:
    given = examples(3, 20)

    once, again = split(given, Shares(), 7), split(given[::-1], Shares(), 7)

    assert [{e.group for e in p} for p in once] == [{e.group for e in p} for p in again]


def test_small_labels_share_what_none_of_them_could_give_alone() -> None:
    """Twenty categories of five: a tenth is ten pictures, though no category has a tenth to spare."""
    train, validation, test = split(examples(20, 5), Shares(0.1, 0.1), 0)

    assert (len(train), len(validation), len(test)) == (80, 10, 10)
    assert {e.label for e in train} == {f"bar {n}" for n in range(20)}


def test_byte_identical_pictures_of_two_products_stand_in_one_part() -> None:
    """Else what is tested was learnt from."""
    given = [Example(bytes([n // 2]), "a", f"product {n}") for n in range(40)]

    parts = split(given, Shares(0.25, 0.25), 0)

    seen = [{e.image for e in part} for part in parts]
    assert all(seen)
    assert len(set.union(*seen)) == sum(map(len, seen)), "no picture stands in two of them"


def test_another_seed_splits_otherwise() -> None:
    given = examples(3, 20)
    assert [e.group for e in split(given, Shares(), 1)[2]] != [e.group for e in split(given, Shares(), 2)[2]]


def test_each_label_is_split_by_the_same_shares() -> None:
    train, validation, test = split(examples(3, 20), Shares(0.2, 0.1), 0)

    for label in ("bar 0", "bar 1", "bar 2"):
        assert [sum(e.label == label for e in part) for part in (train, validation, test)] == [14, 4, 2]


def test_a_label_of_few_pictures_is_learnt_from() -> None:
    train, validation, test = split(examples(2, 3), Shares(), 0)
    assert (len(train), len(validation), len(test)) == (6, 0, 0)


@pytest.mark.parametrize(
    ("validation", "test"), [(0.5, 0.5), (-0.1, 0.1), (float("nan"), 0.1), (0.1, float("nan"))]
)
def test_shares_that_leave_nothing_are_refused(validation: float, test: float) -> None:
    with pytest.raises(InvalidRequest, match="something to learn from"):
        Shares(validation, test)


def test_a_folder_of_classes_is_split(tmp_path: Path) -> None:
    for n, colour in enumerate(_colours(20)):
        _write(tmp_path / "odd" / f"{n}.jpg", jpeg(colour))
        _write(tmp_path / "even" / "deeper" / f"{n}.jpg", jpeg(colour[::-1], (50, 50)))

    parts = read_folder(tmp_path)

    assert parts.labels == ("even", "odd")
    assert (len(parts.train), len(parts.validation), len(parts.test)) == (32, 4, 4)


def test_parts_that_a_folder_brings_are_taken_and_the_rest_split_off(tmp_path: Path) -> None:
    for part, count in (("train", 20), ("test", 3)):
        for n, colour in enumerate(_colours(count)):
            _write(tmp_path / part / "a" / f"{n}.jpg", jpeg(colour))
            _write(tmp_path / part / "b" / f"{n}.jpg", jpeg(colour, (50, 50)))

    parts = read_folder(tmp_path)

    assert (len(parts.train), len(parts.validation), len(parts.test)) == (36, 4, 6)
    assert all("test" in e.image.parts for e in parts.test if isinstance(e.image, Path))


def test_byte_identical_copies_are_one_group(tmp_path: Path) -> None:
    for label, n in (("a", 1), ("a", 2), ("b", 1)):
        _write(tmp_path / label / f"{n}.jpg", jpeg(RED if label == "a" else BLUE))

    assert len({(e.label, e.group) for e in read_folder(tmp_path).train}) == 2


def test_what_is_no_picture_is_left_out_with_the_reason(tmp_path: Path) -> None:
    _write(tmp_path / "a" / "1.jpg", jpeg(RED))
    _write(tmp_path / "b" / "1.jpg", jpeg(BLUE))
    _write(tmp_path / "b" / "notes.txt", b"nothing to see")
    _write(tmp_path / "b" / ".hidden", b"")

    (left,) = read_folder(tmp_path).left_out

    assert left.name.endswith("notes.txt")
    assert "no image" in left.reason


@pytest.mark.parametrize("classes", [(), ("one",)])
def test_a_folder_without_two_classes_is_refused(tmp_path: Path, classes: tuple[str, ...]) -> None:
    for label in classes:
        _write(tmp_path / label / "1.jpg", jpeg(RED))
    with pytest.raises(InvalidRequest, match="nothing to tell apart"):
        read_folder(tmp_path)


def test_where_nothing_can_be_read_the_first_file_says_why(tmp_path: Path) -> None:
    (tmp_path / "m.csv").write_text("id,category,images\n1,a,none.jpg\n2,b,none.jpg\n", encoding="utf-8")
    with pytest.raises(InvalidRequest, match=r"; 2 left out, such as .*none\.jpg: cannot be read"):
        read_data(tmp_path / "m.csv", shares=Shares(), seed=0)


def test_a_label_that_only_the_test_has_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="bar 2"):
        make_parts(examples(2, 2), [], examples(3, 1))


def _catalogue(folder: Path, rows: list[dict[str, object]]) -> Path:
    manifest = folder / "products.jsonl"
    manifest.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return manifest


def test_all_photos_of_a_product_stand_in_one_part(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = []
    for n, colour in enumerate(_colours(40)):
        sources = [f"images/{n}-{photo}.jpg" for photo in range(3)]
        for photo, source in enumerate(sources):
            _write(tmp_path / source, jpeg(colour, (40, 30 + photo)))
        rows.append({"id": f"P{n}", "title": "x", "category": "ab"[n % 2], "images": sources})

    parts = read_catalogue(_catalogue(tmp_path, rows))

    assert (len(parts.train), len(parts.validation), len(parts.test)) == (96, 12, 12)
    assert not {e.group for e in parts.train} & {e.group for e in parts.validation + parts.test}


def test_rows_without_a_category_or_a_file_are_left_out_with_the_reason(tmp_path: Path) -> None:
    for name in ("a", "b"):
        _write(tmp_path / f"{name}.jpg", jpeg(RED))
    rows: list[dict[str, object]] = [
        {"id": "1", "title": "x", "category": "a", "images": ["a.jpg"]},
        {
            "id": "2",
            "title": "x",
            "category": "b",
            "images": ["b.jpg", "gone.jpg", "https://shop.test/c.jpg"],
        },
        {"id": "3", "title": "x", "images": ["a.jpg"]},
    ]

    reasons = [left.reason for left in read_catalogue(_catalogue(tmp_path, rows)).left_out]

    assert len(reasons) == 3
    assert reasons[0].startswith("cannot be read")
    assert reasons[1:] == ["no file: training opens no connection", "no category"]


def test_a_manifest_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="cannot be read"):
        read_catalogue(tmp_path / "none.csv")


def _idx(path: Path, array: np.ndarray, *, packed: bool) -> None:
    content = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.tobytes()
    path.with_name(path.name + ".gz" * packed).write_bytes(gzip.compress(content) if packed else content)


@pytest.mark.parametrize("packed", [True, False])
def test_idx_files_are_read(tmp_path: Path, packed: bool) -> None:
    images = np.random.default_rng(0).integers(0, 256, (40, 5, 5), np.uint8)
    labels = np.arange(40, dtype=np.uint8) % 2
    for part, count in (("train", 40), ("t10k", 6)):
        _idx(tmp_path / f"{part}-images-idx3-ubyte", images[:count], packed=packed)
        _idx(tmp_path / f"{part}-labels-idx1-ubyte", labels[:count], packed=packed)

    parts = read_idx(tmp_path)

    assert (len(parts.train), len(parts.validation), len(parts.test)) == (36, 4, 6)
    assert np.array_equal(np.asarray(parts.test[3].image), images[3])
    assert [e.label for e in parts.test] == ["0", "1"] * 3


def test_an_idx_file_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    _idx(tmp_path / "train-images-idx3-ubyte", np.zeros((4, 5, 5), np.uint8), packed=False)
    whole = (tmp_path / "train-images-idx3-ubyte").read_bytes()
    (tmp_path / "train-images-idx3-ubyte").write_bytes(whole[:-1])

    with pytest.raises(InvalidRequest, match="99 bytes, its header says 4 x 5 x 5"):
        read_idx(tmp_path)


@pytest.mark.parametrize("header", ["", "label," + ",".join(f"p{n}" for n in range(4)) + "\n"])
def test_digits_are_read_from_csv(tmp_path: Path, header: str) -> None:
    path = tmp_path / "digits.csv"
    path.write_text(header + "".join(f"{n % 2},0,{n},255,7\n" for n in range(20)), encoding="utf-8")

    parts = read_pixel_csv(path)

    assert (len(parts.train), len(parts.validation), len(parts.test)) == (16, 2, 2)
    images = [e.image for e in (*parts.train, *parts.validation, *parts.test)]
    assert {tuple(np.asarray(image).flat) for image in images} == {(0, n, 255, 7) for n in range(20)}


@pytest.mark.parametrize("content", ["1,2,3\n", "1,2,3,4,256\n", "one,two\n1,x\n", "-1,0\n"])
def test_a_csv_that_is_no_table_of_digits_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "digits.csv").write_text(content, encoding="utf-8")
    with pytest.raises(InvalidRequest):
        read_pixel_csv(tmp_path / "digits.csv")


def test_labels_sort_as_numbers() -> None:
    found = examples_of(np.zeros((3, 2, 2), np.uint8), np.array([2, 10, 0]), "train")
    assert make_parts(found, [], []).labels == ("0", "2", "10")


def test_a_photo_stands_upright_as_in_a_search() -> None:
    """EXIF orientation 6: the camera lay on its side."""
    content = io.BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 20)).save(content, "JPEG", exif=exif)

    assert open_picture(Example(content.getvalue(), "a", "a"), 40).size == (20, 40)


def test_what_is_transparent_shows_white() -> None:
    content = io.BytesIO()
    Image.new("RGBA", (4, 4), (0, 0, 0, 0)).save(content, "PNG")

    assert open_picture(Example(content.getvalue(), "a", "a"), 4).getpixel((0, 0)) == (255, 255, 255)


def test_a_large_jpeg_is_decoded_small_but_not_too_small() -> None:
    picture = open_picture(Example(jpeg(RED, (800, 600)), "a", "a"), 100)
    assert picture.size == (200, 150)


def test_a_damaged_picture_is_named(tmp_path: Path) -> None:
    path = tmp_path / "torn.jpg"
    path.write_bytes(jpeg(RED, (400, 400))[:700])
    with pytest.raises(TusouError, match=r"torn\.jpg") as told:
        open_picture(Example(path, "a", "a"), 400)
    assert told.value.code == "bad_picture"


def test_a_deep_photo_is_as_bright_as_in_a_search() -> None:
    """16 bits a pixel: half of the range is half of the range, not white."""
    content = io.BytesIO()
    Image.fromarray(np.full((8, 8), 0x8000, np.uint16)).save(content, "PNG")

    assert open_picture(Example(content.getvalue(), "a", "a"), 8).getpixel((0, 0)) == (128, 128, 128)
