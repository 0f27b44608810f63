"""The study's name: the same command continues the same study, a changed one opens another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sweep.config import Config, Regime
from sweep.config.fields import to_plain
from sweep.config.space import Space, space_to_plain
from sweep.journal.layout import JOURNAL

_WITHOUT_EFFECT = ("output_dir", "cache_dir", "study", "execution", "tracking", "budget", "space", "regime")
"""Parts of the configuration that change how and how long a study runs, not what a trial's result is."""

_OF_THE_DATA = ("image_size", "val_fraction", "test_fraction", "folds", "fold", "max_per_class", "near_duplicates")


def study_name(
    config: Config, space: Space, regime: Regime, dataset: tuple[str, str], weights_sha256: str | None, again: int
) -> str:
    """`<model>-<data>-<regime>-<8 hex>`.

    `config` is settled; `dataset` is its name and its resolved root; `again` counts the studies that study.new=true opened
    for one and the same command.
    """
    name, root = dataset
    identity: dict[str, Any] = {key: value for key, value in to_plain(config).items() if key not in _WITHOUT_EFFECT}
    # Where the pictures and weights lie is told by the resolved root and the weights' hash, however they were typed.
    identity["data"] = {key: identity["data"][key] for key in _OF_THE_DATA}
    identity["data"]["stored_size"] = config.data.cache_size
    if not space:
        del identity["search"]
    identity["model"] = {key: value for key, value in identity["model"].items() if key != "weights"}
    text = json.dumps([identity, space_to_plain(space), regime, root, weights_sha256, again], sort_keys=True)
    return f"{config.model.name}-{name}-{regime}-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


def choose_generation(output_dir: Path, name_of: Callable[[int], str], new: bool) -> str:
    """Which study a command means: the newest of those it opened before, or with `new` the next one.

    `name_of(k)` is the name of the study that the command's k-th study.new=true opens; the first is number 0.
    """
    existing = 0
    while (output_dir / name_of(existing) / JOURNAL).exists():
        existing += 1
    return name_of(existing if new or not existing else existing - 1)
