"""Open a target: ONNX in ONNX Runtime, anything else through its backend."""

from __future__ import annotations

import importlib
import importlib.util
from contextlib import suppress
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np

from ..errors import PluginError
from ..plugins.registry import Backend, Registry
from .onnxruntime import OnnxRuntime

if TYPE_CHECKING:
    from ..plugins.values import Runtime
    from .requests import ModelIO, Sample, Target


def import_runtime(target: Target) -> None:
    """Import what opening `target` needs, so that loading is the model's time and memory alone.

    Backends keep their runtime in a module `runtime` beside the hooks, or, where they write
    several formats, in `runtime_<format>`. Where there is neither, the import counts as loading.
    """
    if target.backend is None:
        importlib.import_module("onnxruntime")
        return
    plugin = _backend(target).plugin
    package = plugin.__package__ if isinstance(plugin, ModuleType) else None
    for name in (f"runtime_{target.artifact.format}", "runtime") if package else ():
        if importlib.util.find_spec(f"{package}.{name}"):
            # What is missing may not be needed here; opening says what is.
            with suppress(ModuleNotFoundError):
                importlib.import_module(f"{package}.{name}")
            return


def open_target(target: Target) -> Runtime:
    """Load the model; raises what the runtime raises, UnsupportedError where it cannot run here."""
    if target.backend is None:
        return OnnxRuntime(target.artifact.path, target.threads)
    if target.context is None:
        raise PluginError(f"target {target.name!r} of {target.backend!r} comes without context")
    context = target.context.model_copy(update={"threads": target.threads})
    return _backend(target).open_runtime(target.artifact, context)


def batch_of(runtime: Runtime, io: ModelIO) -> int | None:
    """Return the batch size that must be kept, None: any.

    A backend's runtime takes every batch size that the source takes.
    """
    return runtime.batch if isinstance(runtime, OnnxRuntime) else io.batch


def sample_inputs(sample: Sample) -> dict[str, np.ndarray]:
    """Return the stored batch of inputs by name."""
    with np.load(sample.path, allow_pickle=False) as stored:
        return {name: stored[f"arr_{index}"] for index, name in enumerate(sample.names)}


def _backend(target: Target) -> Backend:
    return Registry().get(target.backend or "")
