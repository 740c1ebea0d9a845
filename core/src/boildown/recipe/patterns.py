"""The syntax of the patterns that choose layers, checked before any model is there.

What a pattern matches is told by `boildown.model.selection`, once the layers are known.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from ..model.selection import compares_sizes

_COMPARED = re.compile(r"size\s*[<>=!]")
_KIND = re.compile(r"type:[A-Za-z0-9_.*?\[\]!-]+")


def _well_formed(pattern: str) -> str:
    if not pattern.strip():
        raise ValueError("a layer pattern is empty; use '*' for every layer")
    if _COMPARED.match(pattern) and not compares_sizes(pattern):
        raise ValueError(f"{pattern!r} compares no size; write for example size<2048 or size>=4096")
    if pattern.startswith("type:") and not _KIND.fullmatch(pattern):
        raise ValueError(f"{pattern!r} names no operator; write for example type:Conv")
    if pattern.startswith(("type=", "op:", "name:")):
        raise ValueError(
            f"{pattern!r} is no layer pattern; write a glob on layer names such as 'features.*',"
            " type:Conv or size<2048"
        )
    return pattern


#: A glob on layer names (`features.*`), `type:` with a glob on operators, or `size<2048`.
LayerPattern = Annotated[str, AfterValidator(_well_formed)]
