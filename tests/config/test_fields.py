"""The rules that annotations make, on parts small enough to see them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any

import pytest

from sweep.config.fields import Bounds, build, check, find_rule, flatten, leaf_paths, rules, to_plain, with_values
from sweep.errors import ConfigError


class Colour(StrEnum):
    red = "red"
    green = "green"


class Auto(StrEnum):
    auto = "auto"


@dataclass(kw_only=True, frozen=True)
class Inner:
    rate: Annotated[float, Bounds(0, 10, low_open=True)] = 1.0
    share: Annotated[float, Bounds(0, 1, high_open=True)] = 0.5
    colour: Colour = Colour.red

    def __post_init__(self) -> None:
        check(self)
        if self.colour is Colour.green and self.rate > 5:
            raise ConfigError("green cannot be that fast", "slow down")


@dataclass(kw_only=True, frozen=True)
class Outer:
    inner: Inner = field(default_factory=Inner)
    count: Annotated[int, Bounds(1, 100)]
    limit: Annotated[int | None, Bounds(32, 64)] = None
    threads: Annotated[int | Auto, Bounds(1, 8)] = Auto.auto
    name: str = "x"
    is_on: bool = False
    loose: Mapping[str, Any] = field(default_factory=dict)


def make(**values: Any) -> Outer:
    return build(Outer, {"count": 1} | values)


def refusal(**values: Any) -> str:
    with pytest.raises(ConfigError) as caught:
        make(**values)
    return caught.value.line


def test_a_mapping_becomes_its_parts() -> None:
    assert make(inner={"rate": 2.5, "colour": "green"}, limit=40, loose={"any": ["thing"]}) == Outer(
        count=1, limit=40, inner=Inner(rate=2.5, colour=Colour.green), loose={"any": ["thing"]}
    )


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        (Bounds(0, 1), ()),
        (Bounds(0, 1, low_open=True), (0,)),
        (Bounds(0, 1, high_open=True), (1,)),
        (Bounds(0, 1, low_open=True, high_open=True), (0, 1)),
    ],
)
def test_bounds_hold_their_ends_unless_open(inside: Bounds, outside: tuple[int, ...]) -> None:
    assert [number for number in (0, 1) if number not in inside] == list(outside)
    assert 0.5 in inside
    assert -1e-9 not in inside and 1 + 1e-9 not in inside
    assert math.nan not in inside


def test_bounds_are_written_as_intervals() -> None:
    assert str(Bounds(0, 0.5, low_open=True)) == "(0, 0.5]"
    assert str(Bounds(1, 2, high_open=True)) == "[1, 2)"


@pytest.mark.parametrize("rate", [1e-300, 1, 10, 10.0])
def test_a_number_within_bounds_becomes_a_float(rate: float) -> None:
    made = make(inner={"rate": rate}).inner.rate
    assert made == rate
    assert type(made) is float


@pytest.mark.parametrize("rate", [0, -1, 10.0001, math.inf])
def test_a_number_out_of_bounds_is_refused(rate: float) -> None:
    assert refusal(inner={"rate": rate}) == f"inner.rate={rate} is out of range — allowed: a number in (0, 10]"


@pytest.mark.parametrize(("rate", "typed"), [(math.nan, "nan"), (True, "true"), ("1", "'1'"), (None, "null"), ([1], "[1]")])
def test_what_is_no_number_is_refused_as_it_was_typed(rate: object, typed: str) -> None:
    assert refusal(inner={"rate": rate}) == f"inner.rate={typed} is not allowed — allowed: a number in (0, 10]"


@pytest.mark.parametrize("count", [1.0, 1.5, True, "1", None])
def test_whole_numbers_are_not_guessed(count: object) -> None:
    assert "count=" in refusal(count=count)
    assert "a whole number in [1, 100]" in refusal(count=count)


def test_alternatives_are_tried_in_turn() -> None:
    assert make(limit=None).limit is None
    assert make(threads="auto").threads is Auto.auto
    assert make(threads=4).threads == 4
    assert "allowed: a whole number or null in [32, 64]" in refusal(limit=31)
    assert "threads=9 is out of range" in refusal(threads=9)


@pytest.mark.parametrize(("name", "typed"), [(5, "5"), (None, "null"), (True, "true")])
def test_text_is_text(name: object, typed: str) -> None:
    assert refusal(name=name) == f"name={typed} is not allowed — allowed: text"


@pytest.mark.parametrize(("is_on", "typed"), [(0, "0"), (1, "1"), ([], "[]"), (None, "null")])
def test_switches_are_true_or_false(is_on: object, typed: str) -> None:
    assert refusal(is_on=is_on) == f"is_on={typed} is not allowed — allowed: true or false"


def test_a_word_among_other_things_is_refused_with_the_nearest() -> None:
    assert refusal(is_on="ture") == "is_on='ture' is not allowed — did you mean 'true'? allowed: true or false"
    assert "did you mean 'auto'? allowed: a whole number or auto in [1, 8]" in refusal(threads="atuo")


def test_a_group_that_is_given_a_value_names_its_settings() -> None:
    assert refusal(inner=3) == "inner=3 is not allowed — it is a group of settings: inner.rate, inner.share, inner.colour"


def test_an_option_is_refused_with_the_nearest() -> None:
    assert make(inner={"colour": Colour.green}).inner.colour is Colour.green
    assert refusal(inner={"colour": "gren"}) == "inner.colour='gren' is not allowed — did you mean 'green'? allowed: red | green"


def test_a_key_is_refused_with_the_nearest() -> None:
    assert refusal(inner={"rat": 1}).startswith("there is no setting 'inner.rat' — did you mean 'inner.rate'?")
    assert refusal(unknown=1).startswith("there is no setting 'unknown' — allowed: count, ")


def test_what_is_missing_is_named() -> None:
    with pytest.raises(ConfigError, match=r"'count' has no value — give one: a whole number in \[1, 100\]"):
        build(Outer, {})


def test_a_message_stays_on_one_line() -> None:
    assert "\n" not in refusal(**{"a\nb": 1})
    assert "\n" not in refusal(inner={"colour": "a\nb"})


def test_a_part_made_by_hand_is_checked_too() -> None:
    with pytest.raises(ConfigError, match="inner.rate=-1 is out of range"):
        Inner(rate=-1)


def test_plain_values_make_the_same_part_again() -> None:
    made = make(inner={"colour": "green"}, threads=3, loose={"a": {"b": 1}})
    plain = to_plain(made)
    assert plain["inner"] == {"rate": 1.0, "share": 0.5, "colour": "green"}
    assert type(plain["inner"]["colour"]) is str
    assert build(Outer, plain) == made


def test_flatten_gives_dotted_paths() -> None:
    assert flatten({"a": {"b": {"c": 1}, "d": [2]}, "e": {}, "f": None}) == {"a.b.c": 1, "a.d": [2], "f": None}


def test_every_leaf_has_a_path() -> None:
    assert leaf_paths(Outer) == (
        "inner.rate",
        "inner.share",
        "inner.colour",
        "count",
        "limit",
        "threads",
        "name",
        "is_on",
        "loose",
    )


def test_a_rule_is_found_by_path() -> None:
    assert find_rule(Outer, "inner.rate") == rules(Inner)["rate"]
    assert find_rule(Outer, "inner.rate").bounds == Bounds(0, 10, low_open=True)
    assert find_rule(Outer, "inner.colour").describe() == "red | green"


@pytest.mark.parametrize("path", ["iner.rate", "inner.rte", "inner.rate.low", "count.low", ""])
def test_a_path_that_leads_nowhere_is_refused(path: str) -> None:
    with pytest.raises(ConfigError, match="there is no setting"):
        find_rule(Outer, path)
    with pytest.raises(ConfigError, match="there is no setting"):
        with_values(make(), {path: 1})


def test_values_are_put_in_by_path() -> None:
    before = make(inner={"share": 0.25})
    after = with_values(before, {"inner.rate": 3, "inner.colour": "green", "count": 7})
    assert after == Outer(count=7, inner=Inner(rate=3.0, share=0.25, colour=Colour.green))
    assert before == make(inner={"share": 0.25}), "the original stays"
    assert with_values(before, {}) == before


def test_values_put_in_are_checked_alone_and_together() -> None:
    with pytest.raises(ConfigError, match=r"inner\.rate=11 is out of range"):
        with_values(make(), {"inner.rate": 11})
    with pytest.raises(ConfigError, match="green cannot be that fast"):
        with_values(make(inner={"colour": "green"}), {"inner.rate": 6})
