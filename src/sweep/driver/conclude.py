"""What a study leaves for people: files per trial, and at the end the test score, the figures and the summary."""

from __future__ import annotations

from sweep.analysis.artifacts import write_study_artifacts, write_trial_artifacts
from sweep.analysis.noise import wilson_interval
from sweep.config.fields import to_plain
from sweep.data.index import Split
from sweep.driver.job import make_job, make_setup
from sweep.driver.study import Study
from sweep.driver.view import View
from sweep.errors import StudyError
from sweep.journal.events import ArtifactsWritten, EndReason, SittingEnded, TestScored
from sweep.journal.history import Trial, TrialState
from sweep.journal.layout import WEIGHTS
from sweep.training.evaluate import score_split


def write_due_artifacts(study: Study, view: View, *, at_end: bool) -> None:
    """Writes the files of every trial that ended since they were written last; `at_end` those of paused trials too."""
    for trial in list(study.history.trials.values()):
        is_due = trial.state.is_finished or (at_end and trial.state in (TrialState.paused, TrialState.interrupted))
        if is_due and trial.number not in study.history.artifacts:
            environment = study.history.sittings[trial.sitting].environment
            config = to_plain(study.trial_config(trial.params))
            try:
                files = write_trial_artifacts(study.history, trial, study.folder, config=config, environment=environment)
            except StudyError as error:  # a damaged file of one trial must not keep the study from its end
                view.notice(error.line)
                files = []
            study.record(ArtifactsWritten(trial=trial.number, files=files))


def conclude(study: Study, view: View) -> None:
    """Scores the best trial on the test split (once per trial), writes figures and summary, and ends the sitting."""
    view.notice("scoring the best trial on the test split and drawing the figures")
    write_due_artifacts(study, view, at_end=True)
    best = study.history.best()
    if best is not None and best.number not in study.history.test_scores and len(study.dataset.splits[Split.test]):
        study.record(TestScored(trial=best.number, metrics=score_on_test(study, best)))
    files, summary = write_study_artifacts(study.history, study.folder)
    study.record(ArtifactsWritten(trial=None, files=files))
    ranking = [trial.number for trial in study.history.ranked()]
    study.record(SittingEnded(reason=EndReason.budget, summary=summary, leaderboard=ranking))


def score_on_test(study: Study, trial: Trial) -> dict[str, float]:
    """The test split's metrics with the trial's best weights, and the interval that holds the accuracy with 95 %."""
    setup = make_setup(make_job(study, trial.number, trial.attempts, trial.epochs))
    metrics = score_split(setup, study.dataset, Split.test, study.trial_folder(trial.number) / WEIGHTS)
    interval = wilson_interval(metrics["test/accuracy"], len(study.dataset.splits[Split.test]))
    return metrics | {"test/accuracy_low": interval.low, "test/accuracy_high": interval.high}
