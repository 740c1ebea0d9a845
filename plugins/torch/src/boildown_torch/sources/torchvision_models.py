"""A network of torchvision, its weights from a file or random, and how it wants its images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from boildown import ModelEntry, Preprocessing, UriError, Warned, did_you_mean
from torch import nn

from ..quiet import quietly
from .vision import torchvision_models
from .weights import load_weights
from .writing import write_onnx

if TYPE_CHECKING:
    from boildown import Uri

_IMAGENET = 1000
#: Networks whose published weights were trained on images scaled otherwise, which they then do.
_TRANSFORMING = ("googlenet", "inception_v3")
_SAMPLES = 4
_INTERPOLATIONS = {"bilinear": "bilinear", "bicubic": "bicubic", "nearest": "nearest"}
RANDOM = "its weights are random (seed 0): figures of size and speed hold, those of accuracy do not"


def torchvision_model(asked: Uri, folder: Path) -> ModelEntry:
    """Write the network as `model.onnx` below `folder`.

    Preprocessing and input size are those of torchvision's own newest weights of that network
    unless the URI gives a `size`; labels are ImageNet's where there are 1000 classes. Raises
    UriError for a name that torchvision has not, ModelError where the weights do not fit.
    """
    with quietly():
        models = torchvision_models()
    known = models.list_models(module=models)
    if asked.path not in known:
        raise UriError(
            f"'{asked}': torchvision has no classification network {asked.path!r}"
            f"{did_you_mean(asked.path, known)}; `python -c 'import torchvision.models as m;"
            " print(m.list_models(m))'` lists them"
        )
    trained = models.get_model_weights(asked.path).DEFAULT
    transforms = trained.transforms()
    size = _number(asked, "size", transforms.crop_size[0])
    classes = _number(asked, "num_classes", _IMAGENET)
    weights = asked.query.get("weights")
    module = _network(models, asked, classes, size if size != transforms.crop_size[0] else None)
    if weights is not None:
        load_weights(module, Path(weights).expanduser())
    else:
        _settle(module, size)
    write_onnx(module, (3, size, size), folder / "model.onnx")
    about = f"{asked.path} of torchvision, 3x{size}x{size}, {classes} classes, "
    random = Warned(code="NOTE", text=f"{asked.path}: {RANDOM}")
    return ModelEntry(
        uri=str(asked),
        path=folder / "model.onnx",
        preprocessing=_preprocessing(transforms, size),
        labels=tuple(trained.meta["categories"]) if classes == _IMAGENET else (),
        description=about + (f"weights of {weights}" if weights is not None else RANDOM),
        warnings=() if weights is not None else (random,),
    )


def _network(models: Any, asked: Uri, classes: int, size: int | None) -> nn.Module:  # noqa: ANN401 - a module
    options: dict[str, Any] = {"weights": None, "num_classes": classes}
    if "weights" in asked.query and asked.path in _TRANSFORMING:
        options["transform_input"] = True
    if size is not None and asked.path.startswith("vit_"):
        options["image_size"] = size
    torch.manual_seed(0)
    with quietly():
        try:
            module: nn.Module = models.get_model(asked.path, **options)
        except (AssertionError, ValueError) as error:
            raise UriError(f"'{asked}': torchvision cannot make this network: {error}") from error
    return module


def _settle(module: nn.Module, size: int) -> None:
    """Give batch norms the statistics of noise.

    With those that they begin with, the numbers shrink from layer to layer until nothing is left.
    """
    norms = {part: part.momentum for part in module.modules() if isinstance(part, nn.BatchNorm2d)}
    for part in norms:
        part.momentum = None  # the plain mean over all batches, of which there is one
    with torch.no_grad():
        module.train()(torch.randn(_SAMPLES, 3, size, size))
    for part, momentum in norms.items():
        part.momentum = momentum
    module.eval()


def _preprocessing(transforms: Any, size: int) -> Preprocessing:  # noqa: ANN401 - an object of torchvision
    share = transforms.resize_size[0] / transforms.crop_size[0]
    return Preprocessing(
        resize=round(size * share),
        interpolation=_INTERPOLATIONS[transforms.interpolation.value],
        crop=(size, size),
        mean=tuple(transforms.mean),
        std=tuple(transforms.std),
    )


def _number(asked: Uri, key: str, default: int) -> int:
    text = asked.query.get(key, str(default))
    if not text.isdecimal() or not 0 < int(text) <= 16384:  # noqa: PLR2004 - more is a slip
        raise UriError(f"'{asked}': {key}={text} must be a whole number from 1 to 16384")
    return int(text)
