"""A folder in which a reader could type the documents' commands: pictures of every kind they speak of, weights, a study."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch
from tests.documentation.typist import shrunk
from tests.mirrors.stores import new_mlflow
from tests.pictures import CLASSES, make_pictures

from sweep.__main__ import main
from sweep.config import ModelConfig, ModelName
from sweep.driver.shelf import list_studies
from sweep.errors import EXIT_DONE
from sweep.models.network import build_model
from sweep.models.weights import ResolvedWeights

WEIGHTS = "mobilenet_v3_small.pth"


@dataclass(frozen=True)
class Workplace:
    folder: Path
    names: dict[str, str]
    """What a reader would put in the place of STUDY and the like."""


def make_workplace(folder: Path) -> Workplace:
    """Call it in `folder`."""
    every = make_pictures(folder / "every", per_class=24)
    for kind in CLASSES:
        files = sorted((every / kind).iterdir())
        _copy(files[:20], folder / "pictures" / kind)
        _copy(files[20:], folder / "more_pictures" / kind)
        _copy(files[: 20 if kind == CLASSES[0] else 5], folder / "unequal" / kind)
        _copy(files[:12], folder / "presplit" / "train" / kind)
        _copy(files[12:16], folder / "presplit" / "test" / kind)
        _copy(files[:12], folder / "damaged" / kind)
    _copy(sorted((every / CLASSES[0]).iterdir())[12:], folder / "damaged" / "oak")
    (folder / "damaged" / "oak" / "broken.jpg").write_bytes((every / CLASSES[0] / "00.jpg").read_bytes()[:500])
    _write_labels(every, folder / "photos", folder / "labels.csv")
    network = build_model(ModelConfig(name=ModelName.mnv3_small), 1000, 224, ResolvedWeights("none"), seed=0)
    torch.save(network.state_dict(), folder / WEIGHTS)
    new_mlflow(folder)
    assert main(shrunk(["data=folder", "data.root=pictures", "tracking=mlflow"])) == EXIT_DONE
    (study,) = list_studies(folder / "outputs")
    (ledger,) = json.loads((study / "mirrors" / "mlflow.json").read_text()).values()
    return Workplace(folder, {"STUDY": study.name, "RUN": ledger["runs"]["0000"]})


def _copy(files: list[Path], into: Path) -> None:
    into.mkdir(parents=True)
    for file in files:
        shutil.copy(file, into)


def _write_labels(every: Path, into: Path, labels: Path) -> None:
    """All pictures in one folder: nothing but the file of labels says what they are."""
    (into / "2024").mkdir(parents=True)
    rows = ["path,label"]
    for number, file in enumerate(sorted(every.glob("*/*"))):
        shutil.copy(file, into / "2024" / f"{number:04d}.jpg")
        rows.append(f"2024/{number:04d}.jpg,{file.parent.name}")
    labels.write_text("\n".join(rows) + "\n")
