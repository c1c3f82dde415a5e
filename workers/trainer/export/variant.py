"""A network with other options: input, pooling, averaging, whitening, descriptor joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from shared.errors import InvalidRequest
from workers.models.artefacts.artefact import ONNX, Artefact, State
from workers.models.artefacts.files import Opened, write
from workers.models.engines.onnx_engine import OnnxEngine
from workers.models.engines.onnx_export import to_onnx
from workers.models.joined import described
from workers.models.network import Network
from workers.models.networks.restored import restore
from workers.models.preprocessing.geometry import prepare
from workers.models.preprocessing.preprocess import Preprocess
from workers.models.published import torchvision_nets
from workers.models.steps import embed
from workers.models.weights.find import FetchObject, find_weights
from workers.models.whitening import Whitening, fit_whitening
from workers.trainer.data.example import Example
from workers.trainer.data.picture import open_picture

_BATCH = 8


@dataclass(frozen=True)
class Options:
    """What is changed; the defaults change nothing.

    `dim` and `colour_dim` are what whitening leaves of the network's features (None: features as they are)
    and of the descriptor, whose weight is `colour`; with 0 it is left out. Shrinkages as of `fit_whitening`.
    """

    preprocess: Preprocess | None = None
    pooling: float = 1.0
    averaging: str = "none"
    dim: int | None = None
    shrinkage: float = 0.1
    colour: float = 0.0
    colour_dim: int = 128
    colour_shrinkage: float = 0.01


# mobilenet_v2's best, 640 numbers instead of 1280. General catalogue (100 products, 351 queries, itself and
# identical copies left out), R@1 / mAP, whitened on 1,128 photos of ImageNet and COCO:
#   as published (center 224)        .610 / .529      and the whole image, squashed to 256    .615 / .536
#   and the mirror image             .635 / .545      and pooled by the quadratic mean        .627 / .548
#   and whitened to 512              .630 / .562      and the descriptor, 128 numbers by .5   .681 / .583
# On the products with even numbers, on which nothing of the descriptor was tuned: .686 / .586.
# Not better: 224, 288, 320 or 384 pixels, padded or trimmed borders, two or three sizes averaged, cubic mean.
RECOMMENDED: Final = Options(
    preprocess=Preprocess(
        resize=256,
        crop=256,
        interpolation="bilinear",
        fit="squash",
        mean=(0.485, 0.456, 0.406),
        std=(0.229, 0.224, 0.225),
    ),
    pooling=2.0,
    averaging="mirror",
    dim=512,
    colour=0.5,
)


def write_variant(
    folder: Path,
    base: str,
    options: Options,
    sample: Sequence[Path],
    *,
    name: str,
    weights: str | None,
    fetch_object: FetchObject | None = None,
) -> Artefact:
    """The built-in network `base` with `options` as an artefact in `folder`.

    `sample` are photos, none of the catalogue that is to be searched, on which whitening is fitted; more of
    them than dimensions. Raises WeightsMissing, and TusouError for a damaged photo or too few of them.
    """
    options = _fitting(options, torchvision_nets.ARCHITECTURES[base].dim, sample)
    source = find_weights(base, weights=weights, fetch_object=fetch_object)
    plain, state = torchvision_nets.load(base, source)
    network = replace(plain, preprocess=options.preprocess or plain.preprocess, pooling=options.pooling)
    return _write(folder, network, state, torchvision_nets.as_onnx(network, state), options, sample, name)


def write_variant_of(
    folder: Path, opened: Opened, options: Options, sample: Sequence[Path], *, name: str
) -> Artefact:
    """The model `opened`, which was trained here, with `options`; as `write_variant`.

    Its pooling is what it was trained with. Raises InvalidRequest for another, for an input that it cannot
    take, and where the model is a variant already.
    """
    was = opened.artefact
    if was.whitening != "none" or was.averaging != "none" or was.precision != "float32":
        raise InvalidRequest(f"{opened.where} is a variant or in int8 already: take the model it was made of")
    if options.pooling != 1:
        raise InvalidRequest("a trained network keeps the pooling that it was trained with")
    options = _fitting(options, was.dim, sample)
    network = replace(was, preprocess=options.preprocess or was.preprocess)
    state = opened.state()
    onnx = opened.file(ONNX) if network == was else _exported(network, state)
    return _write(folder, network, state, onnx, options, sample, name)


def _fitting(options: Options, features: int, sample: Sequence[Path]) -> Options:
    """`options` for a network of so many features. Raises InvalidRequest for too few photos."""
    dim = min(options.dim, features) if options.dim else None
    needed = max(dim or 0, options.colour_dim if options.colour else 0)
    if needed and len(sample) <= needed:
        raise InvalidRequest(f"there are {len(sample)} photos; more than {needed} are needed to whiten with")
    return replace(options, dim=dim)


def _exported(artefact: Artefact, state: Mapping[str, np.ndarray]) -> bytes:
    network = restore(artefact, state)
    try:
        return to_onnx(network.body(), network.classifier, artefact.preprocess)
    except RuntimeError as error:
        side = artefact.preprocess.crop
        raise InvalidRequest(f"{artefact.architecture} takes no pictures of {side} pixels") from error


def _write(
    folder: Path,
    network: Artefact,
    state: State,
    onnx: bytes,
    options: Options,
    sample: Sequence[Path],
    name: str,
) -> Artefact:
    artefact = replace(
        network,
        name=name,
        averaging=options.averaging,
        # Another vector has other scores: what was measured with the network's own says nothing of it.
        no_confident_match=None,
        evaluation={},
        training=dict(network.training) | {"whitened_on": len(sample)},
    )
    whitening, colour = _fit(artefact, onnx, options, sample)
    dim = (whitening.dim if whitening else network.dim) + (colour.dim if colour else 0)
    complete = replace(artefact, dim=dim, colour=options.colour)
    return write(folder, complete, state, onnx, whitening, colour)


def _fit(
    artefact: Artefact, onnx: bytes, options: Options, sample: Sequence[Path]
) -> tuple[Whitening | None, Whitening | None]:
    if options.dim is None and not options.colour:
        return None, None
    network = Network(
        name=artefact.name,
        dim=artefact.dim,
        preprocess=artefact.preprocess,
        labels=artefact.labels,
        fingerprint="",
        engine=OnnxEngine(onnx, where=artefact.name),
        averaging=artefact.averaging,
    )
    features, descriptors = _measured(network, sample)
    try:
        return (
            fit_whitening(features, dim=options.dim, shrinkage=options.shrinkage) if options.dim else None,
            fit_whitening(descriptors, dim=options.colour_dim, shrinkage=options.colour_shrinkage)
            if options.colour
            else None,
        )
    except ValueError as error:  # such as copies of one photo
        raise InvalidRequest(f"the sample's photos are too much alike to whiten with: {error}") from error


def _measured(network: Network, sample: Sequence[Path]) -> tuple[np.ndarray, np.ndarray]:
    """The network's unit vectors (n, d) and the raw descriptors (n, k) of the photos."""
    features, descriptors = [], []
    for first in range(0, len(sample), _BATCH):
        photos = [Example(path, label="", group=path.name) for path in sample[first : first + _BATCH]]
        images = [prepare(open_picture(one, network.preprocess.resize), network.preprocess) for one in photos]
        features += [each.vector for each in embed(network, images)]
        descriptors.append(described(images))
    return np.stack(features), np.concatenate(descriptors)
