"""From what the user asked for to what a study is: pictures counted, weights found, regime chosen, everything settled."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from sweep.config import ClassWeights, Config, Regime, RegimeChoice, Sampling, ScheduleName
from sweep.config.fields import with_values
from sweep.config.load import Composed
from sweep.data.dataset import Dataset, prepare_dataset
from sweep.driver.folders import cache_dir
from sweep.driver.identity import study_name
from sweep.driver.sharing import heaviest
from sweep.driver.view import View
from sweep.errors import ConfigError
from sweep.models.network import NetworkSize, measure_network
from sweep.models.registry import architecture
from sweep.models.weights import WORDS_FOR_WEIGHTS, ResolvedWeights, resolve_weights
from sweep.search.regimes import RegimeSheet, advice, choose_regime
from sweep.search.settle import Settled, settle


@dataclass(frozen=True, slots=True)
class Plan:
    """What a command comes to once its pictures are counted and its weights found."""

    settled: Settled
    dataset: Dataset
    weights: ResolvedWeights
    network: NetworkSize
    """Of the baseline, where the width is searched."""
    heaviest: NetworkSize
    """Of any trial: what has to fit into the memory."""
    name_of: Callable[[int], str]
    """The study's name, by how many studies study.new=true opened for the same command before."""
    overrides: tuple[str, ...]

    @property
    def config(self) -> Config:
        return self.settled.config


def plan_study(composed: Composed, view: View, *, search: bool = True) -> Plan:
    """Reads the pictures, picks the regime and settles the configuration. Writes nothing but the shared picture cache.

    With `search` false the space is empty: one training with the given settings.
    """
    config = _with_absolute_paths(composed.config)
    if not search and config.space:
        raise ConfigError("train searches nothing, but the command line has space.…", "leave it out, or use run")
    sheets = {regime: RegimeSheet.from_plain(sheet) for regime, sheet in composed.sheets.items()}
    weights, dataset = _find_sources(config, view)
    regime = choose_regime(dataset.num_pictures) if config.regime is RegimeChoice.auto else Regime(config.regime.value)
    settled = settle(config, sheets, regime, composed.named, pretrained=weights.path is not None, search=search)
    if not search:
        settled = replace(settled, config=with_values(settled.config, {"budget.trials": 1}))
    sheet = sheets[regime]
    network = measure_network(settled.config.model, len(dataset.classes), settled.config.data.image_size)
    widest = heaviest(settled.config, settled.space).model
    largest = measure_network(widest, len(dataset.classes), settled.config.data.image_size)
    for text in (
        f"regime {regime} ({sheet.pictures} pictures): {sheet.note}",
        f"{config.model.name} for {len(dataset.classes)} classes: {network}",
        *advice(regime, config.model, dataset.num_pictures),
        *_cautions(settled.config),
        *(f"{path} is fixed by the command line and not searched" for path in settled.taken_out),
        *settled.notes,
    ):
        view.notice(text)
    source = (dataset.name, dataset.root_shown)
    name_of = partial(study_name, settled.config, settled.space, regime, source, weights.sha256)
    return Plan(settled, dataset, weights, network, largest, name_of, composed.overrides)


def _cautions(config: Config) -> Iterator[str]:
    train = config.train
    if train.class_weights is ClassWeights.inverse and train.sampling is Sampling.balanced:
        yield "class_weights=inverse and sampling=balanced correct the same imbalance twice: one of them is enough"
    patience = config.schedule.patience
    if config.schedule.name is ScheduleName.plateau and train.early_stopping is not None and train.early_stopping <= patience:
        yield f"train.early_stopping={train.early_stopping} ends a trial before schedule.patience={patience} can lower its rate"


def _find_sources(config: Config, view: View) -> tuple[ResolvedWeights, Dataset]:
    """Weights and pictures. A file that is named is looked at first; a download waits until the pictures are known to do."""
    architecture(config.model)  # says so if there is no such network
    is_file = config.model.weights not in WORDS_FOR_WEIGHTS
    weights = resolve_weights(config.model) if is_file else None
    where = cache_dir(config)
    dataset = prepare_dataset(config.data, cache_dir=where, seed=config.seed, on_progress=view.progress, on_notice=view.notice)
    weights = weights or resolve_weights(config.model)
    if weights.notice:
        view.notice(weights.notice)
    return weights, dataset


def _with_absolute_paths(config: Config) -> Config:
    """What the journal keeps must mean the same when a trial is reproduced from another folder."""
    named = {"data.root": config.data.root, "data.labels": config.data.labels}
    if config.model.weights not in WORDS_FOR_WEIGHTS:
        named["model.weights"] = config.model.weights
    paths: dict[str, Any] = {path: _absolute(given) for path, given in named.items() if given is not None}
    return with_values(
        config, paths | {"data.extra_roots": [_absolute(root) if root else root for root in config.data.extra_roots]}
    )


def _absolute(path: str) -> str:
    try:
        return str(Path(path).expanduser().absolute())
    except RuntimeError as error:  # an unknown user after ~
        raise ConfigError(f"{path} is no usable path: {error}", "write the whole path") from error
