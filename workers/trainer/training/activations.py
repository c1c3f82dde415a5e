"""What frozen blocks make of pictures, computed once: later epochs start where learning starts."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import torch
from torch import nn

from shared.errors import InvalidRequest
from workers.models.networks.blocks import BlockNetwork
from workers.trainer.data.sampling import in_order
from workers.trainer.progress import OnProgress, Throttled, silent
from workers.trainer.training.feeds import Feed

MOST_BYTES: Final = 6 * 2**30


def keep(feed: Feed, network: BlockNetwork, start: int, views: int, on_progress: OnProgress = silent) -> Feed:
    """The same pictures from block `start` on, those before being frozen; a view that is not random is one.

    It takes minutes, so `on_progress` hears of it: whoever wants the training to end says so there. Raises
    InvalidRequest where what the frozen blocks give has no room in memory.
    """
    if views == 0 or start == 0 or not len(feed.pictures):
        return feed
    views = views if feed.pictures.view.is_random else 1
    frozen = network.blocks[:start].eval()
    tell = Throttled(on_progress)
    kept = tuple(_activations(feed, frozen, view, views, tell) for view in range(views))
    return replace(feed, start=start, kept=kept)


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
            kept = _room(len(draws), given, views)
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


def _room(count: int, given: torch.Tensor, views: int) -> torch.Tensor:
    needed = views * count * given[0].numel() * given.element_size()
    if needed > MOST_BYTES:
        raise InvalidRequest(
            f"{views} views of {count} pictures would take {needed / 2**30:.1f} GiB between frozen and "
            f"learning blocks, {MOST_BYTES / 2**30:g} at most are kept: ask for fewer views, or for none"
        )
    return torch.empty((count, *given.shape[1:]), dtype=torch.float16)
