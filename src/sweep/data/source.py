"""Where a dataset comes from: folders or a labels file of the user's, or pictures that the program draws; and its name."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sweep.config import DataConfig
from sweep.data.index import EXPECTED_LAYOUT
from sweep.errors import DataError, nearest

NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}"  # the study's folder is named for it, and a name is 255 bytes at most
DERIVED_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Source:
    """The folders that hold the pictures. They are absolute, symbolic links resolved."""

    root: Path
    """The folder of class folders, or where the paths of a labels file start."""
    shown: str
    """All of the source in words, or for drawn pictures a name that is the same on every machine."""
    extra_roots: tuple[Path, ...] = ()
    """By the bytes of their paths, as their order means nothing."""
    labels: Path | None = None
    is_drawn: bool = False


def dataset_name(config: DataConfig) -> str:
    """`config.name`, or one made of the root folder's; letters, digits, dot, underscore and dash only.

    A labels file adds its own name without the ending: one folder of pictures may be labelled in several ways, and
    `labels.csv` alone says nothing.

    Raises DataError when `config.name` has other characters.
    """
    if config.name is not None:
        if not re.fullmatch(NAME_PATTERN, config.name):
            raise DataError(
                f"data.name={config.name!r} cannot be part of a file's name",
                "use letters, digits, dots, dashes and _, 100 at most",
            )
        return config.name
    if config.root is None and config.labels is None:
        return config.drawn or "data"
    source = _find_users(config)
    named = source.root.name if source.labels is None else f"{source.root.name}-{source.labels.stem}"
    plain = unicodedata.normalize("NFKD", named).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:DERIVED_LENGTH].rstrip("-") or "data"


def find_source(config: DataConfig, cache_dir: Path, on_progress: Callable[[int, int], None] | None = None) -> Source:
    """What `config.root` or `config.labels` name, or else `config.drawn`, drawn into `cache_dir` where it is not there yet.

    Raises DataError when none is given. Whether the user's files exist is for the index to find out.
    """
    if config.root is not None or config.labels is not None:
        return _find_users(config)
    if config.drawn is None:
        raise DataError(
            "data.root is missing: nothing says where the pictures are", f"name a folder, data.root=DIR; {EXPECTED_LAYOUT}"
        )
    from sweep.data.drawn.draw import draw  # only who draws needs them
    from sweep.data.drawn.kinds import DRAWN_KINDS

    if config.drawn not in DRAWN_KINDS:
        raise DataError(f"data.drawn={config.drawn!r} is nothing that can be drawn", nearest(config.drawn, DRAWN_KINDS))
    folder = DRAWN_KINDS[config.drawn].folder
    root = cache_dir / "drawn" / folder
    draw(config.drawn, root, seed=0, on_progress=on_progress)
    return Source(root.resolve(), f"drawn:{folder}", is_drawn=True)


def _find_users(config: DataConfig) -> Source:
    root = _resolve(config.root, "data.root") if config.root is not None else None
    if config.labels is not None:
        # The folder the file is named in, not one that a link of its name leads to: the paths start beside the name.
        labels = _resolve(str(Path(config.labels).parent), "data.labels") / Path(config.labels).name
        root = root or labels.parent
        return Source(root, str(labels) if root == labels.parent else f"{root} by {labels}", labels=labels)
    assert root is not None
    extra = sorted((_resolve(one, "data.extra_roots") for one in config.extra_roots), key=os.fsencode)
    return Source(root, " + ".join(map(str, (root, *extra))), tuple(extra))


def _resolve(path: str, setting: str) -> Path:
    if not path:
        raise DataError(f"{setting} holds an empty name", "name a folder")
    try:
        return Path(path).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, an unknown user after ~, a zero byte
        raise DataError(f"{setting}={path} is no usable path: {error}", "name what exists") from error
