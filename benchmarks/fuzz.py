"""Throw many inputs at everything that reads what people hand in; nothing but our errors may come.

    python benchmarks/fuzz.py [--inputs 200000] [--out benchmarks/results/fuzz.json]

Runs the hypothesis tests of the recipe loader, the URI parser, the dataset readers and the ONNX
check, each with its share of the inputs and a new seed: the tests that run in CI with a few
hundred inputs say what must hold.
"""

from __future__ import annotations

import argparse
import functools
import json
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from provenance import ROOT, provenance

if TYPE_CHECKING:
    from collections.abc import Callable

#: Share of the inputs that the tests of a file get together; cheap readers get more.
SHARES = {
    "core/tests/recipe/test_anything.py": 0.4,
    "core/tests/data/test_uris.py": 0.3,
    "core/tests/data/test_arrays.py": 0.1,
    "core/tests/data/test_class_files.py": 0.05,
    "core/tests/model/test_check.py": 0.15,
}


class ManyInputs:
    """A pytest plugin that gives every collected hypothesis test more inputs, and counts them."""

    def __init__(self, inputs: int) -> None:
        self.inputs = inputs
        self.counts: Counter[str] = Counter()

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Keep the hypothesis tests; raise their number of inputs."""
        items[:] = [item for item in items if hasattr(item.obj, "hypothesis")]
        files = Counter(item.location[0] for item in items)
        for item in items:
            share = SHARES[item.location[0]] / files[item.location[0]]
            # Hypothesis has no public way to change the settings of a test that has its own.
            item.obj._hypothesis_internal_use_settings = settings(  # noqa: SLF001
                max_examples=round(self.inputs * share) + 1,
                deadline=None,
                derandomize=False,
                database=None,
                suppress_health_check=list(HealthCheck),
            )
            inner = item.obj.hypothesis.inner_test
            item.obj.hypothesis.inner_test = self._counting(item.nodeid, inner)

    def _counting(self, name: str, test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def counted(*args: object, **given: object) -> None:
            self.counts[name] += 1
            test(*args, **given)

        return counted


def main() -> None:
    """Run everything and write the record; the exit code is pytest's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=200_000)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks/results/fuzz.json")
    arguments = parser.parse_args()
    plugin = ManyInputs(arguments.inputs)
    started = time.process_time()
    code = pytest.main(
        ["-q", "-W", "default", f"--rootdir={ROOT}", *(str(ROOT / name) for name in SHARES)],
        plugins=[plugin],
    )
    record = {
        "provenance": provenance("hypothesis"),
        "inputs": plugin.counts.total(),
        "cpu_seconds": round(time.process_time() - started, 1),
        "exit_code": int(code),
        "by_test": dict(plugin.counts),
    }
    arguments.out.write_text(json.dumps(record, indent=1) + "\n", "utf-8")
    sys.stderr.write(f"{record['inputs']:,} inputs, exit code {int(code)}\n")
    sys.exit(int(code))


if __name__ == "__main__":
    main()
