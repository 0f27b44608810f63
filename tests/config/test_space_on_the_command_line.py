"""A space that cannot be is refused while composing, before any picture is looked at."""

from __future__ import annotations

import pytest

from sweep.config.load import compose
from sweep.errors import ConfigError

MISTAKES = [
    (["+space.optimizer.lrr.low=1e-4", "+space.optimizer.lrr.high=1"], "'optimizer.lr'"),
    (["+space.optimizer.lr.low=-1"], "space.optimizer.lr.low=-1"),
    (["+space.optimizer.lr.low=7"], "is empty"),
    (["+space.model.dropout.high=1.5"], "[0, 1)"),
    (["+space.train.label_smoothing.low=0"], "has no high"),
    (["+space.optimizer.lr.hihg=1"], "'high'"),
    (["+space.schedule.name.choices=[cosine,linear]"], "linear"),
    (["+space.optimizer.choices=[{lr: 0.1}]"], "group of settings"),
    (["+space.data.image_size.choices=[32,64]"], "belongs to the study"),
    (["regime=small", "+space.train.epochs.low=90"], "is empty"),
    (["space.optimizer.lr.low=1e-4"], "+space.optimizer.lr.low="),
]


@pytest.mark.parametrize(("arguments", "expected"), MISTAKES, ids=lambda value: str(value))
def test_it_is_refused_at_once_and_named(arguments: list[str], expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        compose(arguments)
    assert expected in caught.value.line
