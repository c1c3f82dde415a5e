"""What frozen blocks make of pictures, computed once: later epochs start where learning starts."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import torch
from torch import nn

from workers.models.networks.blocks import BlockNetwork
from workers.trainer.data.sampling import in_order
from workers.trainer.progress import OnProgress, Throttled, silent
from workers.trainer.training.feeds import Feed

# The same on every machine: how many views are kept decides what is learnt.
MOST_BYTES: Final = 6 * 2**30


def keep(feed: Feed, network: BlockNetwork, start: int, views: int, on_progress: OnProgress = silent) -> Feed:
    """The same pictures from block `start` on, those before being frozen; a view that is not random is one.

    As many of the `views` are kept as have room in MOST_BYTES. Where not one has, none is, and pictures go
    through all blocks each time. It takes minutes, so `on_progress` hears of it: whoever wants the training
    to end says so there.
    """
    if views == 0 or start == 0 or not len(feed.pictures):
        return feed
    frozen = network.blocks[:start].eval()
    room = MOST_BYTES // (len(feed.pictures) * _bytes_of_one(feed, frozen))
    views = min(views if feed.pictures.view.is_random else 1, room)
    if views == 0:
        return feed
    tell = Throttled(on_progress)
    kept = tuple(_activations(feed, frozen, view, views, tell) for view in range(views))
    return replace(feed, start=start, kept=kept)


@torch.no_grad()
def _bytes_of_one(feed: Feed, blocks: nn.Module) -> int:
    """What the blocks give for one picture, in float16."""
    batch = next(feed.batches(in_order(len(feed.pictures))[:1], 0, whole=False))
    return 2 * int(blocks(batch.inputs)[0].numel())


@torch.no_grad()
def _activations(feed: Feed, blocks: nn.Module, view: int, views: int, tell: Throttled) -> torch.Tensor:
    """(n, ...) float16 on the CPU: what the blocks give for view number `view` of every picture."""
    draws = [replace(draw, round=view) for draw in in_order(len(feed.pictures))]
    kept: torch.Tensor | None = None
    compute: Callable[[torch.Tensor], torch.Tensor] = blocks
    done = 0
    for batch in feed.batches(draws, view, whole=False):
        if kept is None:
            compute = _as_graph(blocks, batch.inputs)
        given = compute(batch.inputs).half().cpu()
        if kept is None:
            kept = torch.empty((len(draws), *given.shape[1:]), dtype=torch.float16)
        kept[done : done + len(given)] = given
        done += len(given)
        tell({"event": "caching", "done": view * len(draws) + done, "of": views * len(draws)})
    assert kept is not None
    return kept


def _as_graph(blocks: nn.Module, inputs: torch.Tensor) -> Callable[[torch.Tensor], torch.Tensor]:
    """On a CPU with batch normalisation folded in: MobileNetV2 takes 13 ms an image then, instead of 24."""
    eager: Callable[[torch.Tensor], torch.Tensor] = blocks
    if inputs.device.type == "cuda":
        return eager
    with warnings.catch_warnings():
        # Tracing warns of shapes it takes as constants: the crop is one, and the batch is not among them.
        warnings.simplefilter("ignore")
        graph: Callable[[torch.Tensor], torch.Tensor] = torch.jit.freeze(
            torch.jit.trace(eager, inputs, check_trace=False)
        )
    return graph
