from __future__ import annotations

import pytest

from sweep.analysis.noise import difference_interval, wilson_interval, within_noise


def test_interval_is_wilsons():
    # Newcombe 1998 (Statistics in Medicine 17:857-872), table I, method 3: 81/263 and 0/20.
    interval = wilson_interval(81 / 263, 263)
    assert (round(interval.low, 4), round(interval.high, 4)) == (0.2553, 0.3662)
    nothing = wilson_interval(0.0, 20)
    assert nothing.low == 0.0
    assert round(nothing.high, 4) == 0.1611


def test_interval_narrows_with_pictures_and_stays_a_share():
    assert wilson_interval(0.9, 1000).half_width < wilson_interval(0.9, 100).half_width
    assert wilson_interval(1.0, 5).high == 1.0
    assert 0.9 in wilson_interval(0.9, 3)


@pytest.mark.parametrize(("accuracy", "num_pictures"), [(1.1, 10), (-0.1, 10), (0.5, 0)])
def test_what_is_no_share_is_refused(accuracy, num_pictures):
    with pytest.raises(ValueError, match="no interval"):
        wilson_interval(accuracy, num_pictures)


def test_difference_follows_newcombes_method():
    # Newcombe 1998 (Statistics in Medicine 17:873-890), table II, method 10: 56/70 - 48/80 and 10/10 - 0/20.
    found = difference_interval(56 / 70, 70, 48 / 80, 80)
    assert (round(found.low, 4), round(found.high, 4)) == (0.0524, 0.3339)
    assert round(difference_interval(1.0, 10, 0.0, 20).low, 4) == 0.6791
    assert not within_noise(0.80, 0.60, 70)
    assert within_noise(0.80, 0.70, 70)


def test_order_does_not_matter_and_more_pictures_tell_more():
    assert within_noise(0.90, 0.92, 300) and within_noise(0.92, 0.90, 300)
    assert not within_noise(0.90, 0.92, 10_000)
    assert within_noise(1.0, 1.0, 10)
