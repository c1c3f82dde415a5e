"""Where a network's weights come from: a local file, the object store, or the library's own download."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from shared.errors import WeightsMissing

# Where an operator lays weights down in the object store's bucket or folder.
STORE_PREFIX = "incoming/models/"

# Name of an object ("<model>.pth") -> its bytes, or None where the store has none.
FetchObject = Callable[[str], bytes | None]


def find_weights(
    name: str, *, weights: str | None, fetch_object: FetchObject | None, suffix: str = ".pth"
) -> Path | bytes | None:
    """The weights of model or detector `name`, a file or bytes; None leaves them to the library's download.

    `weights` is a file or a folder of `<name><suffix>`. Where it is given nothing else is tried: other
    weights than those asked for would fill an index with vectors of another model. Raises WeightsMissing.
    """
    if weights:
        given = Path(weights).expanduser()
        path = given / (name + suffix) if given.is_dir() else given
        if not path.is_file():
            raise weights_missing(name, f"there is no file {path}", suffix=suffix)
        return path
    return fetch_object(name + suffix) if fetch_object else None


def weights_missing(name: str, reason: str, *, suffix: str = ".pth") -> WeightsMissing:
    """The error that says what is missing and the ways to get it; torchvision's files end with .pth."""
    file = name + suffix
    ways = [
        f"set TUSOU_WEIGHTS to a file, or to a folder that holds {file}",
        f"put it into the object store under {STORE_PREFIX}{file}",
    ]
    if suffix == ".pth":
        ways.append(
            "or leave TUSOU_WEIGHTS empty and let torchvision download them, which needs the internet once"
        )
    return WeightsMissing(
        f"the model {name} has no weights: {reason}. One of these helps: {'; '.join(ways)}. "
        "TUSOU_MODEL=descriptor needs no weights."
    )
