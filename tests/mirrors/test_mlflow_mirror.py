from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlflow import MlflowClient
from tests.mirrors.sample import SampleStudy, early_sitting, first_sitting, second_sitting, third_sitting
from tests.mirrors.stores import dump_mlflow, new_mlflow, runs_by_key

from sweep.errors import TrackingError
from sweep.journal.events import EpochReported, JobOutcome
from sweep.mirrors.mlflow_mirror import MlflowMirror, find_run


@pytest.fixture
def uri(tmp_path: Path) -> str:
    return new_mlflow(tmp_path)


@pytest.fixture
def deliver(study: SampleStudy, uri: str) -> Callable[..., None]:
    def go(on_notice: Callable[[str], Any] = pytest.fail, to: str = uri) -> None:
        mirror = MlflowMirror(study.folder, on_notice, to)
        mirror.catch_up(study.entries)
        mirror.close()

    return go


def test_a_study_is_a_parent_run_and_its_trials_are_children(study: SampleStudy, uri: str, deliver: Callable[..., None]) -> None:
    first_sitting(study)
    deliver()
    runs = runs_by_key(uri)
    parent, baseline, paused, failed = (runs[key] for key in ("study", "0000", "0001", "0002"))
    assert [experiment.name for experiment in MlflowClient(uri).search_experiments()] == ["leaves", "Default"]
    assert parent.info.run_name == "mnv3_small-leaves-tiny-0123abcd"
    assert {run.data.tags.get("mlflow.parentRunId") for run in (baseline, paused, failed)} == {parent.info.run_id}
    assert baseline.info.run_name == "0000 baseline"
    assert paused.info.run_name == "0001 lr=1.2e-03 bs=32"
    assert [run.info.status for run in (parent, baseline, paused, failed)] == ["FINISHED", "FINISHED", "FINISHED", "FAILED"]
    assert [run.data.tags["trial.state"] for run in (baseline, paused, failed)] == ["complete", "stopped", "failed"]
    assert failed.data.tags["failure"] == "the loss became NaN"
    assert parent.data.tags["mlflow.note.content"] == "# It went\n\nwell"
    assert parent.data.tags["sweep.best"] == "0000"
    assert parent.data.metrics["score"] == pytest.approx(0.8)


def test_a_trial_holds_its_settings_curves_data_and_files(study: SampleStudy, uri: str, deliver: Callable[..., None]) -> None:
    first_sitting(study)
    deliver()
    client = MlflowClient(uri)
    run = runs_by_key(uri)["0000"]
    assert run.data.params["optimizer.lr"] == "0.0012" and run.data.params["optimizer.weight_decay"] == "0.0001"
    curve = client.get_metric_history(run.info.run_id, "val/accuracy")
    reports = [entry for entry in study.entries if isinstance(entry.event, EpochReported) and entry.event.trial == 0]
    assert [(point.step, point.timestamp) for point in curve] == [
        (entry.event.epoch, round(entry.time * 1000)) for entry in reports if isinstance(entry.event, EpochReported)
    ]
    assert run.data.metrics["score"] == pytest.approx(0.8) and run.data.metrics["best_epoch"] == 6
    assert run.data.metrics["test/accuracy"] == 0.77 and run.data.metrics["pictures_per_s"] == 100
    assert run.data.metrics["val/top5_accuracy"] == pytest.approx(0.9)
    assert run.inputs is not None
    assert [(item.dataset.name, item.dataset.digest) for item in run.inputs.dataset_inputs] == [("leaves", "f" * 36)]
    assert {item.path for item in client.list_artifacts(run.info.run_id)} == {"evaluation.json", "figures"}
    assert {item.path for item in client.list_artifacts(runs_by_key(uri)["study"].info.run_id, "report")} == {
        "report/figures",
        "report/report.md",
    }
    assert (Path.cwd() / "mlruns").is_dir()


def test_a_trial_that_ended_early_is_complete_and_says_where_it_ended(
    study: SampleStudy, uri: str, deliver: Callable[..., None]
) -> None:
    for sitting in (first_sitting, second_sitting, third_sitting, early_sitting):
        sitting(study)
    deliver()
    client, runs = MlflowClient(uri), runs_by_key(uri)
    run = runs["0004"]
    assert run.info.status == "FINISHED"
    assert (run.data.tags["trial.state"], run.data.tags["trial.ended_early"]) == ("complete", "epoch 4 of 6")
    assert "trial.ended_early" not in runs["0000"].data.tags
    for name, value in {"score": 0.74, "best_epoch": 4, "test/accuracy": 0.77}.items():
        (point,) = client.get_metric_history(run.info.run_id, name)
        assert (point.step, point.value) == (4, pytest.approx(value))
    assert runs["study"].data.metrics["score"] == pytest.approx(0.83), "of the best"


def test_runs_are_found_by_the_size_of_their_network(study: SampleStudy, uri: str, deliver: Callable[..., None]) -> None:
    first_sitting(study)
    deliver()
    client = MlflowClient(uri)
    assert runs_by_key(uri)["study"].data.metrics["network.parameters"] == 1_540_000
    for query, count in (("< 2000000", 1), ("< 1000000", 0)):
        assert len(client.search_runs(["1"], f"metrics.`network.parameters` {query}")) == count
    assert len(client.search_runs(["1"], "metrics.`network.size_mb` < 10")) == 1


def test_code_torch_and_hardware_are_tags_as_they_were_when_the_trial_was_trained(
    study: SampleStudy, uri: str, deliver: Callable[..., None]
) -> None:
    first_sitting(study)
    study.start(code={"version": "0.2.0", "source": "ba9876543210"}, threads=2)
    study.job(1, 4, 6, attempt=1)
    study.end()
    deliver()
    runs = runs_by_key(uri)
    assert all(
        run.data.tags.items() >= {"packages.torch": "2.15.0", "hardware.cpu": "A processor"}.items() for run in runs.values()
    )
    for key, code, threads in (("study", "0123456789ab", "1"), ("0000", "0123456789ab", "1"), ("0001", "ba9876543210", "2")):
        tags = runs[key].data.tags
        assert (tags["code.source"], tags["threads"], tags["hardware.device"]) == (code, threads, "cpu")
    assert runs["0001"].data.tags["code.version"] == "0.2.0"


def test_names_that_are_no_unicode_are_shown_escaped(tmp_path: Path, uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    odd = SampleStudy(tmp_path / "odd", root="/pictures/caf\udce9")
    odd.start()
    odd.create(0)
    odd.job(0, 1, 1, JobOutcome.failed, reason="f\udcf6hre\ncannot be read")
    odd.end(summary="# Classes\n\nf\udcf6hre")
    odd.journal.close()
    MlflowMirror(odd.folder, pytest.fail, uri).catch_up(odd.entries)
    runs = runs_by_key(uri)
    assert runs["0000"].data.params["data.root"] == runs["study"].data.params["data.root"] == r"/pictures/caf\udce9"
    assert runs["0000"].data.tags["failure"] == r"f\udcf6hre\ncannot be read"
    assert runs["study"].data.tags["mlflow.note.content"] == "# Classes\n\nf\\udcf6hre"


def test_nothing_is_shown_as_running_after_an_interruption_and_all_goes_on_later(
    study: SampleStudy, uri: str, deliver: Callable[..., None]
) -> None:
    first_sitting(study)
    second_sitting(study)
    deliver()
    runs = runs_by_key(uri)
    assert runs["study"].info.status == runs["0003"].info.status == "KILLED"
    assert runs["0003"].data.tags["trial.state"] == "interrupted"
    study.start()
    deliver()
    assert runs_by_key(uri)["study"].info.status == runs_by_key(uri)["0003"].info.status == "RUNNING"


def test_an_epoch_trained_twice_is_one_point(study: SampleStudy, uri: str, deliver: Callable[..., None]) -> None:
    first_sitting(study)
    second_sitting(study)
    third_sitting(study)
    deliver()
    run = runs_by_key(uri)["0003"]
    curve = MlflowClient(uri).get_metric_history(run.info.run_id, "val/loss")
    assert [point.step for point in curve] == [1, 2, 3, 4, 5, 6]


def test_a_run_whose_creation_was_never_answered_is_found_again(
    study: SampleStudy, uri: str, deliver: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    first_sitting(study)
    create_run = MlflowClient.create_run

    def lose_the_answer(*arguments: Any, **named: Any) -> Any:
        create_run(*arguments, **named)
        raise ConnectionResetError("connection reset by peer")

    monkeypatch.setattr(MlflowClient, "create_run", lose_the_answer)
    for _ in range(3):
        with pytest.raises(TrackingError, match="reset"):
            deliver()
    monkeypatch.undo()
    deliver()
    assert sorted(runs_by_key(uri)) == ["0000", "0001", "0002", "study"]  # which fails where two bear one key


def test_values_that_are_not_finite_leave_the_charts_readable(study: SampleStudy, uri: str, deliver: Callable[..., None]) -> None:
    study.start()
    study.create(0)
    metrics = {"train/loss": math.inf, "val/loss": math.nan, "val/accuracy": 0.1}
    study.journal.append(EpochReported(trial=0, replicate=0, attempt=0, epoch=1, metrics=metrics, timings={}))
    deliver()
    (study.folder / "mirrors" / "mlflow.json").unlink()
    deliver()
    run = runs_by_key(uri)["0000"]
    for name in ("train/loss", "val/loss"):
        (point,) = MlflowClient(uri).get_metric_history(run.info.run_id, name)
        assert math.isnan(point.value)


def test_two_studies_of_one_name_do_not_meet(study: SampleStudy, uri: str, tmp_path: Path, deliver: Callable[..., None]) -> None:
    other = SampleStudy(tmp_path / "elsewhere", start=1_780_000_000.0)
    first_sitting(study)
    first_sitting(other)
    deliver()
    MlflowMirror(other.folder, pytest.fail, uri).catch_up(other.entries)
    other.journal.close()
    keys = {run.data.tags["sweep.key"] for run in MlflowClient(uri).search_runs(["1"])}
    assert len(keys) == 8


def test_each_server_has_a_cursor_of_its_own(study: SampleStudy, uri: str, tmp_path: Path, deliver: Callable[..., None]) -> None:
    first_sitting(study)
    deliver()
    (tmp_path / "second").mkdir()
    second = new_mlflow(tmp_path / "second")
    deliver(to=second)
    assert sorted(runs_by_key(second)) == sorted(runs_by_key(uri))


def test_an_emptied_store_gets_everything_again(
    study: SampleStudy, uri: str, tmp_path: Path, deliver: Callable[..., None]
) -> None:
    from sqlalchemy import create_engine, text

    first_sitting(study)
    deliver()
    engine = create_engine(uri)
    with engine.begin() as connection:
        for table in ("metrics", "latest_metrics", "params", "tags", "input_tags", "inputs", "runs"):
            connection.execute(text(f"DELETE FROM {table}"))
    engine.dispose()
    deliver()
    assert sorted(runs_by_key(uri)) == ["0000", "0001", "0002", "study"]


def test_a_run_deleted_by_hand_stays_deleted_and_the_others_go_on(
    study: SampleStudy, uri: str, deliver: Callable[..., None]
) -> None:
    first_sitting(study)
    deliver()
    MlflowClient(uri).delete_run(runs_by_key(uri)["0001"].info.run_id)
    second_sitting(study)
    notices: list[str] = []
    deliver(notices.append)
    third_sitting(study)
    deliver(notices.append)
    assert sorted(runs_by_key(uri)) == ["0000", "0002", "0003", "study"]
    assert runs_by_key(uri)["study"].info.status == "FINISHED"
    assert len(notices) == 1 and "0001" in notices[0]


def test_files_outside_the_study_and_lost_files_are_not_uploaded(
    study: SampleStudy, uri: str, deliver: Callable[..., None]
) -> None:
    study.start()
    study.artifacts(None, "../secret.txt", "report/kept.txt", "report/lost.txt")
    (study.folder / "report" / "lost.txt").unlink()
    notices: list[str] = []
    deliver(notices.append)
    run_id = runs_by_key(uri)["study"].info.run_id
    assert [item.path for item in MlflowClient(uri).list_artifacts(run_id, "report")] == ["report/kept.txt"]
    assert [item.path for item in MlflowClient(uri).list_artifacts(run_id)] == ["report"]
    assert len(notices) == 2 and "secret" in notices[0] and "lost" in notices[1]


def test_a_run_leads_back_to_its_study_and_trial(
    study: SampleStudy, uri: str, deliver: Callable[..., None], tmp_path: Path
) -> None:
    first_sitting(study)
    deliver()
    parent, trial = (runs_by_key(uri)[key].info.run_id for key in ("study", "0001"))
    found = find_run(trial, uri)
    assert (found.study, found.trial) == ("mnv3_small-leaves-tiny-0123abcd", 1)
    assert find_run(parent, uri).trial is None
    with pytest.raises(TrackingError, match="no run 'abc'"):
        find_run("abc", uri)
    foreign = MlflowClient(uri).create_run("0").info.run_id
    with pytest.raises(TrackingError, match="not written by a sweep"):
        find_run(foreign, uri)
    with pytest.raises(TrackingError, match="there is no"):
        find_run(trial, f"sqlite:///{tmp_path}/none.db")


def test_a_server_that_is_not_there_is_said_without_its_password(study: SampleStudy, deliver: Callable[..., None]) -> None:
    with pytest.raises(TrackingError) as caught:
        deliver(to="http://me:hunter2@127.0.0.1:9/api")
    shown = f"{caught.value.line} {caught.value.__cause__}"
    assert "127.0.0.1:9" in shown and "hunter2" not in shown


def test_a_damaged_ledger_is_found_again(study: SampleStudy, uri: str, deliver: Callable[..., None]) -> None:
    first_sitting(study)
    deliver()
    before = dump_mlflow(uri)
    (study.folder / "mirrors" / "mlflow.json").write_text('{"half')
    deliver()
    assert dump_mlflow(uri) == before


def test_values_over_mlflows_length_are_shortened_and_kept_whole(
    tmp_path: Path, uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    root, reason, summary = "/pictures/" + "x" * 7000, "no such file: " + "y" * 9000, "# All\n" + "| a row |\n" * 2000
    long = SampleStudy(tmp_path / "long", root=root)
    long.start()
    long.create(0)
    long.job(0, 1, 1, JobOutcome.failed, reason=reason)
    long.end(summary=summary)
    long.journal.close()
    for _ in range(2):  # the second time as if the first had not been written down
        MlflowMirror(long.folder, pytest.fail, uri).catch_up(long.entries)
        (long.folder / "mirrors" / "mlflow.json").unlink()
    runs, client = runs_by_key(uri), MlflowClient(uri)
    shown = {
        "data.root": (runs["0000"].data.params["data.root"], root, "0000", 6000),
        "failure": (runs["0000"].data.tags["failure"], reason, "0000", 8000),
        "mlflow.note.content": (runs["study"].data.tags["mlflow.note.content"], summary, "study", 8000),
    }
    for name, (value, whole, key, limit) in shown.items():
        assert len(value) == limit and value.endswith(" … shortened; the whole is in long_values")
        file = client.download_artifacts(runs[key].info.run_id, f"long_values/{name}.txt", str(tmp_path))
        assert Path(file).read_text() == whole


def test_a_param_that_changed_is_said_and_stops_nothing(study: SampleStudy, uri: str, deliver: Callable[..., None]) -> None:
    study.start()
    study.create(0)
    deliver()
    first = runs_by_key(uri)["0000"].data.params
    study.entries[0].event.config["train"]["epochs"] = 7  # type: ignore[union-attr]  # another version might tell it otherwise
    study.entries[0].event.config["train"]["new"] = True  # type: ignore[union-attr]
    (study.folder / "mirrors" / "mlflow.json").unlink()
    study.job(0, 1, 6)
    notices: list[str] = []
    deliver(notices.append)
    assert [notice.partition(" in the run")[0] for notice in notices] == ["MLflow keeps the earlier values of train.epochs"] * 2
    run = runs_by_key(uri)["0000"]
    assert run.data.params == first | {"train.new": "True"}
    assert run.data.metrics["val/accuracy"] == pytest.approx(0.8)


def test_a_study_without_a_trained_trial_has_not_finished(study: SampleStudy, uri: str, deliver: Callable[..., None]) -> None:
    study.start()
    study.create(0)
    study.job(0, 1, 1, JobOutcome.failed)
    study.end(leaderboard=())
    deliver()
    assert {key: run.info.status for key, run in runs_by_key(uri).items()} == {"study": "FAILED", "0000": "FAILED"}
