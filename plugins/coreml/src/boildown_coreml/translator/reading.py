"""Read an ML Program and its weights back from the `.mlpackage` on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from boildown import UnsupportedError

from ..toolkit import ct, load_program, silently

if TYPE_CHECKING:
    from pathlib import Path

_MAIN = "main"


def read_description(path: Path) -> Any:
    """Return what a saved file, of either format, says of itself (a message of the protocol)."""
    with silently():
        return ct.utils.load_spec(str(path)).description


def read_program(package: Path) -> Any:
    """Return the function `main` of a saved ML Program (coremltools' `mil.Function`).

    Its weights are read from the package's own files. Raises UnsupportedError where the package
    holds something else, has several functions or keeps a state.
    """
    with silently():
        spec = ct.utils.load_spec(str(package))
        kind = spec.WhichOneof("Type")
        if kind != "mlProgram":
            raise UnsupportedError(f"{package.name} holds a {kind}, not an ML Program")
        if spec.description.state:
            raise UnsupportedError(f"{package.name} keeps a state between calls, which ONNX cannot")
        weights = ct.models.MLModel(str(package), skip_model_load=True).weights_dir
        functions = load_program(spec, spec.specificationVersion, weights).functions
    if list(functions) != [_MAIN]:
        raise UnsupportedError(f"{package.name} has the functions {sorted(functions)}, not one")
    return functions[_MAIN]
