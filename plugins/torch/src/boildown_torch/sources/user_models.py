"""A network that the user's own function returns. The code of that function runs."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import TYPE_CHECKING, cast

import torch
from boildown import ModelEntry, ModelError, UriError, Warned, did_you_mean
from torch import nn

from ..quiet import quietly
from .weights import load_weights
from .writing import write_onnx

if TYPE_CHECKING:
    from collections.abc import Callable

    from boildown import Uri

_SHAPE = "3x224x224"
RANDOM = "its weights are what its function leaves in it (seed 0): no weights= was given"


def user_model(asked: Uri, folder: Path) -> ModelEntry:
    """Write what `package.module:factory` returns as `model.onnx` below `folder`.

    Raises UriError where there is no such module or function, ModelError where it fails or returns
    something else than a network, or where the weights do not fit.
    """
    shape = _shape(asked)
    factory = _factory(asked)
    torch.manual_seed(0)
    try:
        with quietly():
            module = factory()
    except Exception as error:
        raise ModelError(
            f"'{asked}': the function failed ({type(error).__name__}: {error})"
        ) from error
    if not isinstance(module, nn.Module):
        raise ModelError(
            f"'{asked}': the function returned {type(module).__name__}, no torch.nn.Module"
        )
    weights = asked.query.get("weights")
    if weights is not None:
        load_weights(module, Path(weights).expanduser())
    write_onnx(module, shape, folder / "model.onnx")
    note = Warned(code="NOTE", text=f"{asked.path}: {RANDOM}")
    return ModelEntry(
        uri=str(asked),
        path=folder / "model.onnx",
        description=f"{asked.path}, {'x'.join(map(str, shape))}, "
        + (f"weights of {weights}" if weights is not None else RANDOM),
        warnings=() if weights is not None else (note,),
    )


def _factory(asked: Uri) -> Callable[[], object]:
    name, _, function = asked.path.partition(":")
    try:
        with quietly():
            module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise UriError(
            f"'{asked}': there is no module {error.name!r}; run boildown in the folder that holds"
            " it, or install it"
        ) from error
    except Exception as error:
        raise ModelError(
            f"'{asked}': importing {name} failed ({type(error).__name__}: {error})"
        ) from error
    found = getattr(module, function, None)
    if not callable(found):
        raise UriError(
            f"'{asked}': {name} has no function {function!r}{did_you_mean(function, dir(module))}"
        )
    return cast("Callable[[], object]", found)


def _shape(asked: Uri) -> tuple[int, ...]:
    text = asked.query.get("shape", _SHAPE)
    parts = text.split("x")
    if not all(part.isdecimal() and int(part) > 0 for part in parts):
        raise UriError(f"'{asked}': shape={text} must be that of one sample, as in {_SHAPE}")
    return tuple(map(int, parts))
