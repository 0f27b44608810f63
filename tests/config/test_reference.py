"""docs/configuration.md: made from the source, complete, and true."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

from sweep.config import Auto, Config, Objective, Regime, choices
from sweep.config.docstrings import class_doc, field_docs
from sweep.config.fields import Bounds, Rule, flatten, leaf_paths, rules, to_plain
from sweep.config.load import compose
from sweep.config.reference import page
from sweep.config.sheets import group_choices, regime_sheets
from sweep.config.space import Choices, FloatRange, IntRange
from sweep.config.wording import dimension_words, rule_words, value_words

ROOT = Path(__file__).parents[2]
PARTS = {name: rule.kind for name, rule in rules(Config).items() if hasattr(rule.kind, "__dataclass_fields__")}
ENUMS = [kind for kind in vars(choices).values() if isinstance(kind, type) and issubclass(kind, StrEnum) and kind is not StrEnum]


def cells(text: str) -> dict[str, list[str]]:
    """The page's rows: setting → what stands in the other columns."""
    rows = re.findall(r"^\| `([a-z_.]+)` \| (.*) \|$", text.partition("## Regimes")[0], flags=re.MULTILINE)
    return {path: rest.split(" | ") for path, rest in rows}


def test_the_page_is_current() -> None:
    assert (ROOT / "docs" / "configuration.md").read_text() == page(), "docs/configuration.md is not current: run make docs"


def test_every_setting_stands_in_it_once() -> None:
    paths = [path for path in leaf_paths(Config) if path != "space"]
    assert re.findall(r"^\| `([a-z_.]+)` \|", page().partition("## Regimes")[0], flags=re.MULTILINE) == sorted(
        paths, key=lambda path: ("." in path, paths.index(path))
    )


@pytest.mark.parametrize("part", [Config, *PARTS.values()])
def test_every_field_has_a_sentence_under_it(part: type) -> None:
    docs = field_docs(part)
    missing = [name for name, rule in rules(part).items() if name not in docs and rule.kind not in PARTS.values()]
    assert missing == [], f"{part.__name__}: put a sentence under each of these fields"
    assert [name for name, text in docs.items() if not text.endswith(".")] == []


@pytest.mark.parametrize("part", PARTS.values())
def test_every_part_says_what_it_is(part: type) -> None:
    assert class_doc(part).endswith(".")


@pytest.mark.parametrize("kind", ENUMS)
def test_of_an_enum_all_words_are_explained_or_none(kind: type[StrEnum]) -> None:
    assert set(field_docs(kind)) in (set(), {option.name for option in kind})


@pytest.mark.parametrize("group", [folder.name for folder in sorted((ROOT / "conf").iterdir()) if folder.is_dir()])
def test_every_choice_says_in_its_first_line_what_it_is(group: str) -> None:
    assert [choice.name for choice in group_choices(group) if not choice.about.endswith(".")] == []


def test_the_defaults_it_shows_are_those_of_a_command() -> None:
    (composed,) = compose(["data=folder"])
    values = flatten({name: value for name, value in to_plain(composed.config).items() if name != "space"})
    shown = {path: row[1] for path, row in cells(page()).items() if path != "data.recommended"}
    by_regime = {path for path, default in shown.items() if "by regime" in default}
    assert by_regime == set(flatten(regime_sheets()[Regime.tiny]["recommended"]))
    given = {path: default for path, default in shown.items() if path not in by_regime}
    assert given == {path: f"`{value_words(values[path])}`" for path in given}


def test_it_says_what_can_be_searched() -> None:
    shown = cells(page())
    found = {path: shown[path][-1] for path in ("optimizer.lr", "train.label_smoothing", "model.name", "augment.strength")}
    assert found == {
        "optimizer.lr": "**by default**",
        "train.label_smoothing": "on request",
        "model.name": "no",
        "augment.strength": "on request",
    }
    assert len(shown["data.folds"]) == 3, "nothing of data can be searched, so its table has no such column"


def test_a_choice_shows_what_it_sets_beyond_the_default() -> None:
    (line,) = re.findall(r"^- `augment=light`: (.*)$", page(), flags=re.MULTILINE)
    assert line.endswith("Sets `rotation_deg=5`, `shift=0.05`, `zoom=0.05`, `jitter=0.05`.")


def test_the_regimes_are_those_of_the_sheets() -> None:
    table = page().partition("## Regimes")[2]
    (epochs,) = re.findall(r"^\| `train.epochs` \| (.*) \|$", table, flags=re.MULTILINE)
    assert epochs.split(" | ") == ["**80**; 60 to 100", "**40**; 30 to 50", "**25**; 20 to 30", "**15**; 10 to 20"]
    (lr,) = re.findall(r"^\| `optimizer.lr` \| (.*?) \|", table, flags=re.MULTILINE)
    assert lr == "**5e-4**; 2.5e-4 to 2.5e-3, logarithmic"


def test_no_cell_is_too_long_to_read() -> None:
    assert max(len(cell) for row in cells(page()).values() for cell in row) < 160


@dataclass
class _Sample:
    """A sample
    over two lines."""

    first: int
    """What the first is,
    at length."""
    second: int = 1
    third: float = 0.5
    """The third."""


class _Word(StrEnum):
    yes = "y"
    """Agreed."""
    no = "n"


def test_sentences_are_found_under_their_fields_and_members() -> None:
    assert field_docs(_Sample) == {"first": "What the first is, at length.", "third": "The third."}
    assert class_doc(_Sample) == "A sample over two lines."
    assert field_docs(_Word) == {"yes": "Agreed."}
    assert class_doc(_Word) == ""


RULES: list[tuple[Any, Bounds | None, str]] = [
    (int, Bounds(1, 1000), "whole, 1 to 1,000"),
    (float, Bounds(0, 1, high_open=True), "0 to below 1"),
    (float, Bounds(0, 1, low_open=True), "above 0, up to 1"),
    (float, Bounds(0, 1, low_open=True, high_open=True), "above 0, below 1"),
    (int, Bounds(0, 2**63 - 1), "whole, 0 or more"),
    (int | Auto, Bounds(1, 256), "whole, 1 to 256; or `auto`"),
    (str | None, None, "text; or `null`"),
    (bool, None, "`true` or `false`"),
    (Objective, None, "`accuracy`, `macro_f1` or `loss`"),
    (tuple[str, ...], None, "a list: `[a, b]`"),
]


@pytest.mark.parametrize(("kind", "bounds", "words"), RULES, ids=[words for *_, words in RULES])
def test_a_rule_in_words(kind: Any, bounds: Bounds | None, words: str) -> None:
    assert rule_words(Rule(kind, bounds)) == words


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (1e-4, "1e-4"),
        (2.5e-4, "2.5e-4"),
        (0.01, "1e-2"),
        (0.15, "0.15"),
        (100.0, "100"),
        (None, "null"),
        (True, "true"),
        ((), "[]"),
    ],
)
def test_a_value_as_it_is_typed(value: Any, words: str) -> None:
    assert value_words(value) == words


def test_a_dimension_in_words() -> None:
    assert dimension_words(FloatRange(1e-6, 1e-2, log=True)) == "1e-6 to 1e-2, logarithmic"
    assert dimension_words(IntRange(60, 100)) == "60 to 100"
    assert dimension_words(Choices((16, 32, None))) == "16, 32, null"
