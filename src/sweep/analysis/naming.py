"""How settings, numbers and text are shown to people."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sweep.config import Objective
from sweep.errors import printable

OBJECTIVE_LABELS = {
    Objective.accuracy: "validation accuracy",
    Objective.macro_f1: "validation macro-F1",
    Objective.loss: "validation loss",
}


_SAY_TOO_LITTLE = ("name", "strategy", "strength", "factor", "patience")
"""Last parts of settings that mean nothing without what they are of."""


def short_names(paths: Iterable[str], taken: Collection[str] = ()) -> dict[str, str]:
    """Dotted path → its last part where that says enough, is unambiguous and not in `taken`, else the whole path."""
    paths = list(paths)
    counts = Counter(path.rpartition(".")[2] for path in paths)
    lasts = {path: path.rpartition(".")[2] for path in paths}
    taken = {*taken, *_SAY_TOO_LITTLE}
    return {path: last if counts[last] == 1 and last not in taken else path for path, last in lasts.items()}


def short_number(value: Any) -> str:
    """A setting with at most three significant digits, as people write it: 0.00032, 3.2e-06, 48, adamw."""
    if value is None:
        return "none"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return "—" if math.isnan(value) else f"{value:.3g}"
    return str(value)


def counted(number: int, noun: str) -> str:
    """`1 trial`, `2 trials`."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def network_words(network: Mapping[str, Any]) -> str:
    """`1.54 M parameters, 6.2 MB as fp32`, of what the journal has of a study's network; empty where that is nothing."""
    if not network:
        return ""
    return f"{parameters_words(network['parameters'])} parameters, {size_words(network['size_mb'])} as fp32"


def parameters_words(parameters: int) -> str:
    return f"{parameters / 1e6:.3g} M"


def size_words(size_mb: float) -> str:
    return f"{size_mb:.1f} MB"


def clip(text: str, limit: int) -> str:
    """`text` on one line and at most `limit` characters long, shortened in its middle."""
    text = printable(text)
    if len(text) <= limit:
        return text
    head = (limit - 1) * 2 // 3
    return f"{text[:head]}…{text[len(text) - (limit - 1 - head) :]}"


def markdown_cell(text: str, limit: int = 80) -> str:
    """`text` as the content of one cell of a Markdown table, whatever characters it holds."""
    # An underscore within a word is no markup, and names of settings read better without backslashes.
    return re.sub(r"[\\|`*<>\[\]]|(?<!\w)_|_(?!\w)", r"\\\g<0>", clip(text, limit))


def markdown_table(header: list[str], rows: Iterable[list[str]]) -> str:
    """A Markdown table; cells are taken as they are."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines) + "\n"
