"""Whatever somebody calls a study, a trial or a run: it is one of those there are, or refused; never a path to elsewhere."""

from __future__ import annotations

import string
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.driver.test_shelf import NAME, write_study

from sweep.commands.reproduce import _look_up
from sweep.driver.shelf import find_study, find_trial, read_study
from sweep.errors import StudyError, TrackingError
from sweep.journal.layout import reproduction_folder, trial_folder

pytestmark = pytest.mark.fuzz

MARKS = ["..", ".", "/", "%2e", "%2f", "#", "\0", "\n", "~", "*", "?", "[", "\\", "²", "\udcff"]
PARTS = [*MARKS, NAME, NAME[:9], "outside", "best", "0", "1"]
names = st.one_of(
    st.lists(st.sampled_from(PARTS), max_size=5).map("".join),
    st.text(max_size=20),
    st.text(string.digits + "-+. ²٣", max_size=12),
)


@pytest.fixture(scope="module")
def outputs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("names")
    (home / "outside").mkdir()
    write_study(home / "outputs")
    return home / "outputs"


@given(name=names)
def test_a_studys_name_leads_to_a_study_in_the_folder_or_nowhere(outputs: Path, name: str) -> None:
    try:
        found = find_study(outputs, name)
    except StudyError as error:
        assert "\n" not in error.line
    else:
        assert found.parent == outputs and found.name == NAME and NAME.startswith(name)


@given(which=names)
@example(which="9" * 5000)
def test_a_trials_name_leads_to_one_of_the_study_or_nowhere(outputs: Path, which: str) -> None:
    study = outputs / NAME
    try:
        found = find_trial(read_study(study), which)
    except StudyError as error:
        assert "\n" not in error.line
    else:
        assert found.number in (0, 1)
        for folder in (trial_folder(study, found.number), reproduction_folder(study, found.number)):
            assert folder.parent.parent == study and folder.name in ("0000", "0001")


@given(run=names)
def test_a_runs_name_is_a_trials_or_looked_up_without_touching_the_disk(
    outputs: Path, run: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{outputs}/nowhere.db")
    try:
        study, which = _look_up(run, None)
    except TrackingError as error:
        assert "\n" not in error.line
    else:
        assert study is None and (which == "best" or int(which) >= 0)
    assert sorted(path.name for path in outputs.parent.iterdir()) == ["outputs", "outside"]
    assert [path.name for path in outputs.iterdir()] == [NAME]
