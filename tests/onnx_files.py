"""Small ONNX files made by hand, for tests that ask how a file is served and not how good it is."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

CROP = 8
LABELS = ("dark", "bright")
# Left and right half, red, green, blue: what a mirror changes can be seen in the vector.
DIM = 6
PARAMETERS = {"head.weight": np.array([[-1.0] * DIM, [1.0] * DIM], np.float32) / 100}


def halves(*, output: str = "features") -> bytes:
    """pixels (n, 8, 8, 3) uint8 -> features (n, 6), each half's mean colour and 1, and logits (n, 2)."""
    steps = [
        helper.make_node("Cast", ["pixels"], ["numbers"], to=TensorProto.FLOAT),
        helper.make_node("Reshape", ["numbers", "shape"], ["parts"]),  # (n, 8, 2 halves, 4, 3)
        helper.make_node("ReduceMean", ["parts", "axes"], ["means"], keepdims=0),  # (n, 2, 3)
        helper.make_node("Add", ["means", "one"], ["brighter"]),  # a black photo has a direction too
        helper.make_node("Flatten", ["brighter"], [output]),
        helper.make_node("Gemm", [output, "weight"], ["logits"], transB=1),
    ]
    constants = {
        "shape": np.array([-1, CROP, 2, CROP // 2, 3], np.int64),
        "one": np.float32([1]),
        "axes": np.array([1, 3], np.int64),
        "weight": PARAMETERS["head.weight"],
    }
    graph = helper.make_graph(
        steps,
        "halves",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["n", CROP, CROP, 3])],
        [
            helper.make_tensor_value_info(output, TensorProto.FLOAT, ["n", DIM]),
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", len(LABELS)]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    onnx.checker.check_model(model)
    data: bytes = model.SerializeToString()
    return data


def yolox(raw: np.ndarray, *, side: int = 32, names: str = "") -> bytes:
    """A detector that says `raw` (1, cells, 5 + classes) of every picture; `names` goes into its metadata."""
    graph = helper.make_graph(
        [helper.make_node("Constant", [], ["output"], value=numpy_helper.from_array(raw.astype(np.float32)))],
        "yolox",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, list(raw.shape))],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    if names:
        helper.set_model_props(model, {"names": names})
    data: bytes = model.SerializeToString()
    return data
