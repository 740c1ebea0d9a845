from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from boildown.measuring.statistics import (
    Z,
    mean_interval,
    median_interval,
    paired_difference_interval,
    paired_ratio,
    wilson,
)


def test_wilson_gives_the_published_example() -> None:
    # Newcombe, Stat. Med. 17 (1998) 857, table I, method 3: 81 of 263, 15 of 148, 0 of 20.
    assert wilson(81, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)
    assert wilson(15, 148) == pytest.approx((0.0624, 0.1605), abs=5e-5)
    assert wilson(0, 20) == pytest.approx((0.0, 0.1611), abs=5e-5)


@pytest.mark.parametrize("n", [1, 7, 10_000])
@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_wilson_stays_inside_0_to_1_and_holds_the_estimate(n: int, share: float) -> None:
    successes = round(share * n)
    low, high = wilson(successes, n)
    assert 0 <= low <= successes / n <= high <= 1


def test_wilson_is_the_inverted_score_test() -> None:
    grid = np.linspace(1e-6, 1 - 1e-6, 200_001)
    kept = grid[np.abs(30 / 100 - grid) <= Z * np.sqrt(grid * (1 - grid) / 100)]
    assert wilson(30, 100) == pytest.approx((kept[0], kept[-1]), abs=1e-5)


def test_the_paired_difference_gives_a_published_example() -> None:
    # Fagerland, Lydersen, Laake, Stat. Med. 33 (2014) 2850: airway responsiveness, 1 and 7 of 21.
    assert paired_difference_interval(1, 7, 21) == pytest.approx((-0.517, -0.026), abs=5e-4)


@pytest.mark.parametrize(("gained", "lost", "n"), [(6, 16, 161), (40, 20, 160), (3, 0, 25)])
def test_the_ends_of_the_paired_interval_are_where_the_score_test_turns(
    gained: int, lost: int, n: int
) -> None:
    for end in paired_difference_interval(gained, lost, n):
        grid = np.linspace(max(0.0, -end), (1 - end) / 2, 400_002)[1:-1]
        likelihood = gained * np.log(grid + end) + lost * np.log(grid)
        likelihood += (n - gained - lost) * np.log(1 - 2 * grid - end)
        q = grid[likelihood.argmax()]
        score = (gained - lost - n * end) / math.sqrt(n * (2 * q + end - end**2))
        assert abs(score) == pytest.approx(Z, abs=1e-3)


@pytest.mark.parametrize("n", [1, 20, 10_000])
def test_without_any_change_the_difference_is_bounded_by_z_squared_over_n(n: int) -> None:
    bound = Z**2 / (n + Z**2)
    assert paired_difference_interval(0, 0, n) == pytest.approx((-bound, bound), rel=1e-9)


@pytest.mark.parametrize(("gained", "lost"), [(3, 0), (0, 3), (5, 5), (0, 30), (30, 0), (12, 18)])
def test_the_paired_interval_holds_the_estimate_and_mirrors(gained: int, lost: int) -> None:
    low, high = paired_difference_interval(gained, lost, 30)
    assert -1 <= low <= (gained - lost) / 30 <= high <= 1
    assert paired_difference_interval(lost, gained, 30) == pytest.approx((-high, -low), abs=1e-12)


@pytest.mark.parametrize(("p_gain", "p_lose"), [(0.1, 0.1), (0.02, 0.15), (0.3, 0.05)])
def test_the_paired_interval_covers_the_truth_about_95_times_in_100(
    p_gain: float, p_lose: float
) -> None:
    n, covered = 40, 0.0
    for gained, lost in itertools.product(range(n + 1), repeat=2):
        if gained + lost <= n:
            low, high = paired_difference_interval(gained, lost, n)
            if low <= p_gain - p_lose <= high:
                covered += trinomial(n, gained, lost, p_gain, p_lose)
    assert 0.93 <= covered <= 0.985


def trinomial(n: int, gained: int, lost: int, p_gain: float, p_lose: float) -> float:
    ways = math.comb(n, gained) * math.comb(n - gained, lost)
    rest = 1 - p_gain - p_lose
    return ways * p_gain**gained * p_lose**lost * rest ** (n - gained - lost)


def test_the_paired_interval_is_like_a_bootstrap_where_there_is_much_data() -> None:
    rng = np.random.default_rng(0)
    changes = np.repeat([1.0, -1.0, 0.0], [60, 90, 1850])
    means = rng.choice(changes, (4000, 2000)).mean(axis=1)
    expected = np.quantile(means, (0.025, 0.975)).tolist()
    assert paired_difference_interval(60, 90, 2000) == pytest.approx(expected, abs=8e-4)


def test_the_interval_of_a_mean_follows_its_formula() -> None:
    values = np.array([1.0, 2.0, 4.0, 9.0])
    half = 1.959964 * 3.5590261 / 2
    assert mean_interval(values) == pytest.approx((4 - half, 4 + half), rel=1e-6)


def test_one_value_has_no_interval() -> None:
    assert mean_interval(np.array([1.0])) is None


@pytest.mark.parametrize(("n", "rank"), [(6, 1), (8, 1), (9, 2), (20, 6), (25, 8), (60, 22)])
def test_the_median_lies_between_the_ranks_of_the_sign_test(n: int, rank: int) -> None:
    # Ranks as in tables of the sign test at 5 %, two-sided.
    assert median_interval([float(i) for i in range(n, 0, -1)]) == (rank, n + 1 - rank)


def test_five_values_give_no_interval_of_the_median() -> None:
    with pytest.raises(ValueError, match="needs 6 values, not 5"):
        median_interval([1.0] * 5)


def test_the_interval_of_the_median_covers_it_95_times_in_100_for_a_skewed_law() -> None:
    draws = np.random.default_rng(0).exponential(size=(4000, 24))
    hits = [low <= math.log(2) <= high for low, high in map(median_interval, draws.tolist())]
    assert 0.94 <= np.mean(hits) <= 0.98


def test_a_ratio_is_the_median_of_baseline_over_this_within_rounds() -> None:
    ratio = paired_ratio([2, 4, 6, 8, 10, 12, 14], [1, 2, 3, 4, 5, 6, 7])
    assert (ratio.median, ratio.q1, ratio.q3, ratio.n, ratio.interval) == (2, 2, 2, 7, (2, 2))


def test_pairing_takes_out_what_hits_both() -> None:
    noise = np.random.default_rng(0).uniform(1, 10, 40)
    ratio = paired_ratio((1.5 * noise).tolist(), noise.tolist())
    assert ratio.interval == pytest.approx((1.5, 1.5))
    low, high = paired_ratio((1.5 * noise).tolist(), noise[::-1].tolist()).interval
    assert high - low > 0.2


def test_a_ratio_of_unequal_rounds_is_refused() -> None:
    with pytest.raises(ValueError, match="shorter"):
        paired_ratio([1.0] * 8, [1.0] * 7)
