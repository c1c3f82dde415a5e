"""The gateway's process is small: it imports no network, no index, no array and no picture library."""

from __future__ import annotations

import subprocess
import sys

FOREIGN = ("torch", "torchvision", "faiss", "numpy", "PIL", "onnxruntime", "pyarrow", "pandas")

PROGRAM = f"""
import sys
import services.gateway.__main__
import services.gateway.app
print(*(name for name in {FOREIGN!r} if name in sys.modules))
"""


def test_the_gateway_imports_nothing_that_computes() -> None:
    """In a process of its own, because the tests themselves import all of them."""
    run = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
