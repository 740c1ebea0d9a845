from __future__ import annotations

from boildown import warn_of_kept_channels


def test_nothing_is_said_where_all_layers_are_as_narrow_as_asked() -> None:
    assert warn_of_kept_channels({}, {}) == ()


def test_layers_are_named_with_reasons_and_the_rest_is_counted() -> None:
    layers = {f"conv{index}": "stays" for index in range(7)}
    (warning,) = warn_of_kept_channels(layers)
    assert warning.code == "PARTIAL"
    assert warning.text.startswith("7 layers keep all their channels: 'conv0' stays; 'conv1' stays")
    assert warning.text.endswith("'conv4' stays; and 2 more")


def test_layers_that_keep_more_than_asked_are_another_warning() -> None:
    first, second = warn_of_kept_channels({"a": "stays"}, {"b": "keeps 3 of 4"})
    assert "keep all" in first.text
    assert second.text == "1 layers keep more channels than asked: 'b' keeps 3 of 4"
