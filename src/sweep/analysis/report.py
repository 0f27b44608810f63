"""The study in words: what was searched, what came out, how far it can be trusted."""

from __future__ import annotations

import shlex
from collections import Counter
from typing import Any

from sweep.analysis.cautions import cautions
from sweep.analysis.evaluation import Evaluation, per_class_markdown
from sweep.analysis.fate import last_score_epoch
from sweep.analysis.leaderboard import leaderboard, leaderboard_markdown
from sweep.analysis.naming import OBJECTIVE_LABELS, counted, markdown_cell, markdown_table, network_words, short_number
from sweep.journal.fate import fate_of
from sweep.journal.history import History, Trial, TrialState

MAX_CHARS = 7500
"""MLflow takes 8,000 characters for a run's description."""
_TOP, _MOST_ROWS = 5, 14


def summary(history: History, evaluation: Evaluation | None = None) -> str:
    """The report in Markdown, at most `MAX_CHARS` characters long.

    With the champion's `evaluation`, its hardest classes are in it.
    """
    sections = [
        f"# {markdown_cell(history.opened.study, 200)}\n",
        "\n".join(f"- {line}" for line in (*_result_lines(history), *_network_lines(history), *_effort_lines(history))) + "\n",
        "## Best trials\n\n" + leaderboard_markdown(leaderboard(history), history.objective, _TOP),
        "## How far to trust this\n\n" + "\n".join(f"- {line}" for line in cautions(history)) + "\n",
        *([] if evaluation is None else ["## The champion's hardest classes\n\n" + per_class_markdown(evaluation, _TOP)]),
        f"## Again\n\n    python -m sweep reproduce best --study {shlex.quote(history.opened.study)}\n",
        "## What was searched\n\n" + _setup(history) + "\n" + _space_table(history),
    ]
    return _fit("\n".join(sections))


def _result_lines(history: History) -> list[str]:
    best, baseline = history.best(), history.trials.get(0)
    label = OBJECTIVE_LABELS[history.objective]
    if best is None:
        return ["No trial has been trained to its end."]
    lines = [_champion_line(best, label)]
    if baseline is not None and baseline.number != best.number:
        if baseline.state is TrialState.complete:
            difference = _value(best) - _value(baseline)
            lines.append(f"Baseline (trial 0): {label} {_value(baseline):.4f}; the champion differs by {difference:+.4f}.")
        else:
            lines.append("The baseline (trial 0) was not trained to its end.")
    elif baseline is not None:
        lines.append("The champion is the baseline: no other trial that was trained to its end did better.")
    lines += [_test_line(number, metrics) for number, metrics in sorted(history.test_scores.items())]
    times = len(history.test_scores)
    if times > 1:
        lines.append(f"The test split was used {times} times, once for each trial that became the best as the budget grew.")
    return lines


def _champion_line(best: Trial, label: str) -> str:
    settings = ", ".join(f"{markdown_cell(path)} {markdown_cell(short_number(value))}" for path, value in _few(best.params))
    weights = f", weights of epoch {best.best_epoch} ({best.value_at(best.best_epoch):.4f})" if best.best_epoch else ""
    length = counted(best.epochs, "epoch")
    if best.ended_early:
        length = f"{best.epochs_done} of {length}, where it ended early"
    top5 = best.reports[best.epochs_done].metrics.get("val/top5_accuracy")
    beside = "" if top5 is None else f", top-5 accuracy {top5:.4f},"
    return f"**Champion: trial {best.number}**, {label} **{_value(best):.4f}**{beside} after {length}{weights} ({settings})."


def _test_line(number: int, metrics: dict[str, float]) -> str:
    low, high = metrics["test/accuracy_low"], metrics["test/accuracy_high"]
    accuracy = f"accuracy **{metrics['test/accuracy']:.4f}** (95 % interval {low:.3f} to {high:.3f})"
    names = {"test/macro_f1": "macro-F1", "test/top5_accuracy": "top-5 accuracy", "test/loss": "loss"}
    others = "".join(f", {words} {metrics[name]:.4f}" for name, words in names.items() if name in metrics)
    return f"Test split, used once for trial {number}: {accuracy}{others}."


def _network_lines(history: History) -> list[str]:
    opened = history.opened
    if not opened.network:
        return []
    whose = " at the baseline's width" if "model.width_mult" in opened.space else ""
    return [f"Network{whose}: {markdown_cell(opened.config['model']['name'])}, {network_words(opened.network)}."]


def _effort_lines(history: History) -> list[str]:
    in_full = sum(trial.epochs for trial in history.trials.values())
    states = Counter(fate_of(history, trial).value for trial in history.trials.values())
    shown = ", ".join(f"{count} {state}" for state, count in sorted(states.items()))
    lines = [f"{counted(len(history.trials), 'trial')}: {shown}." if states else "No trials yet."]
    if in_full:
        percent = 100 * history.epochs_trained / in_full
        trained = counted(history.epochs_trained, "epoch")
        lines.append(f"{trained} trained, {percent:.0f} % of the {in_full} that full trainings would take.")
    return lines


def _setup(history: History) -> str:
    opened, dataset = history.opened, history.opened.dataset
    sha = opened.weights["sha256"]
    weights = "none (from scratch)" if opened.weights["source"] == "none" else markdown_cell(str(opened.weights["source"]), 120)
    pictures = "drawn pictures" if dataset["drawn"] else "pictures"
    splits = f"{dataset['train']} to train, {dataset['val']} to validate, {dataset['test']} to test"
    lines = [
        f"- Model {markdown_cell(opened.config['model']['name'])}; weights: {weights}"
        + (f" (sha256 {sha[:12]}…)" if sha else ""),
        f"- Data {markdown_cell(dataset['name'])}: {dataset['num_pictures']} {pictures} of {dataset['num_classes']} classes in "
        f"{markdown_cell(dataset['root'], 200)}; {splits}; fingerprint {dataset['fingerprint'][:12]}…",
        f"- Regime {opened.regime}, seed {history.seed}, objective {OBJECTIVE_LABELS[history.objective]}",
    ]
    if opened.overrides:
        typed = " ".join(shlex.quote(override) for override in opened.overrides)
        lines.append(f"- Fixed on the command line: {markdown_cell(typed, 600)}")
    return "\n".join(lines) + "\n"


def _space_table(history: History) -> str:
    rows = [
        [
            markdown_cell(path),
            markdown_cell(_range_words(keys), 120),
            markdown_cell(short_number(history.opened.baseline.get(path))),
        ]
        for path, keys in _few(history.opened.space)
    ]
    left_out = len(history.opened.space) - len(rows)
    more = f"\nand {left_out} more in report/space.yaml\n" if left_out else ""
    return markdown_table(["setting", "searched", "baseline"], rows) + more


def _range_words(keys: dict[str, Any]) -> str:
    if "choices" in keys:
        return ", ".join(short_number(option) for option in keys["choices"])
    extra = " (logarithmic)" if keys.get("log") else f" in steps of {keys['step']}" if keys.get("step", 1) != 1 else ""
    return f"{short_number(keys['low'])} to {short_number(keys['high'])}{extra}"


def _few(mapping: dict[str, Any]) -> list[tuple[str, Any]]:
    return list(mapping.items())[:_MOST_ROWS]


def _value(trial: Trial) -> float:
    epoch = last_score_epoch(trial)
    assert epoch is not None
    return trial.value_at(epoch)


def _fit(text: str) -> str:
    """`text`, cut after a whole line where it is too long."""
    notice = "\n… cut here; the rest is in the study's folder under report/.\n"
    if len(text) <= MAX_CHARS:
        return text
    return text[: MAX_CHARS - len(notice)].rpartition("\n")[0] + notice
