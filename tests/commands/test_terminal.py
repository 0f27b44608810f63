"""What a sweep prints: redrawn in place on a terminal, one line per thing that happened elsewhere."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console
from rich.live import Live
from rich.text import Text

from sweep.commands.terminal import LiveView, PlainView, live_board, open_view
from sweep.driver.sweep import Sitting
from sweep.driver.view import Standing
from sweep.journal.events import JobOutcome
from sweep.journal.history import History
from tests.commands.sample import history_of, new_asha_study, new_study, standing_of

FOLDER = Path("outputs/study")
UP = "\x1b[1A\x1b[2K"
"""The line above is erased."""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Screen:
    """A live view on a terminal of 100 characters a line."""

    def __init__(self) -> None:
        self._file = Terminal()
        console = Console(force_terminal=True, file=self._file, width=100, height=24, color_system=None, highlight=False)
        self.live = Live(console=console, auto_refresh=False)
        self.view = LiveView(console, self.live)

    @property
    def written(self) -> str:
        return self._file.getvalue()

    def lines(self) -> list[str]:
        """Everything that was printed, and the last frame."""
        self.live.refresh()
        return [Text.from_ansi(line).plain.rstrip() for line in self.written.split("\n")]

    def frame(self) -> list[str]:
        """The last frame alone."""
        lines = self.lines()
        starts = [number for number, line in enumerate(lines) if "· regime" in line]
        return lines[starts[-1] :]


@pytest.fixture
def screen() -> Iterator[Screen]:
    screen = Screen()
    with screen.live:
        yield screen


@pytest.fixture
def log() -> tuple[PlainView, io.StringIO]:
    file = io.StringIO()
    return PlainView(Console(file=file, width=160, highlight=False)), file


def test_the_live_table_names_the_study_and_shows_where_it_stands(screen: Screen) -> None:
    builder = new_study().trial(0, accuracy=0.8).trial(1, upto=4).trial(2, upto=3, outcome=None)
    screen.view.update(standing_of(builder, trials=6, undelivered={"mlflow (no [b]answer)": 1}))
    title, bar, budget, best, rungs, waiting, blank, header, *rows = screen.frame()
    assert title == "mnv3_small-plants-small-1a2b3c4d · regime small · 1,500 pictures"
    assert bar.endswith("min left")
    assert budget == "3 of 6 trials, 47 epochs"
    assert best.startswith("best: trial 0, validation accuracy 0.7")
    assert rungs == "trials that reached rung 1: 2 · rung 2: 1 · the end: 1"
    assert waiting == "1 event waits for mlflow (no [b]answer)"
    assert not blank and header.split()[:4] == ["trial", "state", "epoch", "accuracy"]
    assert [row.split()[0] for row in rows if row] == ["2", "0", "1"]


def test_the_table_is_redrawn_and_not_printed_again(screen: Screen) -> None:
    builder = new_study().trial(0, upto=3, outcome=None)
    screen.view.update(standing_of(builder, trials=6))
    height = len(screen.frame())
    screen.view.update(standing_of(new_study().trial(0, upto=5, outcome=None), trials=6))
    assert "5 of 40" in "\n".join(screen.frame())
    assert UP * (height - 1) in screen.written


def test_before_the_first_epoch_no_time_is_made_up(screen: Screen) -> None:
    screen.view.update(standing_of(new_study().trial(0, upto=0, outcome=None)))
    assert "time left: known after the first epoch" in screen.frame()[1]


def test_nothing_of_the_live_table_is_broken_on_a_small_terminal() -> None:
    standing = standing_of(
        new_asha_study(), trials=40, epochs=900, hours=2, undelivered={"mlflow (" + "no answer " * 20 + ")": 3}
    )
    console = Console(file=io.StringIO(), width=60, height=20)
    console.print(live_board(standing, console.width, console.height))
    lines = console.file.getvalue().rstrip("\n").split("\n")
    assert len(lines) <= 20 and max(map(len, lines)) <= 60
    assert [line.split()[0] for line in lines[3:7]] == ["12", "best:", "trials", "3"]


def test_notices_and_what_is_about_to_be_done_stand_above_the_table(screen: Screen) -> None:
    builder = new_study(weights="w[/b]\udcff.pth")
    screen.view.opened(history_of(builder), Path("outputs/\udcff"), is_new=True)
    screen.view.notice("a file [red]x\x1b[2J[/b]")
    lines = screen.lines()
    assert "study mnv3_small-plants-small-1a2b3c4d opened in outputs/\\udcff" in lines
    assert "weights w[/b]\\udcff.pth; cpu, 1 thread per worker" in lines
    assert "note: a file [red]x\\x1b[2J[/b]" in lines
    assert lines[-1] == "starting workers …"


def test_progress_fits_one_line(screen: Screen) -> None:
    screen.view.progress("training trial 12 again, epochs", 1200, 1500)
    assert screen.lines()[-1].startswith("training trial 12 again, epochs ━")
    assert screen.lines()[-1].endswith("1,200 of 1,500")


def test_a_log_tells_a_trial_its_epochs_and_where_it_stopped(log: tuple[PlainView, io.StringIO]) -> None:
    view, file = log
    for upto in (0, 1, 2, 3):
        view.update(standing_of(new_study().trial(0, rungs=[3, 40], upto=upto, outcome=None), trials=5))
    view.update(standing_of(new_study().trial(0, rungs=[3, 40], upto=3), trials=5))
    first, *epochs, last = file.getvalue().splitlines()
    assert first == "trial 0 (baseline): lr 0.001, weight_decay 0.0001, dropout 0.2, batch_size 48, epochs 40"
    assert [line.split(":")[0] for line in epochs] == [f"trial 0, epoch {epoch} of 40" for epoch in (1, 2, 3)]
    metrics = history_of(new_study().trial(0, upto=3)).trials[0].reports[3].metrics
    assert epochs[-1].partition(": ")[2] == (
        f"validation accuracy {metrics['val/accuracy']:.4f}, validation loss {metrics['val/loss']:.4f},"
        f" training loss {metrics['train/loss']:.4f}, 1,234 pictures/s"
    )
    assert last.startswith("trial 0 paused at epoch 3 of 40; 1 of 5 trials, 3 epochs · no trial at its end yet · about ")


def test_a_log_names_the_objective_first(log: tuple[PlainView, io.StringIO]) -> None:
    log[0].update(standing_of(new_study(objective="macro_f1").trial(0, upto=1, outcome=None)))
    assert "40: validation macro-F1 0." in log[1].getvalue()


def test_a_log_says_nothing_twice(log: tuple[PlainView, io.StringIO]) -> None:
    view, file = log
    standing = standing_of(new_study().trial(0, upto=3, outcome=None))
    view.update(standing)
    before = file.getvalue()
    view.update(standing)
    assert file.getvalue() == before


def test_a_study_taken_up_again_begins_where_it_stands(log: tuple[PlainView, io.StringIO]) -> None:
    view, file = log
    history = history_of(new_study().trial(0).trial(1, upto=4, outcome=JobOutcome.interrupted))
    view.opened(history, FOLDER, is_new=False)
    view.update(Standing(history, standing_of(new_study()).budget, 1, {}))
    first, *rest = file.getvalue().splitlines()
    assert first == "study mnv3_small-plants-small-1a2b3c4d taken up in outputs/study: 2 trials and 44 epochs so far"
    assert not [line for line in rest if line.startswith("trial")]


def test_lines_of_a_log_are_not_broken(log: tuple[PlainView, io.StringIO]) -> None:
    log[0].notice("word " * 100 + "[/b]\udcff\nend")
    assert log[1].getvalue() == "note: " + "word " * 100 + "[/b]\\udcff\\nend\n"


def test_work_that_is_done_at_once_leaves_no_trace_in_a_log_and_longer_work_does() -> None:
    file, now = io.StringIO(), [100.0]
    view = PlainView(Console(file=file, width=160), clock=lambda: now[0])
    for done in range(1, 61):
        view.progress("reading", done, 60)
    assert not file.getvalue()
    for done in range(1, 1501):
        now[0] += 0.003
        view.progress("decoding", done, 1500)
    assert file.getvalue().splitlines() == ["decoding: 668 of 1,500", "decoding: 1,335 of 1,500", "decoding: 1,500 of 1,500"]


def result(history: History, exit_code: int = 0, **undelivered: int) -> list[str]:
    file = io.StringIO()
    PlainView(Console(file=file, width=160)).result(Sitting(history, FOLDER, exit_code, undelivered))
    return file.getvalue().splitlines()


def test_the_result_tells_the_best_beside_the_baseline_its_test_score_and_what_to_do_next() -> None:
    history = history_of(new_study().trial(0, accuracy=0.8).trial(1, accuracy=0.9).tested(1).over())
    best, baseline = (history.trials[number].value_at(40) for number in (1, 0))
    lines = result(history, mlflow=2)
    assert lines[0] == "mnv3_small-plants-small-1a2b3c4d"
    assert lines[4:] == [
        f"best: trial 1, validation accuracy {best:.4f} (baseline {baseline:.4f})",
        "test accuracy 0.9333 (95 % interval 0.8970 to 0.9570)",
        "2 events wait for mlflow; the same command or `python -m sweep sync` delivers them",
        "figures and tables: outputs/study/report",
        "browse the runs: python -m sweep ui",
    ]


def test_a_baseline_that_is_the_best_is_not_compared_with_itself() -> None:
    assert "(baseline 0" not in "\n".join(result(history_of(new_study().trial(0).over())))


def test_without_mlflow_nobody_is_sent_to_its_pages() -> None:
    builder = new_study().trial(0).over()
    builder.opened.config["tracking"]["mlflow"] = False
    assert "sweep ui" not in "\n".join(result(history_of(builder)))


def test_a_stopped_sweep_says_how_to_go_on() -> None:
    lines = result(history_of(new_study().trial(0, upto=3, outcome=JobOutcome.interrupted)), exit_code=130)
    assert lines[-2:] == ["no trial was trained to its end", "stopped; the same command continues"]


@pytest.mark.parametrize(
    ("term", "file", "kind"), [("xterm", Terminal, LiveView), ("dumb", Terminal, PlainView), ("xterm", io.StringIO, PlainView)]
)
def test_only_what_can_redraw_gets_the_live_table(
    monkeypatch: pytest.MonkeyPatch, term: str, file: type[io.StringIO], kind: type
) -> None:
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(sys, "stdout", file())
    with open_view() as view:
        assert isinstance(view, kind)


def test_colours_forced_upon_a_log_do_not_make_it_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    with open_view() as view:
        assert isinstance(view, PlainView)
