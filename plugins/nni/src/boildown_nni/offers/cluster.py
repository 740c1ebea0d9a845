"""Why the NNI backend does not cluster."""

from __future__ import annotations

from boildown import Refusal

CLUSTER_REFUSALS = (
    Refusal(
        op="cluster",
        reason="NNI 3.0 has no weight sharing; the torch, tflite, coreml and onnxruntime backends"
        " cluster",
    ),
)
