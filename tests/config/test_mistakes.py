"""25 typos and 25 values that are not allowed: each is refused before anything runs, in one line that says how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from sweep.__main__ import main
from sweep.errors import EXIT_USER_INPUT


@dataclass(frozen=True)
class Mistake:
    """What was typed, and what the answer must hold: the key, the value, what is allowed and, for a typo, what was meant."""

    typed: str
    named: tuple[str, ...]
    allowed: str
    meant: str | None = None

    @property
    def arguments(self) -> list[str]:
        """With nothing to train on, so that a mistake that goes unnoticed costs no training."""
        typed = self.typed.split(" ; ")
        return typed if any(argument.startswith("data=") for argument in typed) else [*typed, "data=folder"]


TOP = "allowed: augment, budget, cache_dir, data, device"

TYPOS = [
    Mistake("optimizer.lrr=1", ("'optimizer.lrr'",), "optimizer.backbone_lr_scale, optimizer.lr", "'optimizer.lr'"),
    Mistake("+optimizer.lrr=1", ("'optimizer.lrr'",), "optimizer.momentum", "'optimizer.lr'"),
    Mistake("~train.epoch", ("'train.epoch'",), "train.batch_size", "'train.epochs'"),
    Mistake("optimizer={lrr: 1}", ("'optimizer.lrr'",), "optimizer.weight_decay", "'optimizer.lr'"),
    Mistake("optimzer.lr=1e-3", ("'optimzer.lr'",), TOP, "'optimizer.lr'"),
    Mistake("sede=1", ("'sede'",), TOP, "'seed'"),
    Mistake("lr=1e-3", ("'lr'",), TOP, "'optimizer.lr'"),
    Mistake("modell=mnv3_small", ("'modell'",), TOP, "'model'"),
    Mistake("budget.trial=3", ("'budget.trial'",), "budget.epochs, budget.hours, budget.trials", "'budget.trials'"),
    Mistake("study.nwe=true", ("'study.nwe'",), "study.new", "'study.new'"),
    Mistake("data.extra_root=[x]", ("'data.extra_root'",), "data.drawn", "'data.extra_roots'"),
    Mistake("model=mnv3_smal", ("model=mnv3_smal",), "efficientnet_b0, mnv3_large", "'mnv3_small'"),
    Mistake("data=plant", ("data=plant",), "activities, folder, plants, prototype", "'plants'"),
    Mistake("optimizer=adamv", ("optimizer=adamv",), "adam, adamw, rmsprop, sgd", "'adam'"),
    Mistake("search.sampler=tpee", ("search.sampler='tpee'",), "auto | tpe | gp", "'tpe'"),
    Mistake("regime=smal", ("regime='smal'",), "auto | tiny | small", "'small'"),
    Mistake("objective=acuracy", ("objective='acuracy'",), "accuracy | macro_f1 | loss", "'accuracy'"),
    Mistake("model.name=mnv3_smal", ("model.name='mnv3_smal'",), "mnv3_large", "'mnv3_small'"),
    Mistake("execution.workers=atuo", ("execution.workers='atuo'",), "a whole number or auto in [1, 256]", "'auto'"),
    Mistake("tracking.mlflow=ture", ("tracking.mlflow='ture'",), "true or false", "'true'"),
    Mistake("+space.optimizer.lrr.low=1e-4", ("'optimizer.lrr'",), "optimizer.lr, optimizer.momentum", "'optimizer.lr'"),
    Mistake("+space.optimizer.lr.hihg=1", ("'space.optimizer.lr.hihg'",), "choices, high, log, low, step", "'high'"),
    Mistake("+space.model.dropot=null", ("'model.dropot'",), "model.batchnorm_momentum", "'model.dropout'"),
    Mistake("+space.optimizer.name.choices=[adamw,adamv]", ("choices='adamv'",), "adam | adamw | sgd", "'adam'"),
    Mistake("--multirum", ("'--multirum'",), "--cfg", "'--multirun'"),
]

VALUES = [
    Mistake("optimizer.lr=-1", ("optimizer.lr=-1",), "a number in (0, 10]"),
    Mistake("optimizer.lr=inf", ("optimizer.lr=inf",), "a number in (0, 10]"),
    Mistake("optimizer.lr=nan", ("optimizer.lr=nan",), "a number in (0, 10]"),
    Mistake("optimizer.lr=fast", ("optimizer.lr='fast'",), "a number in (0, 10]"),
    Mistake("optimizer.lr=null", ("optimizer.lr=null",), "a number in (0, 10]"),
    Mistake("optimizer.lr=[1e-3]", ("optimizer.lr=[0.001]",), "a number in (0, 10]"),
    Mistake("model.dropout=1", ("model.dropout=1",), "a number in [0, 1)"),
    Mistake("train.epochs=0", ("train.epochs=0",), "a whole number in [1, 1000]"),
    Mistake("train.batch_size=2.5", ("train.batch_size=2.5",), "a whole number in [2, 4096]"),
    Mistake("train.clip_norm=0", ("train.clip_norm=0",), "a number or null in (0, 1000000]"),
    Mistake("train=3", ("train=3", "a group"), "train.epochs, train.batch_size"),
    Mistake("optimizer={lr: 1e-3}", ("optimizer={lr: 1e-3}",), "optimizer.NAME=VALUE"),
    Mistake("data.extra_roots=x", ("data.extra_roots='x'",), "a list, [a, b], each text"),
    Mistake("data.fold=3 ; data.folds=3", ("data.fold=3", "data.folds=3"), "allowed: 0 to 2"),
    Mistake("data.stored_size=64", ("data.stored_size=64", "data.image_size=224"), "store at least what the network sees"),
    Mistake("augment.mixup=0.6 ; augment.cutmix=0.6", ("augment.mixup=0.6", "augment.cutmix=0.6"), "lower one of them"),
    Mistake("model=resnet18 ; model.width_mult=0.5", ("model.width_mult=0.5", "resnet18"), "a knob of mnv3_small"),
    Mistake("model.weights=none ; finetune=frozen", ("finetune.strategy=frozen", "model.weights=none"), "model.weights=FILE"),
    Mistake("tracking.mlflow=1", ("tracking.mlflow=1",), "true or false"),
    Mistake("output_dir=", ("output_dir is empty",), "output_dir=DIR"),
    Mistake("+data.recommended={optimizer: {lr: 99}}", ("optimizer.lr=99",), "a number in (0, 10]"),
    Mistake("+space.optimizer.lr.low=-1", ("space.optimizer.lr.low=-1",), "a number in (0, 10]"),
    Mistake("+space.model.dropout.high=1.5", ("space.model.dropout.high=1.5",), "a number in [0, 1)"),
    Mistake("+space.optimizer.lr.low=7", ("space.optimizer.lr", "low=7"), "give low < high"),
    Mistake("+space.train.batch_size.choices=[16,1]", ("space.train.batch_size.choices=1",), "a whole number in [2, 4096]"),
    Mistake(
        "+space.train.label_smoothing.low=0",
        ("space.train.label_smoothing has no high",),
        "label_smoothing.high",
    ),
    Mistake("+space.optimizer.choices=[{lr: 0.1}]", ("space.optimizer", "group"), "optimizer.lr"),
    Mistake("+space.data.image_size.choices=[32,64]", ("space.data.image_size",), "belongs to the study as a whole"),
    Mistake("space.optimizer.lr.low=1e-4", ("space.optimizer.lr.low",), "+space.optimizer.lr.low="),
    Mistake("space=[a]", ("space=[a]",), "name one of them"),
    Mistake("regimes.small.note=5", ("regimes.small.note",), "+space.…"),
]


def answer(mistake: Mistake, where: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that the program answers with, after which nothing is on the disk."""
    assert main(mistake.arguments) == EXIT_USER_INPUT
    shown = capsys.readouterr()
    assert shown.out == "" and shown.err.startswith("error: ") and shown.err.count("\n") == 1
    assert "Traceback" not in shown.err and list(where.iterdir()) == []
    return shown.err


@pytest.mark.parametrize("mistake", TYPOS, ids=lambda mistake: mistake.typed)
def test_a_typo_is_named_with_what_was_meant_and_what_is_allowed(
    mistake: Mistake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    line = answer(mistake, tmp_path, capsys)
    expected = (*mistake.named, mistake.allowed, f"did you mean {mistake.meant}?")
    assert [part for part in expected if part not in line] == [], line


@pytest.mark.parametrize("mistake", VALUES, ids=lambda mistake: mistake.typed)
def test_a_value_that_is_not_allowed_is_named_with_what_is(
    mistake: Mistake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    line = answer(mistake, tmp_path, capsys)
    assert [part for part in (*mistake.named, mistake.allowed) if part not in line] == [], line
