"""From a name to a network: from scratch, or with published weights in its blocks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shared.errors import InvalidRequest
from workers.models.networks.blocks import BlockNetwork
from workers.models.networks.catalogue import NETWORKS, Own, Published
from workers.models.networks.cuts import transformer
from workers.models.preprocessing.preprocess import Preprocess
from workers.models.published.preprocess import published_preprocess
from workers.models.weights.find import FetchObject, find_weights
from workers.models.weights.load import load_found, unfit


def build(
    name: str,
    *,
    classes: int,
    dim: int | None = None,
    dropout: float = 0.0,
    weights: str | None = None,
    fetch_object: FetchObject | None = None,
) -> BlockNetwork:
    """Blocks of `name` and a new head; random numbers come from torch's global generator.

    `weights` is a file, or a folder of `<name>.pth`, or "" for what `fetch_object` has, else for
    torchvision's own download; None starts from scratch. `dim` is the width of the embedding, None that of
    the features. Raises InvalidRequest for an unknown name, WeightsMissing, and TusouError for weights of
    another network.
    """
    found = _of(name)
    if isinstance(found, Own):
        if weights is not None:
            raise InvalidRequest(f"there are no published weights of {name}: train it from scratch")
        blocks, features = found.blocks(), found.features
    else:
        net = found.build()
        if weights is not None:
            _fill(name, net, found, weights, fetch_object)
        blocks, features = found.cut(net), net.get_submodule(found.head).in_features
    return BlockNetwork(blocks, features=features, classes=classes, dim=dim, dropout=dropout)


def preprocess_of(name: str, side: int | None = None, *, keep_margin: bool = False) -> Preprocess:
    """What `name` was made for; `side` asks for other squares, the rest of the picture in proportion.

    With `keep_margin` the square is as wide as the picture's short side. Raises InvalidRequest where the
    network has one size only.
    """
    found = _of(name)
    preprocess = (
        found.preprocess
        if isinstance(found, Own)
        else found.preprocess or published_preprocess(found.weights)
    )
    if side is not None and side != preprocess.crop:
        if isinstance(found, Own) or found.cut is transformer:
            raise InvalidRequest(f"{name} takes squares of {preprocess.crop} pixels only")
        resize = round(preprocess.resize * side / preprocess.crop)
        preprocess = replace(preprocess, crop=side, resize=resize)
    return replace(preprocess, resize=preprocess.crop) if keep_margin else preprocess


def _of(name: str) -> Own | Published:
    if name not in NETWORKS:
        raise InvalidRequest(f"there is no network {name!r}; there are: {', '.join(NETWORKS)}")
    return NETWORKS[name]


def _fill(name: str, net: Any, found: Published, weights: str, fetch_object: FetchObject | None) -> None:
    source = find_weights(name, weights=weights or None, fetch_object=fetch_object)
    state = load_found(name, found.weights, source)
    try:
        net.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise unfit(name, f"they are another network's: {error}") from error
