"""The Core ML backend keeps every promise that its offers make."""

from __future__ import annotations

from boildown.testing import BackendSuite


class TestCoreml(BackendSuite):
    backend_name = "coreml"
