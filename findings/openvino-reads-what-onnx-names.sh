#!/usr/bin/env bash
# Guess before running: a model that OpenVINO reads from bytes in memory has no folder, so an ONNX file whose tensors name
# another file for their numbers (external data) is refused.
# What happens, with openvino 2026.4.1: read_model(bytes) looks for that file from wherever the program runs, and reads it.
set -euo pipefail
venv=$(mktemp -d); trap 'rm -rf "$venv"' EXIT
python3 -m venv "$venv"
"$venv/bin/pip" install -q openvino==2026.4.1 onnx==1.23.2 numpy 2>/dev/null
cd "$venv"
bin/python - <<'PY'
import sys

sys.modules["openvino_telemetry"] = None  # it tells nobody
import numpy as np
import openvino
from onnx import TensorProto, helper

weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4, 2], data_location=TensorProto.EXTERNAL)
weight.external_data.add(key="location", value="secret.bin")
value = helper.make_tensor_value_info
graph = helper.make_graph(
    [helper.make_node("MatMul", ["x", "w"], ["y"])], "g",
    [value("x", TensorProto.FLOAT, [1, 4])], [value("y", TensorProto.FLOAT, [1, 2])], [weight],
)  # fmt: skip
data = helper.make_model(graph, ir_version=9, opset_imports=[helper.make_opsetid("", 17)]).SerializeToString()
np.arange(8, dtype=np.float32).tofile("secret.bin")
core = openvino.Core()
answer = core.compile_model(core.read_model(data), "CPU")(np.ones((1, 4), np.float32))[0]
print(f"openvino {openvino.__version__}: {len(data)} bytes answer {answer.tolist()}, the sums of secret.bin's columns")
assert answer.tolist() == [[12.0, 16.0]], "the file beside the program was not read"
PY
# Seen: openvino 2026.4.1-22982-e213a147257-releases/2026/4: 111 bytes answer [[12.0, 16.0]], the sums of its columns
