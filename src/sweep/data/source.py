"""Where a dataset comes from: a folder of the user's, or pictures that the program draws; and what it is called."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sweep.config import DataConfig
from sweep.data.index import EXPECTED_LAYOUT
from sweep.errors import DataError, nearest

DRAWN = ("plants",)
NAME_PATTERN = r"[A-Za-z0-9][A-Za-z0-9._-]*"


@dataclass(frozen=True, slots=True)
class Source:
    """The folder that holds the pictures."""

    root: Path
    """Absolute, symbolic links resolved."""
    shown: str
    """The root, or for drawn pictures a name that is the same on every machine."""
    is_drawn: bool


def dataset_name(config: DataConfig) -> str:
    """`config.name`, or one made of the root folder's; letters, digits, dot, underscore and dash only.

    Raises DataError when `config.name` has other characters.
    """
    if config.name is not None:
        if not re.fullmatch(NAME_PATTERN, config.name):
            raise DataError(
                f"data.name={config.name!r} cannot be part of a file's name", "use letters, digits, dots, dashes and _"
            )
        return config.name
    if config.root is None:
        return config.drawn or "data"
    plain = unicodedata.normalize("NFKD", _resolve(config.root).name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "data"


def find_source(config: DataConfig, cache_dir: Path, on_progress: Callable[[int, int], None] | None = None) -> Source:
    """The folder named by `config.root`, or else that of `config.drawn`, drawn into `cache_dir` where it is not there yet.

    Raises DataError when neither is given. Whether the user's folder exists is for the index to find out.
    """
    if config.root is not None:
        root = _resolve(config.root)
        return Source(root, str(root), is_drawn=False)
    if config.drawn is None:
        raise DataError(
            "data.root is missing: nothing says where the pictures are", f"name a folder, data.root=DIR; {EXPECTED_LAYOUT}"
        )
    if config.drawn not in DRAWN:
        raise DataError(f"data.drawn={config.drawn!r} is nothing that can be drawn", nearest(config.drawn, DRAWN))
    from sweep.data.drawn.draw import DRAWN_VERSION, draw_plants  # only who draws needs it

    name = f"plants-v{DRAWN_VERSION}"
    root = cache_dir / "drawn" / name
    draw_plants(root, seed=0, on_progress=on_progress)
    return Source(root.resolve(), f"drawn:{name}", is_drawn=True)


def _resolve(root: str) -> Path:
    try:
        return Path(root).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, an unknown user after ~, a zero byte
        raise DataError(f"data.root={root} is no usable path: {error}", "name an existing folder: data.root=DIR") from error
