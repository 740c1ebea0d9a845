"""Names of the columns of flat results, so that no metric takes one that stands for another."""

from __future__ import annotations

#: Columns that results have whatever their metrics are.
FIXED = frozenset((
    "number", "model", "machine", "test_sha256", "recipe", "backend", "status",
    "reason", "warnings",
    "limits_missed", "pareto", "pareto_reason",
    "path", "format", "bytes", "deflated_bytes", "size_ratio", "deflated_ratio",
    "bits_per_weight", "entropy_bits_per_weight", "parameters", "macs",
    "task", "measured_on", "agreement", "sqnr_db",
    "runtime", "device_verified", "batch", "threads", "latency_p50_ms", "latency_p90_ms",
    "load_ms", "first_ms", "cpu_seconds",
    "versus_same_runtime_float", "versus_same_runtime_float_low",
    "versus_same_runtime_float_high",
    "versus_onnxruntime_float", "versus_onnxruntime_float_low", "versus_onnxruntime_float_high",
    "peak_rss_bytes", "joules",
    "layers_changed", "layers_total", "bits", "sparsity", "distinct_values",
    "job_wall_seconds", "job_cpu_seconds", "job_peak_rss_bytes", "epochs",
))  # fmt: skip
#: What a metric has beside its value, in the order of `metric_columns`.
_BESIDE = ("n", "low", "high", "difference", "difference_low", "difference_high")


def metric_columns(name: str) -> tuple[str, ...]:
    """Return the columns of a metric: its value, n, both ends, and the same of its difference."""
    return (name, *(f"{name}_{what}" for what in _BESIDE))
