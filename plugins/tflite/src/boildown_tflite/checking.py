"""What a converted file must hold to be what was asked; the converter itself fails in silence.

Without calibration samples, or with an option left out, TensorFlow writes a float32 file and says
nothing. So every file is looked at: the types of its weights, of what they are applied to, and of
its ports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from boildown import UnsupportedError

from .weights import weight_sites

if TYPE_CHECKING:
    from .flatbuffer import File
    from .weights import Site


class Wanted(NamedTuple):
    """Types of the weights and of what they are applied to; whether a layer may stay float32."""

    weights: str
    activations: str
    everywhere: bool


#: Layers below 1,024 weights keep float32 in dynamic files (TensorFlow's own rule), constants that
#: are not halved in float16 files, and layers left out of quantization-aware training.
WANTED = {
    "float32": Wanted("FLOAT32", "FLOAT32", everywhere=True),
    "float16": Wanted("FLOAT16", "FLOAT32", everywhere=False),
    "dynamic": Wanted("INT8", "FLOAT32", everywhere=False),
    "int8": Wanted("INT8", "INT8", everywhere=True),
    "int16x8": Wanted("INT8", "INT16", everywhere=True),
    "aware": Wanted("INT8", "INT8", everywhere=False),
    "int8 weights": Wanted("INT8", "FLOAT32", everywhere=False),
    "int4 weights": Wanted("INT4", "FLOAT32", everywhere=False),
}


def check(file: File, mode: str, io: str) -> list[int]:
    """Return the operators, by output, whose weights keep float32 where `mode` would change them.

    Raises UnsupportedError where no weight is as asked, some are and all should be, or a port is
    of another type than `io`.
    """
    wanted = WANTED[mode]
    sites = weight_sites(file)
    left = [site for site in sites if not _fits(site, wanted)]
    if sites and len(left) == len(sites):
        raise UnsupportedError(
            f"TensorFlow Lite's converter has left every layer as it was: none has"
            f" {wanted.weights.lower()} weights that are applied to {wanted.activations.lower()}"
            f"{_small(mode)}"
        )
    if left and wanted.everywhere:
        raise UnsupportedError(
            f"TensorFlow Lite's converter has not made {mode} of"
            f" {len(left)} of {len(sites)} layers: {', '.join(map(_described, left[:5]))}"
        )
    ports = {file.tensors[index].type for index in (*file.inputs, *file.outputs)}
    if not ports <= {io.upper(), "INT32", "INT64", "BOOL"}:
        raise UnsupportedError(
            f"inputs and outputs were to be {io}, but TensorFlow Lite's converter made them"
            f" {', '.join(sorted(ports)).lower()}"
        )
    return [site.output for site in left]


def _fits(site: Site, wanted: Wanted) -> bool:
    if site.operator.code in ("GATHER", "EMBEDDING_LOOKUP"):
        return site.weight.type == wanted.weights
    return (site.weight.type, site.data.type) == wanted[:2]


def _described(site: Site) -> str:
    return (
        f"{site.operator.code} with {site.weight.type.lower()} weights and"
        f" {site.data.type.lower()} activations ({site.weight.name})"
    )


def _small(mode: str) -> str:
    return " (it leaves layers of fewer than 1,024 weights alone)" if mode == "dynamic" else ""
