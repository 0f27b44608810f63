"""The reference of all settings: `python -m sweep.config.reference > docs/configuration.md`, or `make docs`.

Made of what is there anyway: the dataclasses with the sentences under their fields, `conf/` with the comment that heads
each file, and `sweeps/`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from sweep.config.fields import flatten, rules
from sweep.config.reference_section import part_section, settings_table, table
from sweep.config.sheets import group_choices, regime_sheets
from sweep.config.space import flatten_space, parse_dimension
from sweep.config.study import Config
from sweep.config.wording import dimension_words, value_words

HEAD = """\
<!-- Written by `make docs` from src/sweep/config/, conf/ and sweeps/: change the sentences there, not here. -->

# Settings

Every setting has a dotted name and is given on the command line as `name=value`:

    python -m sweep data=folder data.root=pictures optimizer.lr=3e-3 budget.trials=10

Some parts come in ready choices, named by the part alone, such as `optimizer=sgd` and `augment=heavy`. This prints all
settings as a command would use them, or those of one part:

    python -m sweep --cfg job
    python -m sweep --cfg job --package augment augment=heavy

A value comes from the first of these that has one: the command line, the data preset's recommendation, the
[regime](#regimes)'s recommendation, the default below. The column *searched* says:

- **by default**: it is in every regime's space. A value on the command line fixes it.
- on request: `+space.<setting>.low=… +space.<setting>.high=…`, or `'+space.<setting>.choices=[…]'`, puts it into the space
  ([how](howto/own-space.md)).
- no: it belongs to the study as a whole, not to a trial. Where that holds for a whole part, the column is missing.
"""

SPACE = """\
## space

Your changes to the regime's space: dimensions that are added or changed, and with `null` those that are taken out. See
[a space of your own](howto/own-space.md).
"""

REGIMES = """\
## Regimes

The number of labelled pictures, counted before any split, decides which sheet of `sweeps/` is used; `regime=small` forces one. In
each cell the recommended value comes first, with which the search begins, and then what is searched. With pretrained weights the
range of `optimizer.lr` reaches down to 1e-4.
"""

WHOLE = "The study as a whole"


def page() -> str:
    """docs/configuration.md."""
    parts = {name: rule.kind for name, rule in rules(Config).items() if _is_part(rule.kind)}
    single = [name for name in rules(Config) if name not in parts and name != "space"]
    contents = ", ".join(f"[{name}](#{name.lower().replace(' ', '-')})" for name in (WHOLE, *parts, "space", "Regimes"))
    sections = [
        f"## {WHOLE}\n\n{settings_table(Config, '', single)}",
        *(part_section(name, part) for name, part in parts.items()),
    ]
    return "\n".join([HEAD, f"Parts: {contents}.\n", *sections, SPACE, REGIMES, _regimes_table()])


def _is_part(kind: object) -> bool:
    return dataclasses.is_dataclass(kind)


def _regimes_table() -> str:
    sheets = list(regime_sheets().values())
    rows = [
        ["pictures", *(sheet["pictures"] for sheet in sheets)],
        *([f"`{path}`", *(_regime_cell(sheet, path) for sheet in sheets)] for path in flatten_space(sheets[0]["space"])),
        ["augmentation", *(_augmentation(sheet) for sheet in sheets)],
        ["`budget.trials`", *(str(sheet["budget"]["trials"]) for sheet in sheets)],
        ["note", *(sheet["note"] for sheet in sheets)],
    ]
    return table(["regime", *(f"`{regime}`" for regime in regime_sheets())], rows)


def _regime_cell(sheet: Mapping[str, Any], path: str) -> str:
    keys = flatten_space(sheet["space"])[path] or {}
    return f"**{value_words(flatten(sheet['recommended'])[path])}**; {dimension_words(parse_dimension(path, keys))}"


def _augmentation(sheet: Mapping[str, Any]) -> str:
    """The choice of `conf/augment` whose numbers the sheet recommends."""
    return next(f"`{choice.name}`" for choice in group_choices("augment") if choice.values == sheet["recommended"]["augment"])


if __name__ == "__main__":
    print(page(), end="")
