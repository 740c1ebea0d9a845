"""The Core ML backend keeps every promise that its offers make."""

from __future__ import annotations

from typing import ClassVar

from boildown.testing import BackendSuite

_SHORT_TABLES = (
    "a layer of at most 8 values has a table of 8, and coremltools leaves tables of fewer than 10 "
    "numbers; that is refused by name, but plan cannot tell it from the steps one by one"
)


class TestCoreml(BackendSuite):
    backend_name = "coreml"
    known_gaps: ClassVar[dict[str, str]] = {
        "test_a_chain_works[cluster-values=5+quantize]": _SHORT_TABLES,
        "test_a_chain_works[cluster-values=5+quantize-activations=int8]": _SHORT_TABLES,
    }
