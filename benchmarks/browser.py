"""The browser of this computer, headless, as benchmarks and their readers have it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")
#: No sandbox, since it does not start for root; nothing in the background, which would be timed.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium(playwright: Playwright) -> Browser:
    """Start the browser; FileNotFoundError where none is on PATH."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        raise FileNotFoundError(f"none of {', '.join(NAMES)} is on PATH: install chromium")
    return playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
