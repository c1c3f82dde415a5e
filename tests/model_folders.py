"""Folders that the model registry takes: a card and files, of a network that nobody could run."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

FILES = {"model.safetensors": b"numbers", "model.onnx": b"a graph"}


def model_folder(folder: Path, name: str = "bars", **facts: Any) -> Path:
    folder.mkdir()
    for file, data in FILES.items():
        (folder / file).write_bytes(data)
    card = {
        "format": 1,
        "name": name,
        "version": 1,
        "dim": 16,
        "labels": ["bar 0", "bar 1"],
        "fingerprint": "abcdef012345",
        "files": {file: hashlib.sha256(data).hexdigest() for file, data in FILES.items()},
        **facts,
    }
    (folder / "model.json").write_text(json.dumps(card), encoding="utf-8")
    return folder
