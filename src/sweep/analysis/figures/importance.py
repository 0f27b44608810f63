"""Which settings decided how good a trial was.

Kruskal and Wallis' test (JASA 47, 1952) on the ranks of the scores. Optuna's PED-ANOVA, made for hundreds of trials, told
nothing of sixteen: a setting that decided everything came out third, behind two without any effect.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sweep.analysis.figures.style import BLUE, FAINT, INK, SMALL, dress, head, new_figure
from sweep.analysis.naming import OBJECTIVE_LABELS, short_names
from sweep.config.space import Choices, Dimension, space_from_plain
from sweep.journal.history import History, Trial

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MIN_TRIALS = 10
_MIN_SCORES = 5
"""Different ones, without which there is no ranking."""
_CHANCE = 0.05
_PARTS = 3
"""Of a range: its lower, middle and upper third of the trials are compared, so that a best value in the middle shows too."""


@dataclass(frozen=True, slots=True)
class Effect:
    setting: str
    share: float
    """Of the differences in rank, from 0 to 1: what the setting explains by itself, beyond what chance explains."""
    may_be_chance: bool
    """A setting without any effect would come out as high in more than one of twenty studies."""


@dataclass(frozen=True, slots=True)
class Importance:
    title: str
    subtitle: str
    effects: tuple[Effect, ...]
    """One per setting, highest share first."""


@dataclass(frozen=True, slots=True)
class NoImportance:
    reason: str
    """In a few words."""


def importance(history: History) -> Importance | NoImportance:
    """How much of the differences between the trials each setting explains.

    It is computed on the scores at the first rung, told by its distance from a trial's end, that the most trials passed:
    scores are comparable only after the same share of the training. What matters only later is therefore not in it.
    """
    refusal = why_no_importance(history)
    if refusal:
        return NoImportance(refusal)
    scores = _comparable_scores(history)
    names = short_names(history.opened.space)
    effects = [
        _effect(names[path], dimension, [history.trials[number].params[path] for number in scores], list(scores.values()))
        for path, dimension in space_from_plain(history.opened.space).items()
    ]
    return Importance(
        title="Importance of the settings",
        subtitle=f"How much of the ranking of the {len(scores)} trials that passed their first rung, by "
        f"{OBJECTIVE_LABELS[history.objective]} there, each setting explains by itself (Kruskal-Wallis). Grey: may be chance. "
        "What matters only later in training, or only together with another setting, does not show here.",
        effects=tuple(sorted(effects, key=lambda effect: -effect.share)),
    )


def why_no_importance(history: History) -> str:
    """Why the importance cannot be computed, in a few words; empty when it can."""
    if not history.opened.space:
        return "nothing was searched"
    scores = list(_comparable_scores(history).values())
    if len(scores) < MIN_TRIALS:
        return f"it needs {MIN_TRIALS} trials that passed their first rung, and there are {len(scores)}"
    if not all(map(math.isfinite, scores)) or len(set(scores)) < _MIN_SCORES:
        return "too many trials have the same score at their first rung"
    return ""


def draw_importance(record: Importance) -> Figure:
    """A bar for every setting, the most important one on top."""
    figure = new_figure(7.6, 1.8 + 0.36 * len(record.effects))
    axes = figure.subplots()
    places = range(len(record.effects))
    colors = [FAINT if effect.may_be_chance else BLUE for effect in record.effects]
    axes.barh(places, [effect.share for effect in record.effects], color=colors, height=0.62)
    axes.set_yticks(places, [effect.setting for effect in record.effects], parse_math=False)
    axes.invert_yaxis()
    for place, effect in zip(places, record.effects, strict=True):
        axes.text(effect.share, place, f" {100 * effect.share:.0f} %", va="center", ha="left", fontsize=SMALL, color=INK)
    dress(axes, x_label="share of the ranking explained", grid="x")
    axes.tick_params(axis="y", colors=INK, length=0)
    axes.set_xlim(0, 1.08)
    head(figure, record.title, record.subtitle)
    return figure


def _effect(name: str, dimension: Dimension, values: Sequence[Any], scores: Sequence[float]) -> Effect:
    """Eta squared from the test's statistic H, less what chance brings: (H - k + 1) / (n - k), for k groups of n trials.

    M. Tomczak and E. Tomczak, "The need to report effect size estimates revisited", Trends in Sport Sciences 1(21), 2014.
    """
    from scipy.stats import kruskal  # half a second, which --help must not pay

    groups: dict[Any, list[float]] = {}
    for part, score in zip(_parts(dimension, values), scores, strict=True):
        groups.setdefault(part, []).append(score)
    if not 1 < len(groups) < len(scores):
        return Effect(name, 0.0, may_be_chance=True)
    statistic, probability = kruskal(*groups.values())
    share = (statistic - len(groups) + 1) / (len(scores) - len(groups))
    return Effect(name, min(max(0.0, float(share)), 1.0), may_be_chance=bool(probability > _CHANCE))


def _parts(dimension: Dimension, values: Sequence[Any]) -> Sequence[Any]:
    """Which group each trial belongs to: its option, or its third of the trials by value."""
    import numpy as np

    if isinstance(dimension, Choices):
        return [dimension.options.index(value) for value in values]
    edges = np.quantile(values, [part / _PARTS for part in range(1, _PARTS)])
    return [int(part) for part in np.searchsorted(edges, values, side="right")]


def _comparable_scores(history: History) -> Mapping[int, float]:
    """Trial → its score at one and the same rung: the one that the most trials passed, the first of several such."""
    trials = [trial for _, trial in sorted(history.trials.items())]

    def passed(distance: int) -> list[Trial]:
        return [trial for trial in trials if trial.rungs_ahead <= distance < len(trial.rungs)]

    distances = range(max((len(trial.rungs) for trial in trials), default=0))
    chosen = max(distances, key=lambda distance: (len(passed(distance)), distance), default=0)
    return {trial.number: trial.score_at(trial.rungs[-1 - chosen]) for trial in passed(chosen)}
