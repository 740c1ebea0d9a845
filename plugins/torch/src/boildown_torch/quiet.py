"""Keep what PyTorch's tools print and warn of away from the user; it goes to the log."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOG = logging.getLogger(__name__)


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Log what is printed or warned of within instead of letting it through."""
    printed = io.StringIO()
    with warnings.catch_warnings(record=True) as caught, contextlib.redirect_stdout(printed):
        warnings.simplefilter("always")
        try:
            yield
        finally:
            for line in (*printed.getvalue().splitlines(), *(str(w.message) for w in caught)):
                _LOG.debug(line)
