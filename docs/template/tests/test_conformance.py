from boildown.testing import BackendSuite


class TestHalf(BackendSuite):
    backend_name = "half"
