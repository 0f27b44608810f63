"""A disk that fails while pictures, or the cache of decoded pictures, are read: the system's own EIO, by strace."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from sweep.config import DataConfig
from sweep.data.dataset import Dataset, prepare_dataset
from tests.pictures import make_pictures

TIMEOUT_S = 60
PREPARE = """
import json, sys
from pathlib import Path
import numpy as np
from sweep.config import DataConfig, OnUnreadable
from sweep.data.dataset import open_dataset, prepare_dataset
from sweep.errors import DataError

what, root, cache_dir, on_unreadable = sys.argv[1:]
notices = []
try:
    if what == "open":
        dataset = open_dataset(json.loads(root))
        dataset.pictures[np.arange(12)]
    else:
        config = DataConfig(root=root, image_size=32, on_unreadable=OnUnreadable(on_unreadable), near_duplicates=False)
        dataset = prepare_dataset(config, cache_dir=Path(cache_dir), seed=0, on_notice=notices.append)
    said = {"pictures": dataset.num_pictures, "unreadable": list(map(str, dataset.unreadable)), "handle": dict(dataset.handle)}
except DataError as error:
    said = {"refused": error.line}
print(json.dumps(said | {"notices": notices}))
"""


def can_be_traced() -> bool:
    strace = shutil.which("strace")
    return strace is not None and subprocess.run([strace, "-o", "/dev/null", "true"], capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not can_be_traced(), reason="strace cannot trace here")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_pictures(tmp_path / "patterns", per_class=4)


def run(what: str, root: Path | str, cache_dir: Path, failing: Path, reads: str, when: str = "1+", skip: bool = False) -> Any:
    """What the program says where the system calls `reads` of the file `failing` fail, from the `when`-th on."""
    strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-P", str(failing), "-e", f"inject={reads}:error=EIO:when={when}"]
    program = [sys.executable, "-c", PREPARE, what, str(root), str(cache_dir), "skip" if skip else "refuse"]
    done = subprocess.run([*strace, *program], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


@pytest.fixture
def healthy(root: Path, tmp_path: Path) -> Callable[[], Dataset]:
    return lambda: prepare_dataset(DataConfig(root=str(root), image_size=32), cache_dir=tmp_path / "cache", seed=0)


def test_a_picture_that_the_disk_cannot_read_is_listed_with_the_reason(root: Path, tmp_path: Path) -> None:
    said = run("prepare", root, tmp_path / "cache", root / "rings" / "02.jpg", "read,pread64")
    assert said["refused"].startswith("1 unreadable picture: rings/02.jpg (Input/output error) — repair or remove them")


@pytest.mark.slow
@pytest.mark.parametrize("when", ["8+", "8"])  # a large file is hashed in fewer reads, and decoded in more
def test_one_that_failed_while_it_was_decoded_is_a_picture_again_when_it_can_be_read(
    root: Path, tmp_path: Path, healthy: Callable[[], Dataset], when: str
) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (350, 350, 3), dtype=np.uint8)
    Image.fromarray(noise).save(root / "rings" / "large.png")
    said = run("prepare", root, tmp_path / "cache", root / "rings" / "large.png", "read,pread64", when, skip=True)
    assert (said["pictures"], said["unreadable"]) == (12, ["rings/large.png (Input/output error)"])
    assert (healthy().num_pictures, healthy().unreadable) == (13, ())


@pytest.mark.parametrize(("name", "when"), [("pictures.u8", "7"), pytest.param("index.json", "1", marks=pytest.mark.slow)])
def test_a_cache_that_the_disk_cannot_read_is_decoded_again(
    root: Path, tmp_path: Path, healthy: Callable[[], Dataset], name: str, when: str
) -> None:
    folder = Path(healthy().handle["folder"])
    said = run("prepare", root, tmp_path / "cache", folder / name, "read,preadv2", when)
    (notice,) = said["notices"]
    assert notice.startswith(f"the decoded pictures in {folder} are damaged (")
    assert notice.endswith(f"{name} cannot be read: Input/output error) and are decoded again")
    assert said["pictures"] == 12


@pytest.mark.slow
def test_a_trial_is_told_that_its_pictures_cannot_be_read(tmp_path: Path, healthy: Callable[[], Dataset]) -> None:
    handle = healthy().handle
    pictures = Path(handle["folder"]) / "pictures.u8"
    said = run("open", json.dumps(dict(handle)), tmp_path, pictures, "preadv2", when="5")
    assert said["refused"] == f"{pictures} cannot be read: Input/output error — start again: what is damaged is decoded again"
