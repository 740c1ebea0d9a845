"""Read state dicts without running anything that they say."""

from __future__ import annotations

import pickle
import re
from collections import OrderedDict
from typing import TYPE_CHECKING

import torch
from boildown import ModelError, did_you_mean
from safetensors.torch import load_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor, nn

_SHOWN = 3
#: Names in files that torchvision has published -> those of its networks (DenseNet, ViT).
_OLD_NAMES = (
    (r"(denselayer\d+\.(?:norm|conv))\.([12]\.)", r"\1\2"),
    (r"\bmlp\.linear_1\.", "mlp.0."),
    (r"\bmlp\.linear_2\.", "mlp.3."),
)


def load_weights(module: nn.Module, path: Path) -> None:
    """Put a state dict into `module`, all of it and nothing else.

    Raises ModelError where the file is missing, is broken, holds more than tensors by name, or
    does not fit.
    """
    wanted = module.state_dict()
    read = _read(path)
    given = OrderedDict((_as_named_today(name, wanted), tensor) for name, tensor in read.items())
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
    # Some networks look for the version of what was saved, which safetensors does not keep.
    versions = getattr(read, "_metadata", None) or getattr(wanted, "_metadata", None)
    given._metadata = versions  # type: ignore[attr-defined]  # noqa: SLF001 - where torch has it
    module.load_state_dict(given)


def _as_named_today(name: str, wanted: Mapping[str, Tensor]) -> str:
    """Return the name that torchvision gives a tensor of its older files when it loads them."""
    for pattern, today in _OLD_NAMES:
        renamed = re.sub(pattern, today, name)
        if name not in wanted and renamed in wanted:
            return renamed
    return name


def _read(path: Path) -> Mapping[str, Tensor]:
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
    state: Mapping[str, Tensor] = found
    return state


def _few(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(map(repr, names[:_SHOWN])) + more
