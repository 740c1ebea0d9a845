"""Import torchvision, beside whatever build of PyTorch there is."""

from __future__ import annotations

import functools
import importlib
import sys
from typing import TYPE_CHECKING

import torch
from boildown import UnsupportedError

if TYPE_CHECKING:
    from types import ModuleType

#: Operators whose schemas torchvision's own library defines, if it loads.
_LOST = ("nms", "qnms")
_SCHEMA = "{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"


@functools.cache
def torchvision_models() -> ModuleType:
    """Return `torchvision.models`; UnsupportedError where it is not installed.

    Beside a build of PyTorch other than the one that torchvision was built for (a CPU build beside
    a wheel for CUDA), its compiled operators do not load. Networks for classification need none of
    them, but their schemas must be there.
    """
    try:
        return importlib.import_module("torchvision.models")
    except ModuleNotFoundError as error:
        raise UnsupportedError(
            "torchvision is not installed; try `pip install 'boildown-torch[torchvision]'`"
        ) from error
    except RuntimeError:
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        for name in _LOST:
            _library().define(_SCHEMA.format(name=name))  # type: ignore[no-untyped-call]
        return importlib.import_module("torchvision.models")


@functools.cache
def _library() -> torch.library.Library:
    # Its schemas live as long as it does.
    return torch.library.Library("torchvision", "FRAGMENT")  # type: ignore[no-untyped-call]
