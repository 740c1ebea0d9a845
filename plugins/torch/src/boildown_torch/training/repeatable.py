"""Seeds, threads and deterministic kernels for one training, put back as they were behind it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def repeatable(seed: int, threads: int) -> Iterator[None]:
    """Make what runs inside the same bit for bit for the same seed, threads, machine and torch.

    The caller's random state, number of threads and settings come back at the end.
    """
    before = torch.get_num_threads()
    determined = torch.are_deterministic_algorithms_enabled()
    warn_only = torch.is_deterministic_algorithms_warn_only_enabled()
    fill = torch.utils.deterministic.fill_uninitialized_memory  # type: ignore[attr-defined]
    with torch.random.fork_rng(devices=[]):
        try:
            torch.set_num_threads(threads)
            torch.use_deterministic_algorithms(True)  # noqa: FBT003 - torch's own signature
            # It writes NaN into every new tensor, which takes time in each step, to expose
            # kernels that read what they have not written; it does not make them repeatable.
            torch.utils.deterministic.fill_uninitialized_memory = False  # type: ignore[attr-defined]
            torch.manual_seed(seed)
            yield
        finally:
            torch.use_deterministic_algorithms(determined, warn_only=warn_only)
            torch.utils.deterministic.fill_uninitialized_memory = fill  # type: ignore[attr-defined]
            torch.set_num_threads(before)
