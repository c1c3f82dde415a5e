"""A trained model as a versioned, immutable folder: model.json, model.safetensors, model.onnx.

Nothing in it can run code when it is read: safetensors holds numbers, ONNX a graph of known operators, and
there is no pickle. torch is not needed to read one.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, Final

import numpy as np

from shared.errors import TusouError
from shared.models.card import CARD
from workers.models.classical.describe import DESCRIBED
from workers.models.fingerprint import fingerprint
from workers.models.preprocessing.preprocess import FITS, INTERPOLATIONS, Preprocess

FORMAT: Final = 1
STATE: Final = "model.safetensors"
ONNX: Final = "model.onnx"

AVERAGINGS: Final = ("none", "mirror")
PRECISIONS: Final = ("float32", "int8")

# How the architecture of a network begins that torch can build from its parameters: one of torchvision's as
# it was published, or one that was trained here.
TORCHVISION: Final = "torchvision "
TRAINED: Final = "trainer "

# A network's parameters by name; CPU tensors of torch will do, as NumPy reads them.
State = Mapping[str, Any]


@dataclass(frozen=True)
class Artefact:
    """What model.json says. Whoever trains gives all down to `evaluation`; `write` fills in the rest.

    `architecture` is what `torchvision_nets.describe` says for a whole network of torchvision, and for one
    that only its ONNX file describes any other name. `dim` is that of the vectors, after whitening.
    `no_confident_match` is the cosine under which a best hit is no match (None: the deployment's setting
    holds). `averaging` is "none" or
    "mirror" (the image and its mirror image), `pooling` the exponent of the generalised mean that makes
    features of the network's last map (1: the average), `precision` "float32" or "int8". With a `colour`
    above 0 the classical descriptor is joined to the network's vector with that weight. `training` and
    `evaluation` are facts for people and reports: anything JSON can say.

    `weights_sha256` is that of the parameters (of model.onnx for int8), `whitening` that of the matrices or
    "none", `files` holds the SHA-256 of each file by its name.
    """

    name: str
    architecture: str
    dim: int
    preprocess: Preprocess
    labels: tuple[str, ...]
    version: int = 1
    no_confident_match: float | None = None
    averaging: str = "none"
    pooling: float = 1.0
    colour: float = 0.0
    precision: str = "float32"
    training: Mapping[str, Any] = field(default_factory=dict)
    evaluation: Mapping[str, Any] = field(default_factory=dict)
    weights_sha256: str = ""
    whitening: str = "none"
    fingerprint: str = ""
    files: Mapping[str, str] = field(default_factory=dict)

    def own_fingerprint(self) -> str:
        """What `fingerprint` must be, from all that changes a vector."""
        return fingerprint(
            architecture=", ".join([self.architecture, *self._options()]),
            weights_sha256=self.weights_sha256,
            preprocess=self.preprocess,
            dim=self.dim,
            averaging=self.averaging,
            whitening=self.whitening,
        )

    def engines(self) -> tuple[str, ...]:
        """Those that can run it."""
        torch = self.precision == "float32" and self.architecture.startswith((TORCHVISION, TRAINED))
        return ("onnx",) * (ONNX in self.files) + ("torch",) * torch

    def with_fingerprint(self, **facts: Any) -> Artefact:
        """The same with `facts` changed, and the fingerprint that follows from them."""
        changed = replace(self, **facts)
        return replace(changed, fingerprint=changed.own_fingerprint())

    def _options(self) -> list[str]:
        """Of the network's vector, those that are not usual."""
        options = [self.precision] if self.precision != "float32" else []
        if self.pooling != 1:
            options.append(f"generalised mean {self.pooling}")
        if self.colour:
            options.append(f"joined by {self.colour} of {DESCRIBED}")
        return options

    def to_json(self) -> bytes:
        return json.dumps({"format": FORMAT} | asdict(self), indent=1, ensure_ascii=False).encode()


def from_json(data: bytes, where: str) -> Artefact:
    """Raises TusouError for a card that is none, of a later format, or whose fingerprint is another's."""
    try:
        facts = dict(json.loads(data))
        found = facts.pop("format", None)
        if found == FORMAT:
            artefact = _artefact(facts)
            check(artefact)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise TusouError(f"{where}/{CARD} is no model's card: {error}", code="artefact_unreadable") from error
    if found != FORMAT:
        raise TusouError(
            f"{where}/{CARD} has format {found}, this version of tusou reads {FORMAT}", code="artefact_format"
        )
    if artefact.fingerprint != artefact.own_fingerprint():
        raise TusouError(
            f"{where}/{CARD} says fingerprint {artefact.fingerprint}, but what it describes is "
            f"{artefact.own_fingerprint()}: it was changed after it was written",
            code="fingerprint_mismatch",
        )
    return artefact


def state_sha256(state: State) -> str:
    """Of names, types, shapes and numbers: the same weights hash the same whatever file they came in."""
    digest = hashlib.sha256()
    for key in sorted(state):
        value = np.asarray(state[key], order="C")
        digest.update(f"{key} torch.{value.dtype} {value.shape}\n".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()


def _artefact(facts: dict[str, Any]) -> Artefact:
    known = {each.name for each in fields(Artefact)}
    if strange := set(facts) - known:
        raise ValueError(f"it says {', '.join(sorted(strange))}, of which this version knows nothing")
    preprocess = dict(facts["preprocess"])
    preprocess |= {key: tuple(preprocess[key]) for key in ("mean", "std")}
    return Artefact(
        **facts | {"preprocess": Preprocess(**preprocess), "labels": tuple(map(str, facts["labels"]))}
    )


def check(artefact: Artefact) -> None:
    """Raise ValueError for what no model can be; its files are another matter."""
    pre = artefact.preprocess
    sound = {
        "dim": artefact.dim > 0,
        "averaging": artefact.averaging in AVERAGINGS,
        "precision": artefact.precision in PRECISIONS,
        "pooling": math.isfinite(artefact.pooling) and artefact.pooling > 0,
        "colour": math.isfinite(artefact.colour) and artefact.colour >= 0,
        "no_confident_match": artefact.no_confident_match is None or -1 <= artefact.no_confident_match <= 1,
        "preprocess": (
            pre.interpolation in INTERPOLATIONS
            and pre.fit in FITS
            and 0 < pre.crop <= pre.resize
            and len(pre.mean) == len(pre.std) == 3
            and all(math.isfinite(each) for each in (*pre.mean, *pre.std))
            and min(pre.std) > 0
        ),
        "files": STATE in artefact.files and all(isinstance(each, str) for each in artefact.files.values()),
    }
    if wrong := [name for name, is_sound in sound.items() if not is_sound]:
        raise ValueError(f"no model has such: {', '.join(wrong)}")
