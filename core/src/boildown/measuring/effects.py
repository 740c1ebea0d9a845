"""What a compression gains and what it does not, read off the figures and said in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..plugins.values import Warned

if TYPE_CHECKING:
    from ..comparison.schema import Deployable, Speed

#: A file or a network that gains less than this is called neither smaller nor faster.
_LEAST_GAIN = 1.05


def one_sided(file: Deployable, twin: Deployable, speed: Speed | None) -> Warned | None:
    """Say where a row is smaller than its float twin and yet not faster in the same runtime.

    STORAGE_ONLY: the file is smaller. DEFLATED_ONLY: only the deflated file is, as zeros make it
    that are stored like any other number. None where it is faster, or where that is not known.
    """
    ratio = speed.versus_same_runtime_float if speed is not None else None
    if ratio is None or ratio.median >= _LEAST_GAIN:
        return None
    low, high = ratio.interval
    not_faster = f"not faster ({ratio.median:.2f}×, 95 % interval {low:.2f} to {high:.2f})"
    stored = twin.bytes / file.bytes
    if stored >= _LEAST_GAIN:
        text = f"the file is {stored:.2f}× smaller than the float model's, and {not_faster}"
        return Warned(code="STORAGE_ONLY", text=f"{text}: {_work(file, twin)}")
    if file.deflated_bytes is None or twin.deflated_bytes is None:
        return None
    deflated = twin.deflated_bytes / file.deflated_bytes
    if deflated < _LEAST_GAIN:
        return None
    text = (
        f"smaller only when deflated ({deflated:.2f}×): the file as it is loaded is {stored:.2f}×"
    )
    return Warned(code="DEFLATED_ONLY", text=f"{text} and {not_faster}: {_work(file, twin)}")


def _work(file: Deployable, twin: Deployable) -> str:
    if file.macs is not None and file.macs == twin.macs:
        return "as many multiplications are done as before"
    return "fewer bytes are stored, which the runtime does not turn into time"
