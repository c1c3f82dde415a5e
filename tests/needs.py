"""What a test cannot run without: where an extra is missing it is skipped, and says which.

A file that needs one as a whole says so before its imports, by `pytest.importorskip`.
"""

from __future__ import annotations

import pytest


def need_torch() -> None:
    pytest.importorskip("torch", reason="torch is in the extra torch")
    pytest.importorskip("torchvision", reason="torchvision is in the extra torch")


def need_onnx_runtime() -> None:
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is in the extra onnx")


def need_onnx() -> None:
    """The package that makes ONNX files, and the one that runs them."""
    pytest.importorskip("onnx", reason="onnx is in the extra torch")
    need_onnx_runtime()


def need_safetensors() -> None:
    pytest.importorskip("safetensors", reason="safetensors is in the extra onnx")
