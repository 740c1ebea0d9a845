"""What it means to be a backend, written as tests. Subclass `BackendSuite` in your plugin."""

from __future__ import annotations

import sys
from functools import cache
from typing import TYPE_CHECKING, ClassVar

import pytest

from ..errors import BoildownError
from ..negotiation.gaps import platform_obstacle
from ..plugins.registry import Registry
from ..runner.endpoints import Endpoint, Place, endpoint
from .bench import Bench
from .gaps import check_cases, check_known_gaps
from .graphs import GRAPHS, ODD_GRAPHS
from .guest_tests import GuestTests
from .matrix import Case, chained_cases, first_cases, offered_cases
from .network_tests import NetworkTests
from .offer_tests import OfferTests
from .refusal_tests import RefusalTests
from .refused import refused_cases
from .training_tests import TRAININGS, TrainingTests

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..plugins.values import BackendInfo


class BackendSuite(OfferTests, TrainingTests, RefusalTests, NetworkTests, GuestTests):
    """Tests that hold for every backend and for everything it offers.

    Each job runs in a worker process, as the host runs it, so that a backend that kills its
    process or hangs fails its case and no other.
    """

    #: Entry point name of the backend.
    backend_name: ClassVar[str] = ""
    #: Interpreter that the backend lives in; empty: this one.
    python: ClassVar[str] = ""
    #: Cases that fail, as `test_name[label]`, with the reason. One that passes is a failure.
    known_gaps: ClassVar[Mapping[str, str]] = {}
    #: Longest time for one job.
    seconds_a_job: ClassVar[float] = 120.0

    @classmethod
    def endpoint(cls) -> Endpoint:
        """Return the backend, asked once; its toolkit stays out."""
        if not cls.backend_name:
            raise pytest.UsageError(f"{cls.__name__} sets no backend_name")
        try:
            return _endpoint(cls.backend_name, cls.python)
        except BoildownError as error:
            raise pytest.UsageError(str(error)) from error

    @classmethod
    def pytest_generate_tests(cls, metafunc: pytest.Metafunc) -> None:
        """Run each test once for what it asks for: an offered case, a chain, a network."""
        tests = {name for name in dir(cls) if name.startswith("test_")}
        check_known_gaps(cls.__name__, cls.known_gaps, tests)
        labels = [""]
        for name in [name for name in _PARAMETERS if name in metafunc.fixturenames]:
            cases = _PARAMETERS[name](cls.endpoint().info)
            metafunc.parametrize(name, list(cases.values()), ids=list(cases))
            labels = [f"{label}-{case}".removeprefix("-") for label in labels for case in cases]
        check_cases(cls.__name__, cls.known_gaps, metafunc.function.__name__, labels)

    @pytest.fixture
    def info(self) -> BackendInfo:
        """Return what the backend says of itself."""
        return self.endpoint().info

    @pytest.fixture
    def bench(self, request: pytest.FixtureRequest) -> Bench:
        """Make networks and run jobs, each once for all cases of a class."""
        found, suite = self.endpoint(), request.node.getparent(pytest.Class)
        if obstacle := platform_obstacle(
            found.info.platforms, backend=found.name, platform=sys.platform
        ):
            pytest.skip(obstacle)  # the host would refuse the job as well
        if _BENCH not in suite.stash:
            factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
            suite.stash[_BENCH] = Bench(
                found,
                python=self.python or sys.executable,
                folder=factory.mktemp("suite"),
                seconds=self.seconds_a_job,
            )
            suite.addfinalizer(suite.stash[_BENCH].close)
        bench: Bench = suite.stash[_BENCH]
        return bench

    @pytest.fixture(autouse=True)
    def _known_gap(self, request: pytest.FixtureRequest) -> None:
        """Expect a known gap to fail, and tell the coverage table what a case belongs to."""
        reason = self.known_gaps.get(request.node.name)
        if reason:
            request.applymarker(pytest.mark.xfail(reason=reason, strict=True))
        parameters = getattr(getattr(request.node, "callspec", None), "params", {})
        case = next((value for value in parameters.values() if isinstance(value, Case)), None)
        title = case.title if case else "whatever is asked of it"
        request.node.user_properties.append(("offer", title))


@cache
def _endpoint(name: str, python: str) -> Endpoint:
    return endpoint(name, Registry(), {name: Place(python=python)} if python else {})


#: What a test may ask for -> how the cases of a backend are found, by label.
_PARAMETERS: dict[str, Callable[[BackendInfo], Mapping[str, object]]] = {
    "case": lambda info: {case.label: case for case in offered_cases(info)},
    "first": lambda info: {case.label: case for case in first_cases(info)},
    "chain": lambda info: {case.label: case for case in chained_cases(info)},
    "refused": refused_cases,
    "operation": lambda info: {offer.op: offer.op for offer in info.offers},
    "training": lambda _: dict(TRAININGS),
    "network": lambda _: {name: name for name in GRAPHS},
    "odd": lambda _: {name: name for name in ODD_GRAPHS},
}
_BENCH = pytest.StashKey[Bench]()
