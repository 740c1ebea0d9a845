"""Remove from a model everything that says nothing about what it computes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx


def strip_noise(model: onnx.ModelProto) -> None:
    """Drop names of tools, texts, notes and inferred shapes, in place."""
    for field in (
        "producer_name", "producer_version", "domain", "model_version", "doc_string",
        "metadata_props", "training_info", "functions", "configuration",
    ):  # fmt: skip
        model.ClearField(field)
    graph = model.graph
    for field in ("doc_string", "value_info", "quantization_annotation", "metadata_props"):
        graph.ClearField(field)
    graph.name = "model"
    for node in graph.node:
        for field in ("doc_string", "metadata_props", "device_configurations", "overload"):
            node.ClearField(field)
        for item in node.attribute:
            item.ClearField("doc_string")
    for named in (*graph.initializer, *graph.input, *graph.output):
        named.ClearField("doc_string")
        named.ClearField("metadata_props")
    for value in (*graph.input, *graph.output):
        # Some exporters write 0 or -1 for "any length".
        for length in value.type.tensor_type.shape.dim:
            if length.HasField("dim_value") and length.dim_value <= 0:
                length.ClearField("dim_value")
    _declare_used_domains(model)
    model.DiscardUnknownFields()


def name_standard_domain(model: onnx.ModelProto) -> None:
    """Give the standard operators the empty domain, in place; `ai.onnx` is its other name."""
    for item in (*model.opset_import, *model.graph.node):
        if item.domain == "ai.onnx":
            item.ClearField("domain")


def _declare_used_domains(model: onnx.ModelProto) -> None:
    """Keep the operator sets that nodes use, sorted."""
    used = {"", *(node.domain for node in model.graph.node)}
    versions = {item.domain: item.version for item in model.opset_import}
    versions.setdefault("", 1)
    del model.opset_import[:]
    for domain in sorted(used & versions.keys()):
        declared = model.opset_import.add()
        declared.domain, declared.version = domain, versions[domain]
