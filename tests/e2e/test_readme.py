"""The README's commands, pasted one after another, do what it says; what the docs name is there."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from services.cli.app import app
from tests.deployment import client_of, deployed
from tests.e2e.conftest import Shop
from tests.servers.absent import missing

pytestmark = pytest.mark.xdist_group("shop")

ROOT = Path(__file__).parents[2]
README, CHINESE = ROOT / "README.md", ROOT / "README.zh-CN.md"
PAGES = [README, CHINESE, ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
CODE = ("services", "workers", "shared", "tests", "benchmarks", "deploy")

ADDRESS = "http://127.0.0.1:8000"
DEMO_HOME = ".tusou/demo-tiny"
BETWEEN = "=== the next block ==="

# A status of 400 and more ends the command, which then says what the gateway said.
CURLRC = "fail-with-body\nshow-error\n"


@dataclass(frozen=True)
class Example:
    """Commands of the page, and the answer that it shows below them."""

    commands: str
    answer: str | None


def examples(page: Path) -> list[Example]:
    fences = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
    blocks = fences.findall(page.read_text(encoding="utf-8"))
    followed = zip(blocks, [*blocks, ("", "")][1:], strict=True)
    return [
        Example(text, after if kind_after == "json" else None)
        for (kind, text), (kind_after, after) in followed
        if kind == "sh" and "curl " in text
    ]


def about_keys(example: Example) -> bool:
    """From its first key on a deployment serves nobody else: these commands get one of their own."""
    return "tusou keys" in example.commands


@pytest.fixture
def folder(tmp_path: Path, shop: Shop) -> Path:
    """Where the reader stands, with a photo: a catalogue's picture, not quite straight."""
    for tool in ("curl", "jq"):
        if shutil.which(tool) is None:
            missing(tool, f"not on the PATH (Debian: apt-get install {tool})")
    picture = Image.open(shop.sample.folder / "images" / "WATCH-003-1.jpg")
    picture.rotate(3, Image.Resampling.BICUBIC, fillcolor=picture.getpixel((0, 0))).save(
        tmp_path / "photo.jpg"
    )
    (tmp_path / ".curlrc").write_text(CURLRC)
    return tmp_path


def outputs(told: list[Example], url: str, folder: Path) -> list[str]:
    """What each example prints when one shell runs them all."""
    script = "\n".join(["set -euo pipefail", *(f"echo '{BETWEEN}'\n{one.commands}" for one in told)])
    env = {**os.environ, "CURL_HOME": str(folder), "LC_ALL": "C.UTF-8"}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script.replace(ADDRESS, url)],
        cwd=folder, env=env, capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip
    printed = done.stdout.split(f"{BETWEEN}\n")[1:]
    assert done.returncode == 0, f"{told[len(printed) - 1].commands}\n{printed[-1]}\n{done.stderr}"
    return printed


def check(told: list[Example], url: str, folder: Path) -> None:
    for one, printed in zip(told, outputs(told, url, folder), strict=True):
        if one.answer is not None:
            *_, last = documents(printed)
            fits(json.loads(one.answer), last, one.commands)


def documents(text: str) -> Iterator[Any]:
    """The JSON values that stand in `text` one after another."""
    decoder, rest = json.JSONDecoder(), text.strip()
    while rest:
        value, end = decoder.raw_decode(rest)
        yield value
        rest = rest[end:].lstrip()


def fits(shown: Any, real: Any, where: str) -> None:
    """What is shown is there: fields may be left out, `…` is any text, a number with a point any number."""
    if isinstance(shown, dict):
        assert isinstance(real, dict), where
        for name, value in shown.items():
            assert name in real, f"{where}: {name}"
            fits(value, real[name], f"{where}: {name}")
    elif isinstance(shown, list):
        assert isinstance(real, list), where
        assert len(shown) <= len(real), where
        for one, other in zip(shown, real, strict=False):
            fits(one, other, where)
    elif isinstance(shown, float):
        assert isinstance(real, int | float), f"{where}: {real!r}"
    elif isinstance(shown, str) and isinstance(real, str):
        assert re.fullmatch(".*".join(map(re.escape, shown.split("…"))), real), f"{where}: {real!r}"
    else:
        assert shown == real, where


def test_each_command_does_what_the_readme_says(shop: Shop, folder: Path) -> None:
    """In the order of the page, as one shell would run them."""
    told = [one for one in examples(README) if not about_keys(one)]
    assert len(told) >= 10
    check(told, shop.stack.url, folder)


def test_a_key_made_as_the_readme_says_is_asked_for_from_then_on(folder: Path) -> None:
    told = [one for one in examples(README) if about_keys(one)]
    assert told
    with deployed(folder / DEMO_HOME) as stack:
        client_of(stack).put("/v1/products/A", {"title": "so that there is a catalog"})
        check(told, stack.url, folder)


def test_the_chinese_readme_shows_commands_of_the_english_one() -> None:
    english = [one.commands for one in examples(README)]
    assert [one.commands for one in examples(CHINESE)] == english


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_links_to_is_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_files_that_a_page_names_are_there(page: Path) -> None:
    """Names in backticks: with a folder, `shared/db/tables/`, or bare, `chunk_images.py`."""
    text = page.read_text(encoding="utf-8")
    named = re.findall(r"`((?:services|workers|shared|tests|deploy)/[\w./-]*)`", text)
    assert [name for name in named if not (ROOT / name).exists()] == []
    bare = set(re.findall(r"`(\w+\.py)`", text))
    assert bare <= {file.name for top in CODE for file in (ROOT / top).rglob("*.py")}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_that_a_page_names_are_there(page: Path) -> None:
    known = {command.name for command in app.registered_commands} | {g.name for g in app.registered_groups}
    named = set(re.findall(r"(?:`|^|\()tusou ([a-z]+)", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert named - PLANNED <= known


# The README says that these are not built yet.
PLANNED = {"backup"}
