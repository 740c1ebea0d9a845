"""The backend is one by boildown's own measure."""

from boildown.testing import BackendSuite


class TestNni(BackendSuite):
    backend_name = "nni"
