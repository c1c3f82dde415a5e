"""Random numbers that depend on what they are for, not on what was drawn before."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import torch


def seed_of(seed: int, purpose: str, *numbers: int) -> int:
    """63 bits of a hash: a resumed training draws what an undivided one would have drawn."""
    text = "/".join(str(part) for part in (seed, purpose, *numbers))
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


@contextmanager
def repeatable(device: str) -> Iterator[None]:
    """The same numbers on the same machine each time; torch's global generators are as before afterwards.

    Operations that have no repeatable form on a GPU warn and run (torch.use_deterministic_algorithms).
    """
    before = (
        torch.are_deterministic_algorithms_enabled(),
        torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    benchmark = torch.backends.cudnn.benchmark
    devices = [torch.cuda.current_device()] if device == "cuda" else []
    try:
        with torch.random.fork_rng(devices=devices):
            torch.use_deterministic_algorithms(True, warn_only=True)
            torch.backends.cudnn.benchmark = False
            yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        torch.backends.cudnn.benchmark = benchmark
