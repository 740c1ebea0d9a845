"""Train the last layer of a network by gradient descent, on labels and on a teacher's scores."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnx
from boildown import Context, DataError, Train, UnsupportedError, batches
from onnx import TensorProto, helper, numpy_helper


class OnnxSession:
    """A file in ONNX Runtime."""

    def __init__(self, model: Path | bytes, threads: int) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        content = model if isinstance(model, bytes) else model.read_bytes()
        self._session = onnxruntime.InferenceSession(content, options)
        self._names = [output.name for output in self._session.get_outputs()]

    def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        return dict(zip(self._names, self._session.run(None, inputs), strict=True))


class Teacher(NamedTuple):
    """Whose scores are imitated, how soft they are and what they weigh against the labels."""

    path: Path
    temperature: float
    alpha: float


def learn(
    proto: onnx.ModelProto, settings: Train, context: Context, teacher: Teacher | None = None
) -> int:
    """Train in place, zeros staying zeros, and return the number of passes."""
    nodes = [node for node in proto.graph.node if node.op_type == "Gemm"]
    if not nodes or any(axis.dim_value for axis in _shape(proto)[:1]):
        raise UnsupportedError(f"node {proto.graph.node[0].name!r}: no Gemm, or a fixed batch")
    if context.data is None:
        raise DataError("training needs data")
    features = OnnxSession(_until(proto, nodes[-1].input[0]), context.threads)
    scores = OnnxSession(teacher.path, context.threads) if teacher else None
    tensors = {tensor.name: tensor for tensor in proto.graph.initializer}
    tensor = tensors[nodes[-1].input[1]]
    weight = numpy_helper.to_array(tensor).astype(np.float64)
    mask, bias = weight != 0, numpy_helper.to_array(tensors[nodes[-1].input[2]])
    for epoch in range(settings.epochs):
        for batch in batches(
            context.data,
            "train",
            settings.batch_size,
            seed=context.seed,
            epoch=epoch,
            augment=settings.augment,
        ):
            given = next(iter(features.run(batch.inputs).values()))
            hard = np.eye(len(weight))[batch.labels]
            gradient = _softmax(given @ weight.T + bias) - hard
            if teacher and scores:
                soft = next(iter(scores.run(batch.inputs).values())) / teacher.temperature
                own = (given @ weight.T + bias) / teacher.temperature
                gradient *= 1 - teacher.alpha
                gradient += teacher.alpha * (_softmax(own) - _softmax(soft))
            weight -= settings.learning_rate * (gradient.T @ given) * mask
    tensor.CopyFrom(numpy_helper.from_array(weight.astype(np.float32), tensor.name))
    return settings.epochs


def _until(proto: onnx.ModelProto, tensor: str) -> bytes:
    short = onnx.ModelProto()
    short.CopyFrom(proto)
    del short.graph.output[:]
    short.graph.output.append(helper.make_tensor_value_info(tensor, TensorProto.FLOAT, None))
    content: bytes = short.SerializeToString()
    return content


def _shape(proto: onnx.ModelProto) -> list[onnx.TensorShapeProto.Dimension]:
    return list(proto.graph.input[0].type.tensor_type.shape.dim)


def _softmax(scores: np.ndarray) -> np.ndarray:
    raised = np.exp(scores - scores.max(1, keepdims=True))
    return raised / raised.sum(1, keepdims=True)
