"""Reading the files under deploy/: Dockerfiles as instructions, compose files with their merges done."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SERVICES = ("gateway", "vision", "indexer", "keeper", "trainer")  # those of ours, each with a Dockerfile


@dataclass(frozen=True)
class Instruction:
    """`FROM python:3.13-slim AS x` is ("FROM", "python:3.13-slim AS x")."""

    name: str
    argument: str


def dockerfile(service: str) -> list[Instruction]:
    """Its instructions, comments left out and continued lines joined."""
    text = (DEPLOY / f"{service}.Dockerfile").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [
        Instruction(name.upper(), re.sub(r"\s+", " ", argument))
        for name, argument in (line.split(maxsplit=1) for line in joined.splitlines() if line.strip())
    ]


def compose(path: str = "docker-compose.yml") -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))
    return loaded


def env_example() -> dict[str, str]:
    lines = (DEPLOY / "env.example").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("=", 1) for line in lines if line and not line.startswith("#"))
    return dict(pairs)


def settings_named_in(text: str) -> set[str]:
    """Every TUSOU_* variable that is set, passed on or asked for in `text`."""
    return set(re.findall(r"\bTUSOU_[A-Z0-9_]+", text))
