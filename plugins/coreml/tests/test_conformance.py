"""The Core ML backend keeps every promise that its offers make."""

from __future__ import annotations

from typing import ClassVar

from boildown.testing import BackendSuite


class TestCoreml(BackendSuite):
    backend_name = "coreml"
    known_gaps: ClassVar[dict[str, str]] = {}
