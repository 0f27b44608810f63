"""Drawing the whole collection: a folder per class, JPEG by JPEG, on every core, and only ever as a whole."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context, parent_process
from pathlib import Path

import numpy as np

from sweep.config.seeds import derive_seed
from sweep.data.drawn.kinds import DRAWN_KINDS, Kind
from sweep.data.lock import holding
from sweep.errors import DataError, explain
from sweep.journal.files import sync_folder

JPEG_QUALITY = 88
LOCK_TIMEOUT_S = 600.0  # many times what drawing takes
CHUNK = 15  # pictures that one worker draws before it reports

Task = tuple[str, str, int, int, Path]
"""Kind, class, first picture, end, folder of the class."""
Progress = Callable[[int, int], None]
"""Called with the pictures drawn so far and in all."""


def draw(
    kind: str,
    root: Path,
    *,
    seed: int = 0,
    per_class: int | None = None,
    workers: int | None = None,
    on_progress: Progress | None = None,
) -> None:
    """Draw `<root>/<class>/<class>_000.jpg` … of one of `DRAWN_KINDS`, unless the complete folder is there already.

    The same seed gives the same bytes whatever the number of workers, with the same versions of Pillow and numpy on the
    same kind of processor. `root` appears only when every picture is drawn; an interrupted call leaves no pictures, and
    a second caller waits for the first, up to ten minutes. `per_class` defaults to the kind's own number; `workers` to
    the cores this process may use; 1 draws in this process, more need a main module that can be imported without running.

    Raises DataError where `root` exists and is no such folder, or cannot be written.
    """
    drawing = DRAWN_KINDS[kind]
    count = per_class or drawing.per_class
    try:
        root.parent.mkdir(parents=True, exist_ok=True)
        with holding(root.with_name(f".{root.name}.lock"), timeout_s=LOCK_TIMEOUT_S):
            if root.exists():
                _check_complete(root, drawing, count)
            else:
                _draw_whole(root, drawing, seed, count, workers or _cores(), on_progress)
    except OSError as error:
        raise DataError(
            f"{kind} cannot be drawn: {explain(error, root.parent)}", "make room there, or keep them elsewhere: cache_dir=DIR"
        ) from error


def _draw_whole(root: Path, kind: Kind, seed: int, per_class: int, workers: int, on_progress: Progress | None) -> None:
    unfinished = root.with_name(f".{root.name}.drawing")
    shutil.rmtree(unfinished, ignore_errors=True)  # what a killed call left
    unfinished.mkdir(mode=0o700)
    try:
        _draw_all(unfinished, kind, seed, per_class, workers, on_progress)
        unfinished.chmod(root.parent.stat().st_mode & 0o777)  # from now on as open to others as the folder that it lies in
        unfinished.rename(root)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    sync_folder(root.parent)


def _draw_all(folder: Path, kind: Kind, seed: int, per_class: int, workers: int, on_progress: Progress | None) -> None:
    tasks = []
    for name in kind.classes:
        (folder / name).mkdir()
        for first in range(0, per_class, CHUNK):
            tasks.append((kind.name, name, first, min(first + CHUNK, per_class), folder / name))
    done = 0
    for count in _drawn_counts(tasks, seed, workers):
        done += count
        if on_progress is not None:
            on_progress(done, len(kind.classes) * per_class)
    for name in kind.classes:
        sync_folder(folder / name)


def _drawn_counts(tasks: list[Task], seed: int, workers: int) -> Iterator[int]:
    if workers == 1:
        yield from (_draw_chunk(task, seed) for task in tasks)
        return
    # Spawned, not forked: the caller may hold threads (torch, a progress bar) that a fork would leave half alive.
    with ProcessPoolExecutor(min(workers, len(tasks)), get_context("spawn"), _live_with_parent) as pool:
        try:
            for drawn in as_completed([pool.submit(_draw_chunk, task, seed) for task in tasks]):
                yield drawn.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _cores() -> int:
    """Those that this process may use; not every system can tell."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _live_with_parent() -> None:
    """Leave Ctrl-C to the parent, which stops its workers; and end when the parent was killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    parent = parent_process()
    assert parent is not None

    def end_with_parent() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=end_with_parent, daemon=True).start()


def _draw_chunk(task: Task, seed: int) -> int:
    kind, name, first, end, folder = task
    for index in range(first, end):
        # No two kinds share a class, so the class's name is enough to name the stream.
        rng = np.random.Generator(np.random.PCG64(derive_seed(seed, "drawn", name, index)))
        with open(folder / _file_name(name, index), "wb") as file:
            DRAWN_KINDS[kind].photograph(name, rng).save(file, "JPEG", quality=JPEG_QUALITY)
            file.flush()
            os.fsync(file.fileno())
    return end - first


def _file_name(name: str, index: int) -> str:
    return f"{name}_{index:03d}.jpg"


def _check_complete(root: Path, kind: Kind, per_class: int) -> None:
    for name in kind.classes:
        for index in range(per_class):
            picture = root / name / _file_name(name, index)
            if not picture.is_file():
                raise DataError(
                    f"{root} is not a complete folder of drawn {kind.name}: {picture.relative_to(root)} is missing",
                    "remove the folder to have it drawn again, or name another",
                )
