"""Which settings decided how good a trial was."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweep.analysis.figures.style import BLUE, INK, SMALL, dress, head, new_figure
from sweep.analysis.naming import OBJECTIVE_LABELS, short_names
from sweep.journal.history import History, Trial

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from optuna.distributions import BaseDistribution
    from optuna.study import Study

MIN_TRIALS = 10
_MIN_TOP_TRIALS = 5
"""PED-ANOVA compares the best trials with all; Optuna's documentation asks for five of the best at least."""
_TOP_SHARE = 0.1


@dataclass(frozen=True, slots=True)
class Importance:
    title: str
    subtitle: str
    shares: dict[str, float]
    """By short name of the setting, highest first; they add up to 1."""


@dataclass(frozen=True, slots=True)
class NoImportance:
    reason: str
    """In a few words."""


def importance(history: History, distributions: Mapping[str, BaseDistribution]) -> Importance | NoImportance:
    """PED-ANOVA's importance of every setting for reaching the best trials.

    It is computed on the scores at the first rung, told by its distance from a trial's end, that the most trials passed:
    scores are comparable only after the same share of the training. What matters only later is therefore not in it.
    `distributions` are the space's, by dotted path.
    """
    refusal = why_no_importance(history)
    if refusal:
        return NoImportance(refusal)
    import optuna

    scores = _comparable_scores(history)
    num_top = _num_top(len(scores))
    study = _study_of(history, scores, distributions)
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=num_top / len(scores))
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    names = short_names(distributions)
    return Importance(
        title="Importance of the settings",
        subtitle=f"For reaching the best {num_top} of the {len(scores)} trials that passed their first rung, by "
        f"{OBJECTIVE_LABELS[history.objective]} there (PED-ANOVA). What matters only later in training does not show here.",
        shares={names[path]: share for path, share in sorted(found.items(), key=lambda item: -item[1])},
    )


def why_no_importance(history: History) -> str:
    """Why the importance cannot be computed, in a few words; empty when it can."""
    if not history.opened.space:
        return "nothing was searched"
    scores = sorted(_comparable_scores(history).values(), reverse=True)
    if len(scores) < MIN_TRIALS:
        return f"it needs {MIN_TRIALS} trials that passed their first rung, and there are {len(scores)}"
    if not all(map(math.isfinite, scores)) or scores[_num_top(len(scores)) - 1] == scores[-1]:
        return "too many trials have the same score at their first rung"
    return ""


def draw_importance(record: Importance) -> Figure:
    """A bar for every setting, the most important one on top."""
    figure = new_figure(7.6, 1.6 + 0.36 * len(record.shares))
    axes = figure.subplots()
    names, shares = list(record.shares), list(record.shares.values())
    places = range(len(names))
    axes.barh(places, shares, color=BLUE, height=0.62)
    axes.set_yticks(places, names, parse_math=False)
    axes.invert_yaxis()
    for place, share in zip(places, shares, strict=True):
        axes.text(share, place, f" {100 * share:.0f} %", va="center", ha="left", fontsize=SMALL, color=INK)
    dress(axes, x_label="share of the importance", grid="x")
    axes.tick_params(axis="y", colors=INK, length=0)
    axes.set_xlim(0, max(*shares, 0.0) * 1.12)
    head(figure, record.title, record.subtitle)
    return figure


def _num_top(num_trials: int) -> int:
    return max(_MIN_TOP_TRIALS, math.ceil(_TOP_SHARE * num_trials))


def _comparable_scores(history: History) -> dict[int, float]:
    """Trial → its score at one and the same rung: the one that the most trials passed, the first of several such."""
    trials = [trial for _, trial in sorted(history.trials.items())]

    def passed(distance: int) -> list[Trial]:
        return [trial for trial in trials if trial.rungs_ahead <= distance < len(trial.rungs)]

    distances = range(max((len(trial.rungs) for trial in trials), default=0))
    chosen = max(distances, key=lambda distance: (len(passed(distance)), distance), default=0)
    return {trial.number: trial.score_at(trial.rungs[-1 - chosen]) for trial in passed(chosen)}


def _study_of(history: History, scores: Mapping[int, float], distributions: Mapping[str, BaseDistribution]) -> Study:
    import optuna

    with _quiet_optuna():
        study = optuna.create_study(direction="maximize")
    study.add_trials(
        [
            optuna.trial.create_trial(
                params={path: history.trials[number].params[path] for path in distributions},
                distributions=dict(distributions),
                value=score,
            )
            for number, score in scores.items()
        ]
    )
    return study


@contextmanager
def _quiet_optuna() -> Iterator[None]:
    """Optuna announces every study that it makes, even one that lives for a moment."""
    import optuna

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(level)
