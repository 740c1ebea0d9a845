"""Write the file that ships, in the format that the recipe asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from boildown import UnsupportedError, deploy_onnx

from .formats import format_of, refuse_missing
from .layers import sibling

if TYPE_CHECKING:
    from boildown import Artifact, Context


def deploy(model: Artifact, context: Context) -> Artifact:
    """Return `model`, or the float twin where it is the untouched source, ready to ship.

    Beside a file that is no ONNX lies its ONNX form, which `to_onnx` finds there. Raises
    UnsupportedError where PyTorch or ExecuTorch cannot write the network.
    """
    refuse_missing(context)
    form = format_of(context)
    if form == "pte":
        from .pte import deploying as pte

        return pte.deploy(model, context)
    if form == "pt2":
        from .program import deploy as deploy_program

        return deploy_program(model, context)
    return deploy_onnx(model, context)


def to_onnx(deployable: Artifact) -> Artifact:
    """Return the ONNX form of what ships, which is the deployable itself where that is ONNX."""
    if deployable.format == "onnx":
        return deployable
    found = sibling(deployable)
    if not found.path.exists():
        raise UnsupportedError(
            f"a .{deployable.format} file cannot be decoded, and {found.path.name}, which is"
            " written beside it while deploying, is not there"
        )
    return found
