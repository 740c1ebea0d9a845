"""JSON schema of what a step may say `with: {nni: …}`."""

from __future__ import annotations

from typing import Any

#: What each class of NNI takes beside the network, its configuration and its evaluator.
PRUNERS: dict[str, tuple[str, ...]] = {
    "Level": (),
    "L1Norm": (),
    "L2Norm": (),
    "FPGM": (),
    "Slim": ("training_steps", "regular_scale"),
    "Taylor": ("training_steps",),
    "Movement": ("warmup_step", "cooldown_begin_step", "regular_scale"),
}
#: LsqPlus is left out: its zero point begins at 127, which loses what is signed or symmetric.
QUANTIZERS = ("Ptq", "QAT", "Lsq", "DoReFa", "BNN")
SCHEDULES = ("interval_steps", "total_times")
_COUNT = {"type": "integer", "minimum": 1}

#: By operation.
SETTINGS: dict[Any, dict[str, Any]] = {
    "quantize": {
        "type": "object",
        "properties": {
            "quantizer": {
                "enum": list(QUANTIZERS),
                "description": "Class of NNI (`Lsq` is LsqQuantizer) instead of PtqQuantizer, or"
                " with `train` QATQuantizer, and for one bit BNNQuantizer.",
            },
            "arguments": {
                "type": "object",
                "properties": {"quant_start_step": {"type": "integer", "minimum": 0}},
                "additionalProperties": False,
                "description": "Arguments of that class.",
            },
            "reduce_range": {
                "type": "boolean",
                "description": "Use 7 of 8 bits for the weights of static int8.",
            },
        },
        "additionalProperties": False,
    },
    "prune": {
        "type": "object",
        "properties": {
            "pruner": {
                "enum": list(PRUNERS),
                "description": "Class of NNI (`L1Norm` is L1NormPruner) instead of the one that the"
                " criterion stands for.",
            },
            "arguments": {
                "type": "object",
                "properties": {
                    "training_steps": _COUNT,
                    "regular_scale": {"type": "number", "exclusiveMinimum": 0},
                    "warmup_step": {"type": "integer", "minimum": 0},
                    "cooldown_begin_step": _COUNT,
                    "interval_steps": _COUNT,
                    "total_times": _COUNT,
                },
                "additionalProperties": False,
                "description": "Arguments of that class, and of LinearPruner and AGPPruner"
                " (`interval_steps`, `total_times`).",
            },
        },
        "additionalProperties": False,
    },
    "distill": {
        "type": "object",
        "properties": {
            "distiller": {
                "enum": ["DynamicLayerwise", "Adaptive1dLayerwise"],
                "description": "Class of NNI (`DynamicLayerwise` is DynamicLayerwiseDistiller).",
            }
        },
        "additionalProperties": False,
    },
}
