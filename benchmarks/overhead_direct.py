"""The job of benchmarks/overhead.py without boildown: ONNX Runtime's quantizer called directly.

    python benchmarks/overhead_direct.py MODEL.onnx DATA.npz QUANTIZED.onnx

The calls are those of the ready recipe int8-static: batch norms folded, least and greatest values
over batches of 16 in an optimized session of one thread, uint8 activations, int8 weights of 7 bits
for each channel, float biases. The network's input is named `input`.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnxruntime.quantization import CalibrationDataReader, QuantType
from onnxruntime.quantization.calibrate import MinMaxCalibrater
from onnxruntime.quantization.qdq_quantizer import QDQQuantizer
from onnxruntime.quantization.shape_inference import quant_pre_process

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
BATCH = 16


# The base class is untyped.
class Images(CalibrationDataReader):  # type: ignore[misc]
    """Batches of 8-bit images, made into the network's input."""

    def __init__(self, path: Path) -> None:
        """Read the images."""
        with np.load(path) as arrays:
            self._images = arrays["calibration_x"]
        self._at = 0

    def get_next(self) -> dict[str, np.ndarray] | None:
        """Return the next batch, None behind the last."""
        batch = self._images[self._at : self._at + BATCH].astype(np.float32) / 255
        self._at += BATCH
        mean, std = (np.array(values, np.float32).reshape(3, 1, 1) for values in (MEAN, STD))
        return {"input": (batch - mean) / std} if len(batch) else None


def session(path: Path) -> onnxruntime.InferenceSession:
    """Open a model with one thread and all optimizations."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def quantize(source: Path, data: Path, target: Path) -> None:
    """Quantize one model."""
    with tempfile.TemporaryDirectory() as name:
        folded, reduced = Path(name, "folded.onnx"), Path(name, "reduced.onnx")
        quant_pre_process(source, folded, skip_symbolic_shape=True)
        calibrater = MinMaxCalibrater(folded, augmented_model_path=str(reduced))
        calibrater.augment_graph()
        calibrater.infer_session = session(reduced)
        calibrater.collect_data(Images(data))
        quantizer = QDQQuantizer(
            onnx.load(folded),
            per_channel=True,
            reduce_range=True,
            weight_qType=QuantType.QInt8,
            activation_qType=QuantType.QUInt8,
            tensors_range=calibrater.compute_data(),
            nodes_to_quantize=[],
            nodes_to_exclude=[],
            op_types_to_quantize=["Conv", "Gemm", "MatMul", "Add", "MaxPool", "GlobalAveragePool"],
            extra_options={"QuantizeBias": False, "MatMulConstBOnly": True},
        )
        quantizer.quantize_model()
        onnx.save(quantizer.model.model, target)


if __name__ == "__main__":
    quantize(*map(Path, sys.argv[1:]))
