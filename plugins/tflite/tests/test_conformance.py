"""The TensorFlow Lite backend keeps every promise that its offers make."""

from __future__ import annotations

from typing import ClassVar

from boildown.testing import BackendSuite


class TestTflite(BackendSuite):
    backend_name = "tflite"
    known_gaps: ClassVar[dict[str, str]] = {}
