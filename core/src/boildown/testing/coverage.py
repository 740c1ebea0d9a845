"""Count, while pytest runs, how the cases of every offer went: the badge of a backend."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..frozen import Frozen

if TYPE_CHECKING:
    import pytest


class OfferCoverage(Frozen):
    """One offer (or what is asked of the whole backend) with the number of cases by outcome."""

    offer: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    #: Reasons of the known gaps among its cases.
    known_gaps: tuple[str, ...] = ()


class Coverage:
    """A pytest plugin; `offers` fills while the suite runs."""

    def __init__(self) -> None:
        self._offers: dict[str, OfferCoverage] = {}
        #: Whether the user ended it: pytest's exit code is that of a broken file then.
        self.interrupted = False

    @property
    def offers(self) -> list[OfferCoverage]:
        """Return what was counted, in the order of the first case of each offer."""
        return list(self._offers.values())

    def pytest_keyboard_interrupt(self, excinfo: pytest.ExceptionInfo[BaseException]) -> None:
        """Remember it; pytest's own ways to stop early are kinds of KeyboardInterrupt too."""
        self.interrupted = excinfo.type is KeyboardInterrupt

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count one case: its body, or its set-up where that failed or was skipped."""
        if report.when != "call" and report.passed:
            return
        title = str(dict(report.user_properties).get("offer", "whatever is asked of it"))
        row = self._offers.get(title, OfferCoverage(offer=title))
        if report.skipped and (reason := getattr(report, "wasxfail", "")):
            gaps = dict.fromkeys((*row.known_gaps, reason))
            row = row.model_copy(update={"known_gaps": tuple(gaps)})
        elif report.skipped:
            row = row.model_copy(update={"skipped": row.skipped + 1})
        elif report.failed:
            row = row.model_copy(update={"failed": row.failed + 1})
        else:
            row = row.model_copy(update={"passed": row.passed + 1})
        self._offers[title] = row
