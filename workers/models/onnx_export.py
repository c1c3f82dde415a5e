"""From a torch network to the ONNX file that `onnx_net.OnnxEngine` runs."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import torch
from torch import nn

from workers.models.onnx_net import FEATURES, INPUT, LOGITS
from workers.models.preprocess import Preprocess
from workers.models.torch_engine import Divided

# The newest that the exporter writes without onnxscript; ONNX Runtime reads it since 1.14 (2023).
OPSET: Final = 18


@contextmanager
def _attention_in_steps() -> Iterator[None]:
    """Without torch's fused attention, for which ONNX has no operator."""
    before = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        yield
    finally:
        torch.backends.mha.set_fastpath_enabled(before)


class _FromPixels(nn.Module):
    """The network with mean and deviation before it."""

    def __init__(self, network: Divided, preprocess: Preprocess) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("mean", torch.tensor(preprocess.mean).view(1, 3, 1, 1) * 255)
        self.register_buffer("scale", 1 / (torch.tensor(preprocess.std).view(1, 3, 1, 1) * 255))

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        batch = (pixels.permute(0, 3, 1, 2).float() - self.mean) * self.scale
        outputs: tuple[torch.Tensor, ...] = self.network(batch)
        return outputs


def to_onnx(
    body: nn.Module, head: nn.Module | None, preprocess: Preprocess, pool: nn.Module | None = None
) -> bytes:
    """An ONNX file: `pixels` (n, crop, crop, 3) uint8 RGB -> `features` (n, d), `logits` (n, labels).

    n is free; without a `head` there are no logits. `body`, `head` and `pool` are those of `Divided`, on the
    CPU; their mode is left as it was.
    """
    network = _FromPixels(Divided(body, head, pool), preprocess)
    outputs = [FEATURES] if head is None else [FEATURES, LOGITS]
    # Two images: with one, the exporter would take the batch for a constant.
    example = torch.zeros(2, preprocess.crop, preprocess.crop, 3, dtype=torch.uint8)
    file = io.BytesIO()
    with torch.no_grad(), warnings.catch_warnings(), _attention_in_steps():
        # It warns that it is the old exporter (the new one needs onnxscript), and of fixed shapes.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (example,),
            file,
            input_names=[INPUT],
            output_names=outputs,
            dynamic_axes={name: {0: "n"} for name in (INPUT, *outputs)},
            opset_version=OPSET,
            dynamo=False,
        )
    return file.getvalue()
