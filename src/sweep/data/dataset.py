"""The dataset as training sees it: decoded pictures in one array, their labels, and three lists of rows.

The driver prepares it; what it found is written beside the decoded pictures, so that every worker opens the very same
dataset from a small handle, without looking at the picture folder again.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.config import CopiesAcrossSplits, DataConfig, OnUnreadable
from sweep.data.audit import check_classes, check_contents, check_copies, describe_across_splits
from sweep.data.cache import CACHE_REMEDY, PictureCache, decoded_pictures, open_cache
from sweep.data.copies import Copies, find_copies
from sweep.data.decoding import DecodeSettings
from sweep.data.fingerprint import fingerprint
from sweep.data.hashing import hash_files
from sweep.data.index import Index, Picture, Split
from sweep.data.labels import index_labels
from sweep.data.roots import index_roots
from sweep.data.source import Source, dataset_name, find_source
from sweep.data.split import Fold, Fractions, split_pictures
from sweep.data.stored import DamagedCache
from sweep.data.subset import choose_subset
from sweep.data.unreadable import Unreadable, describe_unreadable, refuse_unreadable, write_complete_list
from sweep.errors import DataError, explain
from sweep.journal.files import write_atomic

Progress = Callable[[str, int, int], None]
"""What is being done, how many pictures of it are done, how many there are."""
Notice = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class Dataset:
    """N readable, labelled pictures; row i of every array is the file `paths[i]`."""

    name: str
    root_shown: str
    """Every root folder or the labels file, or a name for drawn pictures that is the same on every machine."""
    classes: tuple[str, ...]
    pictures: NDArray[np.uint8]
    """(N, stored_size, stored_size, 3) RGB, to be indexed; read from the disk, unless a test gives them."""
    labels: NDArray[np.int64]
    """(N,) positions in `classes`."""
    splits: Mapping[Split, NDArray[np.int64]]
    """The rows of each split, ascending; disjoint, and together all N."""
    fingerprint: str
    """64 hexadecimal digits over paths, classes, contents and splits."""
    paths: tuple[str, ...]
    """Relative to the root, and behind the root's name where there are several, by order of their bytes; undecodable bytes are
    surrogate escapes, so print with `printable`."""
    manifest: Mapping[str, str]
    """Path → SHA-256 of the file, of the N pictures."""
    unreadable: tuple[Unreadable, ...]
    """Pictures that were left out."""
    handle: Mapping[str, str]
    """What `open_dataset` needs: plain text, valid on this machine as long as the cache is."""

    @property
    def num_pictures(self) -> int:
        """Readable labelled pictures before any split."""
        return len(self.paths)

    @property
    def stored_size(self) -> int:
        """Pixels on a side of the stored pictures."""
        return int(self.pictures.shape[1])


def prepare_dataset(
    config: DataConfig,
    *,
    cache_dir: Path,
    seed: int,
    on_progress: Progress | None = None,
    on_notice: Notice | None = None,
) -> Dataset:
    """Index, check, hash, decode (or find decoded) and split the pictures that `config` names.

    `seed` decides the split, and which pictures are used where not all are. `on_notice` is given sentences for the user.
    Raises DataError, in one line, for everything that is wrong with the folders, the labels file or a picture.
    """
    notice: Notice = on_notice or (lambda text: None)
    try:
        return _prepare(config, cache_dir, seed, on_progress, notice)
    except OSError as error:  # the picture folder's own are told by name where they happen
        where = Path(error.filename) if isinstance(error.filename, str) else cache_dir
        raise DataError(f"the cache cannot be used: {explain(error, where)}", CACHE_REMEDY) from error


def _prepare(config: DataConfig, cache_dir: Path, seed: int, on_progress: Progress | None, notice: Notice) -> Dataset:
    name = dataset_name(config)
    source = find_source(config, cache_dir, _stage(on_progress, "drawing"))
    if source.is_drawn:
        notice("the pictures are drawn, not photographed; point at photographs with data.root=DIR")
    index = index_roots(source.root, source.extra_roots) if source.labels is None else index_labels(source.labels, source.root)
    check_classes(index, has_folds=config.folds is not None)
    cache, unreadable = _read(index, config, cache_dir, seed, on_progress, notice)
    pictures = [picture for picture in index.pictures if picture.path in cache.manifest]
    check_contents(index.classes, pictures, cache.manifest)
    copies = find_copies(pictures, cache, near_duplicates=config.near_duplicates)
    check_copies(index.classes, pictures, copies.contents)
    if copies.equal_across or copies.near_across:
        _allow_across_splits(copies, config, cache.folder, notice)
    for text in (*index.left_out, *copies.notices):
        notice(text)
    fold = Fold(config.fold, config.folds) if config.folds is not None else None
    splits = split_pictures(pictures, copies.contents, Fractions(config.val_fraction, config.test_fraction), seed, fold)
    content = _content(name, source, index.classes, pictures, splits, cache, unreadable)
    return open_dataset({"folder": str(cache.folder), "split": _write_content(cache.folder, content)})


def _allow_across_splits(copies: Copies, config: DataConfig, folder: Path, notice: Notice) -> None:
    text = describe_across_splits(copies, folder / "copies_across_splits.txt")
    if config.copies_across_splits is CopiesAcrossSplits.refuse:
        raise DataError(text, "remove one of each, or go on with scores that flatter: data.copies_across_splits=allow")
    notice(f"{text}; scores will flatter")


def open_dataset(handle: Mapping[str, str]) -> Dataset:
    """The dataset that `prepare_dataset` gave `handle` to, without reading any picture file.

    Raises DataError when its files have vanished or are damaged.
    """
    folder = Path(handle["folder"])
    try:
        cache = open_cache(folder)
        content = _read_content(folder / handle["split"])
    except (DamagedCache, OSError) as error:
        raise DataError(
            f"the decoded pictures in {folder} cannot be opened: {error}", "start the study again to decode them again"
        ) from error
    rows = np.asarray([Split[name] for name in content["splits"]], dtype=object)
    return Dataset(
        name=content["name"],
        root_shown=content["root_shown"],
        classes=tuple(content["classes"]),
        pictures=cache.pictures,
        labels=np.asarray(content["labels"], np.int64),
        splits={split: np.flatnonzero(rows == split).astype(np.int64) for split in Split},
        fingerprint=content["fingerprint"],
        paths=cache.paths,
        manifest=cache.manifest,
        unreadable=tuple(Unreadable(path, reason) for path, reason in content["unreadable"]),
        handle=dict(handle),
    )


def _read(
    index: Index, config: DataConfig, cache_dir: Path, seed: int, on_progress: Progress | None, notice: Notice
) -> tuple[PictureCache, tuple[Unreadable, ...]]:
    """The decoded pictures that are used, and those that cannot be read."""
    unusable = {one.path for one in index.unusable}
    manifest, unhashed = hash_files(
        index.file,
        [picture.path for picture in index.pictures if picture.path not in unusable],
        on_progress=_stage(on_progress, "reading"),
    )
    cache = decoded_pictures(
        index.file,
        _at_most(config.max_per_class, index, manifest, seed, notice),
        DecodeSettings(config.cache_size, config.max_megapixels),
        cache_dir=cache_dir,
        on_progress=_stage(on_progress, "decoding"),
        on_notice=notice,
    )
    unreadable = (*index.unusable, *unhashed, *cache.unreadable)
    if unreadable:
        complete_list = cache.folder / "unreadable.txt"
        write_complete_list(unreadable, complete_list)
        if config.on_unreadable is OnUnreadable.refuse:
            raise refuse_unreadable(unreadable, complete_list)
        notice(f"left out: {describe_unreadable(unreadable, complete_list)}")
    return cache, unreadable


def _at_most(
    max_per_class: int | None, index: Index, manifest: Mapping[str, str], seed: int, notice: Notice
) -> Mapping[str, str]:
    """What of `manifest` (path → SHA-256) is used, chosen before anything is decoded: a small share of many opens soon.

    A chosen picture that then cannot be decoded is not replaced.
    """
    if max_per_class is None:
        return manifest
    chosen = choose_subset([picture for picture in index.pictures if picture.path in manifest], manifest, max_per_class, seed)
    if len(chosen) < len(manifest):
        notice(f"data.max_per_class={max_per_class}: {len(manifest) - len(chosen)} of {len(manifest)} pictures are left out")
    return {picture.path: manifest[picture.path] for picture in chosen}


def _stage(on_progress: Progress | None, stage: str) -> Callable[[int, int], None] | None:
    return partial(on_progress, stage) if on_progress is not None else None


def _content(
    name: str,
    source: Source,
    classes: tuple[str, ...],
    pictures: list[Picture],
    splits: tuple[Split, ...],
    cache: PictureCache,
    unreadable: tuple[Unreadable, ...],
) -> dict[str, Any]:
    labels = {class_name: label for label, class_name in enumerate(classes)}
    identity = [
        (picture.path, picture.class_name, cache.manifest[picture.path], split)
        for picture, split in zip(pictures, splits, strict=True)
    ]
    return {
        "name": name,
        "root_shown": source.shown,
        "classes": classes,
        "labels": [labels[picture.class_name] for picture in pictures],
        "splits": [str(split) for split in splits],
        "fingerprint": fingerprint(identity),
        "unreadable": [[one.path, one.reason] for one in unreadable],
    }


def _write_content(folder: Path, content: dict[str, Any]) -> str:
    """The name of the file that holds `content`: a hash of it, so a file with its name never changes."""
    text = json.dumps(content)
    name = f"split-{hashlib.sha256(text.encode()).hexdigest()[:32]}.json"
    path = folder / name
    if not path.exists() or path.read_text() != text:
        write_atomic(path, text)
    return name


def _read_content(path: Path) -> dict[str, Any]:
    data = path.read_bytes()
    if path.name != f"split-{hashlib.sha256(data).hexdigest()[:32]}.json":
        raise DamagedCache(f"{path.name} does not match its own checksum")
    return dict(json.loads(data))
