"""Which device computes. torch is asked, and so imported, only where there may be a GPU."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

from shared.errors import TusouError

DEVICES: Final = ("auto", "cpu", "cuda")
# What a GPU's driver leaves in the system: NVIDIA's, Windows' for its Linux guests, AMD's.
GPU_DRIVERS: Final = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")


def check_device(wanted: str) -> None:
    """Raises TusouError unless it is auto, cpu or cuda."""
    if wanted not in DEVICES:
        raise TusouError(f"there is no device {wanted!r}; there are: {', '.join(DEVICES)}", code="no_device")


def choose_device(wanted: str) -> str:
    """cpu or cuda, of auto, cpu or cuda. Raises TusouError for another one or a GPU that is not there."""
    check_device(wanted)
    if wanted == "cpu":
        return "cpu"
    if wanted == "auto" and not any(Path(each).exists() for each in GPU_DRIVERS):
        return "cpu"
    if find_spec("torch") is not None:
        import torch

        if torch.cuda.is_available():
            return "cuda"
    if wanted == "cuda":
        raise TusouError("TUSOU_DEVICE is cuda, but torch finds no GPU here; use auto or cpu", code="no_gpu")
    return "cpu"
