"""Which engine computes, and the one door to torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Final

from shared.errors import TusouError
from workers.models.engines.devices import check_device, choose_device
from workers.models.engines.threads import let_waiting_threads_sleep

ENGINES: Final = ("auto", "torch", "onnx")


def choose_engine(wanted: str, device: str) -> tuple[str, str]:
    """Engine and device, of auto, torch, onnx and auto, cpu, cuda. Raises TusouError for what is not there.

    `auto` is torch on a GPU, and on a CPU ONNX Runtime where it is installed. MobileNetV2 with 2 threads on 2
    cores that others use too: one image 6 ms, frozen torch 19; eight 53 ms, 234; a start 0.3 s and 190 MB
    with the network exported before, 3 s and 845 MB.
    """
    if wanted not in ENGINES:
        raise TusouError(f"there is no engine {wanted!r}; there are: {', '.join(ENGINES)}", code="no_engine")
    if wanted == "onnx":
        if device == "cuda":
            raise TusouError("the engine onnx computes on a CPU: TUSOU_DEVICE=cpu or auto", code="no_gpu")
        check_device(device)
        return "onnx", "cpu"
    chosen = choose_device(device)
    if wanted == "auto" and chosen == "cpu" and find_spec("onnxruntime") is not None:
        return "onnx", "cpu"
    return "torch", chosen


@contextmanager
def needs_torch(name: str) -> Iterator[None]:
    """Around an import of torch: its absence becomes an error that says what to install."""
    let_waiting_threads_sleep()
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in ("torch", "torchvision"):
            raise
        raise TusouError(
            f"the model {name} needs torch: pip install 'tusou[torch]'", code="torch_missing"
        ) from error
