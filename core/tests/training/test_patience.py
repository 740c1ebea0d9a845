"""Patience remembers the epoch of the least loss, and is over when nothing better comes."""

from __future__ import annotations

from boildown import Epoch, Patience


def watched(patience: Patience, losses: list[float]) -> int:
    """Return how many epochs ran, of ten steps each."""
    for number, loss in enumerate(losses, 1):
        patience.improves(Epoch(number, 0.0, 0.1, validation_loss=loss), 10 * number)
        if patience.is_over:
            return number
    return len(losses)


def kept(patience: Patience) -> int | None:
    return None if patience.best is None else patience.best.number


def test_it_ends_after_so_many_epochs_without_gain() -> None:
    patience = Patience(2)
    assert watched(patience, [3, 2, 2, 2.5, 1]) == 4
    assert kept(patience) == 2


def test_a_gain_in_between_starts_the_count_anew() -> None:
    patience = Patience(2)
    assert watched(patience, [3, 4, 2, 2.5, 1]) == 5
    assert kept(patience) == 5


def test_without_patience_nothing_ends_and_nothing_is_best() -> None:
    patience = Patience(None)
    assert watched(patience, [1, 2, 3, 4]) == 4
    assert kept(patience) is None


def test_epochs_before_the_weights_have_settled_do_not_count() -> None:
    patience = Patience(1, settled_after=30)
    assert watched(patience, [1, 2, 5, 4, 6]) == 5
    assert kept(patience) == 4
