"""Where a network's weights come from: a local file, the object store, or the library's own download."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from shared.errors import WeightsMissing

# Where an operator lays weights down in the object store's bucket or folder.
STORE_PREFIX = "incoming/models/"

# Name of an object ("<model>.pth") -> its bytes, or None where the store has none.
FetchObject = Callable[[str], bytes | None]


def find_weights(name: str, *, weights: str | None, fetch_object: FetchObject | None) -> Path | bytes | None:
    """The weights file of model `name`, or its bytes; None leaves them to the library's download.

    `weights` is a file or a folder of `<name>.pth`. Where it is given nothing else is tried: other weights
    than those asked for would fill an index with vectors of another model. Raises WeightsMissing.
    """
    if weights:
        given = Path(weights).expanduser()
        path = given / file_name(name) if given.is_dir() else given
        if not path.is_file():
            raise weights_missing(name, f"there is no file {path}")
        return path
    return fetch_object(file_name(name)) if fetch_object else None


def file_name(name: str) -> str:
    return f"{name}.pth"


def weights_missing(name: str, reason: str) -> WeightsMissing:
    """The error that says what is missing and the three ways to get it."""
    return WeightsMissing(
        f"the model {name} has no weights: {reason}. One of these helps: "
        f"set TUSOU_WEIGHTS to a file, or to a folder that holds {file_name(name)}; "
        f"put it into the object store under {STORE_PREFIX}{file_name(name)}; "
        "or leave TUSOU_WEIGHTS empty and let torchvision download them, which needs the internet once. "
        "TUSOU_MODEL=descriptor needs no weights."
    )
