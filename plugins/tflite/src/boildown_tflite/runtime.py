"""Run a `.tflite` file in LiteRT with XNNPACK's kernels, on this computer's CPU."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from boildown import DataError, ModelError, Port, Ports, hushed

# Whoever measures imports this module first, so that loading is the model's time alone.
with hushed():
    from ai_edge_litert.interpreter import Interpreter

from .layout import channels_first, channels_last, is_turned

if TYPE_CHECKING:
    from boildown import Artifact, Context


class LiteRuntime:
    """A loaded file (a `boildown.Runtime`); an interpreter serves one thread at a time."""

    def __init__(self, deployable: Artifact, context: Context) -> None:
        """Load `deployable` with `context.threads` threads.

        Raises ModelError where LiteRT takes it for damaged or cannot prepare it.
        """
        path = str(deployable.path)
        try:
            with hushed():  # XNNPACK announces itself on standard error
                self._interpreter = Interpreter(model_path=path, num_threads=context.threads)
                self._interpreter.allocate_tensors()
                runner = self._interpreter.get_signature_runner()
                found: dict[str, Any] = runner.get_input_details()
                made: dict[str, Any] = runner.get_output_details()
        except (ValueError, RuntimeError) as error:
            raise ModelError(f"{path}: LiteRT cannot load it: {error}") from error
        # A signature lists its ports by the alphabet; the graph has them in the source's order.
        self._inputs = _ordered(found, self._interpreter.get_input_details())
        self._outputs = _ordered(made, self._interpreter.get_output_details())
        self._shapes = {n: tuple(map(int, port["shape"])) for n, port in self._inputs.items()}
        first = next(iter(self._inputs.values()), None)
        signature = () if first is None else tuple(first["shape_signature"])
        self._fixed = int(signature[0]) if signature and signature[0] > 0 else None

    def run(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return the outputs by name; `inputs` hold any number of samples, NCHW, batch first.

        Integer ports are fed and read as real numbers, by the scales of the file. Where the file
        fixes its batch, samples go through in pieces, the last filled up with its last sample.
        Raises DataError if an input is missing or unknown.
        """
        if inputs.keys() != self._inputs.keys():
            raise DataError(
                f"the model has the inputs {sorted(self._inputs)}, but got {sorted(inputs)}"
            )
        total = len(next(iter(inputs.values()))) if inputs else 0
        if self._fixed is None or self._fixed == total:
            return self._batch(inputs)
        pieces = [
            self._batch({name: _piece(array, start, self._fixed) for name, array in inputs.items()})
            for start in range(0, total, self._fixed)
        ]
        return {name: np.concatenate([p[name] for p in pieces])[:total] for name in self._outputs}

    def ports(self) -> Ports:
        """Return what the file takes and gives, in its own layout and types."""
        return Ports(
            inputs=tuple(_port(name, port) for name, port in self._inputs.items()),
            outputs=tuple(_port(name, port) for name, port in self._outputs.items()),
        )

    def _batch(self, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        fed = {name: _to_port(array, self._inputs[name]) for name, array in inputs.items()}
        shapes = {name: array.shape for name, array in fed.items()}
        if shapes != self._shapes:
            self._resize(shapes)
        for name, array in fed.items():
            self._interpreter.set_tensor(self._inputs[name]["index"], array)
        self._interpreter.invoke()
        return {
            name: _from_port(self._interpreter.get_tensor(port["index"]), port)
            for name, port in self._outputs.items()
        }

    def _resize(self, shapes: dict[str, tuple[int, ...]]) -> None:
        self._shapes = {}  # an input that is refused leaves others resized
        with hushed():
            for name, shape in shapes.items():
                index = self._inputs[name]["index"]
                try:
                    self._interpreter.resize_tensor_input(index, shape, strict=True)
                except (ValueError, RuntimeError) as error:
                    raise DataError(f"the input {name!r} cannot be {shape}: {error}") from error
            self._interpreter.allocate_tensors()
        self._shapes = shapes


def _ordered(named: dict[str, Any], ports: list[Any]) -> dict[str, Any]:
    places = {int(port["index"]): place for place, port in enumerate(ports)}
    return dict(sorted(named.items(), key=lambda item: places[int(item[1]["index"])]))


def _port(name: str, port: Any) -> Port:
    shape = tuple(map(int, port["shape_signature"]))
    scale, zero = port["quantization"]
    return Port(
        name=name,
        dtype=np.dtype(port["dtype"]).name,
        shape=tuple(length if length > 0 else "N" for length in shape),
        layout="nhwc" if is_turned(shape) else "",
        scale=float(scale) if scale else None,
        zero_point=int(zero) if scale else None,
    )


def _piece(array: np.ndarray, start: int, size: int) -> np.ndarray:
    piece = array[start : start + size]
    missing = size - len(piece)
    return np.concatenate([piece, np.repeat(piece[-1:], missing, axis=0)]) if missing else piece


def _to_port(array: np.ndarray, port: Any) -> np.ndarray:
    array = channels_last(array)
    wanted, (scale, zero) = np.dtype(port["dtype"]), port["quantization"]
    if wanted.kind in "iu" and scale:
        limits = np.iinfo(wanted)
        array = np.clip(np.round(array / np.float32(scale)) + zero, limits.min, limits.max)
    return array.astype(wanted, copy=False)


def _from_port(array: np.ndarray, port: Any) -> np.ndarray:
    scale, zero = port["quantization"]
    if array.dtype.kind in "iu" and scale:
        array = (array.astype(np.float32) - np.float32(zero)) * np.float32(scale)
    return channels_first(array)
