"""Small picture folders made on the spot."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sweep.config import DataConfig, OnUnreadable
from sweep.data.dataset import Dataset, prepare_dataset

MakePicture = Callable[..., Path]
MakeRoot = Callable[[Mapping[str, int]], Path]


def save_photo(path: Path, number: int, size: tuple[int, int] = (192, 144), **options: Any) -> Path:
    """Writes a picture of broad shapes, as photographs are, that is like no other with another number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rng = np.random.Generator(np.random.PCG64(number))
    shapes = Image.fromarray(rng.integers(0, 256, (6, 8, 3), dtype=np.uint8))
    shapes.resize(size, Image.Resampling.BICUBIC).save(path, **options)
    return path


@pytest.fixture
def make_picture() -> MakePicture:
    """Writes a picture that is like no other with another number."""

    def make(path: Path, number: int = 0, size: tuple[int, int] = (48, 40)) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        rng = np.random.Generator(np.random.PCG64(number))
        Image.fromarray(rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)).save(path)
        return path

    return make


@pytest.fixture
def make_root(tmp_path: Path, make_picture: MakePicture) -> MakeRoot:
    """Writes `count` distinct pictures into each folder named."""

    def make(folders: Mapping[str, int]) -> Path:
        number = 0
        for folder, count in folders.items():
            (tmp_path / "photos" / folder).mkdir(parents=True)
            for index in range(count):
                number += 1
                make_picture(tmp_path / "photos" / folder / f"{index}.jpg", number)
        return tmp_path / "photos"

    return make


class Prepare:
    """Prepares a dataset with a small stored size and keeps what was said."""

    def __init__(self, cache_dir: Path) -> None:
        self.cache_dir = cache_dir
        self.notices: list[str] = []
        self.progress: list[tuple[str, int, int]] = []

    def __call__(self, root: Path | None = None, *, seed: int = 0, skip: bool = False, **settings: Any) -> Dataset:
        config = DataConfig(
            root=None if root is None else str(root),
            image_size=32,
            on_unreadable=OnUnreadable.skip if skip else OnUnreadable.refuse,
            **settings,
        )
        return prepare_dataset(
            config,
            cache_dir=self.cache_dir,
            seed=seed,
            on_progress=lambda *what: self.progress.append(what),
            on_notice=self.notices.append,
        )


@pytest.fixture
def prepare(tmp_path: Path) -> Prepare:
    return Prepare(tmp_path / "cache")
