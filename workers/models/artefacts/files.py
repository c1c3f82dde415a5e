"""Writing an artefact to a folder; reading one from a folder or the object store, every byte verified."""

from __future__ import annotations

import hashlib
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from shared.errors import TusouError
from shared.models.card import CARD
from workers.models.artefacts.artefact import ONNX, STATE, Artefact, State, from_json, state_sha256
from workers.models.whitening import Whitening

# Of which vector a matrix is: the network's, or the joined descriptor's.
_WHITENING: Final = "whitening"
_COLOUR: Final = "colour"
_RESERVED: Final = tuple(f"{of}.{part}" for of in (_WHITENING, _COLOUR) for part in ("mean", "matrix"))

# Name of a file of an artefact -> its bytes, or None where it is missing.
ReadFile = Callable[[str], bytes | None]


def write(
    folder: Path,
    artefact: Artefact,
    state: State,
    onnx: bytes | None,
    whitening: Whitening | None = None,
    colour: Whitening | None = None,
) -> Artefact:
    """Makes `folder` with the artefact's files, whole or not at all; what it now says of itself.

    Arguments are those of `pack`. Raises TusouError where `folder` is there already: an artefact never
    changes.
    """
    check_new(folder)
    opened, contents = pack(artefact, state, onnx, whitening, colour)
    _make(folder, contents)
    return opened.artefact


def check_new(folder: Path) -> None:
    """For whoever works long before `write`. Raises TusouError where `folder` is there already."""
    if folder.exists():
        raise TusouError(f"{folder} is there already, and an artefact never changes", code="artefact_exists")


def pack(
    artefact: Artefact,
    state: State,
    onnx: bytes | None,
    whitening: Whitening | None = None,
    colour: Whitening | None = None,
) -> tuple[Opened, dict[str, bytes]]:
    """The artefact in memory, with hashes and fingerprint filled in, and its files by name.

    `state` holds the network's parameters; for int8, which is its ONNX file alone, it is empty. `whitening`
    is that of the network's features, `colour` that of the joined descriptor, where there is one. Raises
    ValueError where these do not fit together.
    """
    if onnx is None and (not state or artefact.precision != "float32"):
        raise ValueError(f"the model {artefact.name} has no ONNX file, and nothing else to run")
    if bool(artefact.colour) != (colour is not None):
        raise ValueError("a descriptor is joined by a weight above 0 and a whitening")
    matrices = {of: each for of, each in ((_WHITENING, whitening), (_COLOUR, colour)) if each}
    arrays = {key: np.asarray(value, order="C") for key, value in state.items()}
    contents = {STATE: _safetensors().save(arrays | _parts(matrices))}
    if onnx is not None:
        contents[ONNX] = onnx
    exact = artefact.precision == "float32"
    complete = artefact.with_fingerprint(
        weights_sha256=state_sha256(_float32(arrays)) if exact else _sha256(contents[ONNX]),
        whitening=_told(matrices),
        files={name: _sha256(data) for name, data in contents.items()},
    )
    contents[CARD] = complete.to_json()
    return Opened(complete, artefact.name, contents.get), contents


@dataclass(frozen=True)
class Opened:
    """An artefact whose card was read; its files are read, and verified, when asked for."""

    artefact: Artefact
    where: str
    read: ReadFile

    def state(self) -> dict[str, np.ndarray]:
        """The network's parameters, floats as float32; empty for int8."""
        return _float32({key: value for key, value in self._arrays().items() if key not in _RESERVED})

    def whitenings(self) -> tuple[Whitening | None, Whitening | None]:
        """Of the network's features, and of the joined descriptor."""
        if self.artefact.whitening == "none":
            return None, None
        arrays = self._arrays()
        found = {
            of: Whitening(arrays[f"{of}.mean"], arrays[f"{of}.matrix"])
            for of in (_WHITENING, _COLOUR)
            if f"{of}.matrix" in arrays
        }
        _same("whitening", self.artefact.whitening, _told(found), self.where)
        return found.get(_WHITENING), found.get(_COLOUR)

    def file(self, name: str) -> bytes:
        """Raises TusouError for a file that is missing or is not the one that was written."""
        data = self.read(name)
        if data is None:
            raise TusouError(f"{self.where} lacks {name}", code="artefact_corrupt")
        _same(name, self.artefact.files[name], _sha256(data), self.where)
        return data

    def verify(self) -> None:
        """Reads everything; raises TusouError naming what is recorded and what was found."""
        for name in self.artefact.files:
            self.file(name)
        self.whitenings()
        if self.artefact.precision == "float32":
            _same("weights", self.artefact.weights_sha256, state_sha256(self.state()), self.where)

    def _arrays(self) -> dict[str, np.ndarray]:
        data = self.file(STATE)
        package = _safetensors()
        try:
            loaded: dict[str, np.ndarray] = package.load(data)
        except Exception as error:  # its own error derives from Exception alone
            raise TusouError(
                f"{STATE} of {self.where} is no safetensors file: {error}", code="artefact_unreadable"
            ) from error
        if not all(np.isfinite(value).all() for value in loaded.values() if value.dtype.kind == "f"):
            raise TusouError(
                f"{STATE} of {self.where} holds what is no number: train it again", code="artefact_unreadable"
            )
        return loaded


def open_folder(folder: Path) -> Opened | None:
    """None where `folder` holds no artefact. Raises TusouError for a card that cannot be trusted."""
    return _open(str(folder), lambda name: _bytes(folder / name))


def open_stored(name: str, fetch_object: ReadFile) -> Opened | None:
    """The artefact laid down under `<name>/` in the object store; as `open_folder`."""
    return _open(name, lambda file: fetch_object(f"{name}/{file}"))


def _open(where: str, read: ReadFile) -> Opened | None:
    card = read(CARD)
    return None if card is None else Opened(from_json(card, where), where, read)


def _safetensors() -> Any:
    """The package is an extra: who serves `descriptor` alone has no use for it."""
    try:
        from safetensors import numpy
    except ModuleNotFoundError as error:
        raise TusouError(
            "artefacts need safetensors: pip install 'tusou[onnx]'", code="safetensors_missing"
        ) from error
    return numpy


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _float32(state: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {
        key: value.astype(np.float32, copy=False) if value.dtype.kind == "f" else value
        for key, value in state.items()
    }


def _parts(matrices: dict[str, Whitening]) -> dict[str, np.ndarray]:
    parts: dict[str, np.ndarray] = {}
    for of, each in matrices.items():
        parts |= {f"{of}.mean": each.mean, f"{of}.matrix": np.asarray(each.matrix, order="C")}
    return parts


def _told(matrices: dict[str, Whitening]) -> str:
    return " ".join(f"{of} {each.sha256}" for of, each in matrices.items()) or "none"


def _make(folder: Path, contents: dict[str, bytes]) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
    unfinished.mkdir()
    try:
        for name, data in contents.items():
            (unfinished / name).write_bytes(data)
        unfinished.rename(folder)
    except OSError:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise


def _same(what: str, recorded: str, found: str, where: str) -> None:
    if recorded != found:
        raise TusouError(
            f"{what} of {where} has SHA-256 {found}, but {recorded} was recorded: fetch the artefact again",
            code="artefact_corrupt",
        )


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
