"""torchvision's networks as artefacts with an ONNX file, kept in a cache folder: torch is needed once."""

from __future__ import annotations

import hashlib
import logging
import shutil
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from shared.errors import TusouError
from workers.models.artefacts.files import Opened, open_folder, pack, write
from workers.models.engines.choice import needs_torch

log = logging.getLogger(__name__)

# Raised when the files would come out otherwise: an older cache is then left unread.
_EXPORT: Final = 1


def exported(name: str, source: Path | bytes | None, *, cache: Path | None) -> Opened:
    """The built-in network `name` with what `find_weights` found; exported unless `cache` has it.

    Raises WeightsMissing, and TusouError for weights of another network or where torch is needed and missing.
    """
    folder = cache / f"{name}-{_key(source)}-{_EXPORT}" if cache else None
    kept = _kept(folder) if folder else None
    if kept is not None:
        return kept
    if find_spec("onnx") is None:
        raise TusouError(
            f"to export the model {name} needs the package onnx: pip install 'tusou[torch]', "
            "or use the engine torch",
            code="onnx_missing",
        )
    with needs_torch(name):
        from workers.models.published import torchvision_nets
    artefact, state = torchvision_nets.load(name, source)
    onnx = torchvision_nets.as_onnx(artefact, state)
    log.info("the network %s was exported to ONNX, %.1f MB", name, len(onnx) / 1e6)
    opened, _ = pack(artefact, state, onnx)
    if folder:
        try:
            write(folder, artefact, state, onnx)
        except (OSError, TusouError):
            # Another worker may have been quicker: what it wrote is the same.
            if not folder.exists():
                raise
    return opened


def _key(source: Path | bytes | None) -> str:
    """Of the weights' file, so that a start with the same file needs no torch to know its network."""
    if source is None:
        return "published"
    data = source.read_bytes() if isinstance(source, Path) else source
    return hashlib.sha256(data).hexdigest()[:16]


def _kept(folder: Path) -> Opened | None:
    try:
        opened = open_folder(folder)
        if opened is not None:
            opened.verify()
    except TusouError as error:  # a cache is worth no more than the time to make it again
        log.warning("the cached network is made again: %s", error.detail)
        shutil.rmtree(folder)
        return None
    return opened
