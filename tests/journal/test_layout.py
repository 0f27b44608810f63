from __future__ import annotations

from pathlib import Path

from sweep.journal.layout import reproduction_folder, trial_folder


def test_a_trial_and_its_repetition_lie_apart_and_are_sorted_by_number() -> None:
    study = Path("outputs/study")
    assert trial_folder(study, 7) == study / "trials" / "0007"
    assert reproduction_folder(study, 7) == study / "reproductions" / "0007"
    assert trial_folder(study, 12345).name == "12345"
    assert sorted([trial_folder(study, 10), trial_folder(study, 9)])[0].name == "0009"
