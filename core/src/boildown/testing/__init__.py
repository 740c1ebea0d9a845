"""What it means to be a backend, as tests: subclass `BackendSuite`, or run `boildown check NAME`.

Needs `pip install boildown[testing]`; the worker that runs the cases does without pytest, so that
a backend in another interpreter is checked as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .suite import BackendSuite as BackendSuite

__all__ = ["BackendSuite"]


def __getattr__(name: str) -> object:
    """Import the suite, and pytest with it, when it is first used."""
    if name != "BackendSuite":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .suite import BackendSuite

    return BackendSuite
