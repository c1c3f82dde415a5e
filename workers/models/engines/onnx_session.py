"""ONNX Runtime on a CPU: sessions made one way for networks and detectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from shared.errors import TusouError
from workers.models.engines.cores import cores


def open_session(data: bytes, *, where: str, threads: int = 0) -> Any:
    """An `onnxruntime.InferenceSession` of the file's bytes; `threads` 0 means all cores.

    Raises TusouError where the runtime is not installed or `data` is no network that it can run.
    """
    try:
        import onnxruntime
    except ModuleNotFoundError as error:
        if error.name != "onnxruntime":
            raise
        raise TusouError(
            f"{where} needs ONNX Runtime: pip install 'tusou[onnx]'", code="onnx_missing"
        ) from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or cores()
    # Threads that wait for each other sleep: a worker shares its cores with others (see registry.py).
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    # All numbers are in the file, whose hash is known. Those kept beside it would be read from wherever the
    # process happens to run: there is no such folder.
    options.add_session_config_entry(
        "session.model_external_initializers_file_folder_path", str(Path(__file__).with_name("nowhere"))
    )
    options.log_severity_level = 3  # its warnings tell of graph optimisations, not of trouble
    try:
        return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its errors share no other base
        if type(error).__module__.partition(".")[0] != "onnxruntime":
            raise
        raise TusouError(f"{where} cannot be run: {error}", code="onnx_unreadable") from error
