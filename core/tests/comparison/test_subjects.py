"""Which rows belong together, and what they are called."""

from __future__ import annotations

import pytest
from boildown.comparison.schema import Comparison, DataRecord
from boildown.comparison.subjects import records_of, subject_titles, subjects


def on_data(run: Comparison, *data: tuple[str, int, str]) -> Comparison:
    """Return the first model and the first row once for each URI, samples and digest."""
    digests = [{"test_sha256": digest} for *_, digest in data]
    return run.model_copy(
        update={
            "other_machines": (),
            "data": tuple(
                DataRecord(uri=uri, sha256=digest, splits={"test": n}, test_sha256=digest)
                for uri, n, digest in data
                if digest
            ),
            "models": tuple(run.models[0].model_copy(update=own) for own in digests),
            "results": tuple(run.results[0].model_copy(update=own) for own in digests),
        }
    )


@pytest.mark.parametrize(
    ("data", "titles"),
    [
        ([("npz:a", 9, "1")], [""]),
        ([("npz:a", 9, "1"), ("npz:b", 9, "2")], [", tested on npz:a", ", tested on npz:b"]),
        (
            [("npz:a", 30, "1"), ("npz:a", 200, "2")],
            [", tested on npz:a, 30 samples", ", tested on npz:a, 200 samples"],
        ),
        (
            [("npz:a", 9, "1"), ("npz:a", 9, "2")],
            [", tested on npz:a, 9 samples (1)", ", tested on npz:a, 9 samples (2)"],
        ),
        ([("npz:a", 9, "1"), ("", 0, "")], [", tested on npz:a", ", test data not known"]),
    ],
)
def test_a_title_tells_data_apart_in_as_few_words_as_it_takes(
    comparison: Comparison, data: list[tuple[str, int, str]], titles: list[str]
) -> None:
    found = on_data(comparison, *data)
    model = found.models[0].uri
    assert list(subject_titles(found).values()) == [f"{model}{title}" for title in titles]


def test_a_row_that_was_not_tested_belongs_to_the_only_baseline(comparison: Comparison) -> None:
    one = on_data(comparison, ("npz:a", 9, "1"))
    row = one.results[0].model_copy(update={"test_sha256": ""})
    assert subjects(one.model_copy(update={"results": (row,)})) == list(records_of(one))
    two = on_data(comparison, ("npz:a", 9, "1"), ("npz:b", 9, "2"))
    (own,) = subjects(two.model_copy(update={"results": (row,)}))
    assert own not in records_of(two)


def test_a_row_that_was_tested_on_data_without_a_baseline_has_none(comparison: Comparison) -> None:
    one = on_data(comparison, ("npz:a", 9, "1"))
    row = one.results[0].model_copy(update={"test_sha256": "2"})
    (own,) = subjects(one.model_copy(update={"results": (row,)}))
    assert own not in records_of(one)
