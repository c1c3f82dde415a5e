"""From a torch network to the ONNX file that `onnx_engine.OnnxEngine` runs."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import numpy as np
import torch
from torch import nn

from shared.errors import TusouError
from workers.models.engines.normalise import Normalise
from workers.models.engines.onnx_engine import FEATURES, INPUT, LOGITS, OnnxEngine
from workers.models.engines.torch_engine import Divided
from workers.models.preprocessing.preprocess import Preprocess

# The newest that the exporter writes without onnxscript; ONNX Runtime reads it since 1.14 (2023).
OPSET: Final = 18
# Relative: vectors that lie so far apart have a cosine of .9999.
MOST_APART: Final = 0.0141


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
        normalise = Normalise(preprocess)
        self.register_buffer("mean", normalise.mean)
        # A factor: int8 knows products, and no quotients.
        self.register_buffer("scale", 1 / normalise.std)

    def forward(self, pixels: torch.Tensor) -> tuple[torch.Tensor, ...]:
        batch = (pixels.permute(0, 3, 1, 2).float() - self.mean) * self.scale
        outputs: tuple[torch.Tensor, ...] = self.network(batch)
        return outputs


def to_onnx(
    body: nn.Module, head: nn.Module | None, preprocess: Preprocess, pool: nn.Module | None = None
) -> bytes:
    """An ONNX file: `pixels` (n, crop, crop, 3) uint8 RGB -> `features` (n, d), `logits` (n, labels).

    n is free; without a `head` there are no logits. `body`, `head` and `pool` are those of `Divided`, on the
    CPU; their mode is left as it was. The file is run before it is handed out. Raises TusouError where it
    does not agree with the network: one fingerprint stands for both.
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
    _check_agreement(file.getvalue(), network, preprocess)
    return file.getvalue()


@torch.no_grad()
def _check_agreement(onnx: bytes, network: _FromPixels, preprocess: Preprocess) -> None:
    """Of batches of one and of three, since what a trace takes for a constant shows in another size."""
    engine = OnnxEngine(onnx, where="the exported file", threads=1)
    was_training = network.training
    network.eval()
    shape = (3, preprocess.crop, preprocess.crop, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    for batch in (pixels[:1], pixels):
        expected = network(torch.from_numpy(batch))[0].numpy()
        try:
            found = engine.run(batch).features
        except Exception as error:  # ONNX Runtime's errors share no other base
            raise _disagrees(f"it cannot take {len(batch)} pictures: {error}") from error
        apart = np.linalg.norm(found - expected, axis=1)
        if not (apart <= MOST_APART * np.linalg.norm(expected, axis=1)).all():
            raise _disagrees(f"features lie {apart.max():.3g} apart")
    network.train(was_training)


def _disagrees(reason: str) -> TusouError:
    return TusouError(
        f"the exported ONNX file does not compute what its network does: {reason}", code="no_parity"
    )
