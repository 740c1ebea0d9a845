"""The backend is one by boildown's own measure."""

from boildown.testing import BackendSuite


class TestTorch(BackendSuite):
    backend_name = "torch"
