"""Read state dicts without running anything that they say."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import torch
from boildown import ModelError, did_you_mean
from safetensors.torch import load_file

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor, nn

_SHOWN = 3


def load_weights(module: nn.Module, path: Path) -> None:
    """Put a state dict into `module`, all of it and nothing else.

    Raises ModelError where the file is missing, is broken, holds more than tensors by name, or
    does not fit.
    """
    given, wanted = _read(path), module.state_dict()
    missing, odd = sorted(wanted.keys() - given.keys()), sorted(given.keys() - wanted.keys())
    if missing or odd:
        parts = [f"lacks {_few(missing)}"] * bool(missing)
        hint = did_you_mean(odd[0], missing) if odd else ""
        parts += [f"has {_few(odd)} that the network has not{hint}"] * bool(odd)
        raise ModelError(f"{path} does not fit the network: it {' and '.join(parts)}")
    for name, tensor in given.items():
        if tensor.shape != wanted[name].shape:
            raise ModelError(
                f"{path} does not fit the network: {name!r} has the shape {list(tensor.shape)}, the"
                f" network wants {list(wanted[name].shape)}; is it the same network with the same"
                " number of classes (num_classes=…)?"
            )
    module.load_state_dict(given)


def _read(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise ModelError(f"there is no weights file {path}")
    try:
        if path.suffix == ".safetensors":
            return dict(load_file(path))
        found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise ModelError(
            f"{path} is a pickle that holds more than tensors, or none at all; loading it could"
            " run any code. Save the network's state_dict() alone, best as .safetensors"
        ) from error
    except Exception as error:  # a broken file raises anything
        why = " ".join(str(error).split())[:200]
        text = f"{path} cannot be read as weights ({type(error).__name__}: {why})"
        raise ModelError(text) from error
    plain = isinstance(found, dict) and all(
        isinstance(name, str) and isinstance(value, torch.Tensor) for name, value in found.items()
    )
    if not plain:
        raise ModelError(
            f"{path} holds no state dict but {type(found).__name__}"
            f"{f' with {_few(sorted(map(str, found)))}' if isinstance(found, dict) else ''};"
            " save the network's state_dict() alone"
        )
    return dict(found)


def _few(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(map(repr, names[:_SHOWN])) + more
