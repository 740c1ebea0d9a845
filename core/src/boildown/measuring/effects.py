"""What a compression gains and what it does not, read off the figures and said in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from ..plugins.values import Warned

if TYPE_CHECKING:
    from ..comparison.schema import Deployable, Ratio, Speed

#: A file or a network that gains less than this is called neither smaller nor faster.
_LEAST_GAIN = 1.05
OneSided = Literal["STORAGE_ONLY", "DEFLATED_ONLY"]


def side(ratio: Ratio | None, stored: float, deflated: float | None) -> OneSided | None:
    """Return which side alone gains: ratios of time, bytes and deflated bytes, twin / file.

    STORAGE_ONLY: the file is smaller. DEFLATED_ONLY: only the deflated file is, as zeros make it
    that are stored like any other number. None where it is faster, or where that is not known.
    """
    if ratio is None or ratio.median >= _LEAST_GAIN:
        return None
    if stored >= _LEAST_GAIN:
        return "STORAGE_ONLY"
    return "DEFLATED_ONLY" if deflated is not None and deflated >= _LEAST_GAIN else None


def one_sided(file: Deployable, twin: Deployable, speed: Speed | None) -> Warned | None:
    """Say where a row is smaller than its float twin and yet not faster in the same runtime."""
    ratio = speed.versus_same_runtime_float if speed is not None else None
    stored = twin.bytes / file.bytes
    deflated = None
    if file.deflated_bytes is not None and twin.deflated_bytes is not None:
        deflated = twin.deflated_bytes / file.deflated_bytes
    code = side(ratio, stored, deflated)
    if code is None or ratio is None:
        return None
    low, high = ratio.interval
    not_faster = f"not faster ({ratio.median:.2f}×, 95 % interval {low:.2f} to {high:.2f})"
    text = f"the file is {stored:.2f}× smaller than the float model's, and {not_faster}"
    if code == "DEFLATED_ONLY":
        text = (
            f"smaller only when deflated ({deflated:.2f}×): the file as it is loaded is "
            f"{stored:.2f}× and {not_faster}"
        )
    return Warned(code=code, text=f"{text}: {_work(file, twin)}")


def _work(file: Deployable, twin: Deployable) -> str:
    if file.macs is not None and file.macs == twin.macs:
        return "as many multiplications are done as before"
    return "fewer bytes are stored, which the runtime does not turn into time"
