"""What a reader of the results must know before believing them."""

from __future__ import annotations

from sweep.analysis.figures.importance import why_no_importance
from sweep.analysis.noise import wilson_interval, within_noise
from sweep.journal.history import History, Trial, TrialState

_TOP = 5
"""How many of the best complete trials are compared with the champion."""


def cautions(history: History) -> list[str]:
    """What a reader must know before believing the numbers, one sentence or two each."""
    dataset = history.opened.dataset
    lines = [*_interval_lines(history), *_top_lines(history)]
    if dataset["drawn"]:
        lines.append(
            "The pictures were drawn by the program: these figures show that the search works, "
            "not how well photographs are told apart."
        )
    if history.opened.weights["source"] == "none":
        lines.append(
            "Trained from scratch, without pretrained weights: with them, results on this many pictures are usually far better."
        )
    if dataset["unreadable"]:
        lines.append(f"{dataset['unreadable']} pictures could not be read and were left out.")
    refusal = why_no_importance(history)
    if refusal and history.trials:
        lines.append(f"The importance of the settings was not computed: {refusal}.")
    return lines


def _interval_lines(history: History) -> list[str]:
    num_val = history.opened.dataset["val"]
    best = history.best()
    if best is None or num_val < 1:
        return []
    accuracy = _final_accuracy(best)
    interval = wilson_interval(accuracy, num_val)
    lines = [
        f"There are {num_val} validation pictures, so one validation accuracy of {accuracy:.3f} is known to about "
        f"±{interval.half_width:.3f} (95 % Wilson interval {interval.low:.3f} to {interval.high:.3f})."
    ]
    num_compared = len(history.ranked())
    if num_compared > 1:
        lines.append(
            f"The champion is the best of {num_compared} on those pictures, so its validation value is optimistic; "
            "the test split is what to quote."
        )
    return lines


def _top_lines(history: History) -> list[str]:
    """Says which of the top complete trials cannot be told from the champion."""
    complete = [trial for trial in history.ranked() if trial.state is TrialState.complete][:_TOP]
    num_val = history.opened.dataset["val"]
    if len(complete) < 2 or num_val < 1:
        return []
    best, *others = complete
    level = [str(trial.number) for trial in others if within_noise(_final_accuracy(best), _final_accuracy(trial), num_val)]
    if not level:
        return [f"Trial {best.number}'s accuracy differs from that of the next complete trials by more than chance explains."]
    names = f"trial {level[0]}" if len(level) == 1 else f"trials {', '.join(level)}"
    return [
        f"Within noise: {names} cannot be told from trial {best.number} on this many pictures. Each was trained with one seed."
    ]


def _final_accuracy(trial: Trial) -> float:
    return trial.reports[trial.epochs_done].metrics["val/accuracy"]
