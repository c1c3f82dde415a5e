"""How fast it learns, step by step."""

from __future__ import annotations

import math


def share_of_rate(step: int, steps: int, warmup: float) -> float:
    """The share of the highest rate: a straight rise for `warmup` of all steps, then half a cosine.

    Goyal and others, "Accurate, large minibatch SGD" (2017), 2.2; Loshchilov and Hutter, "SGDR" (ICLR 2017),
    equation 5 without restarts. Never 0: the first and the last step learn too.
    """
    rising = math.ceil(steps * warmup)
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))
