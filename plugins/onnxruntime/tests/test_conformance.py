"""The backend is one by boildown's own measure."""

from boildown.testing import BackendSuite


class TestOnnxRuntime(BackendSuite):
    backend_name = "onnxruntime"
