"""Trees at the limits of what a disk allows: no files, long names, deep folders, many classes."""

from __future__ import annotations

import os
import socket
import stat
import subprocess
import sys
import time
from collections import Counter

import pytest

from sweep.data.audit import check_classes, check_contents
from sweep.data.index import Split, index_pictures
from sweep.data.split import Fractions, split_pictures
from sweep.errors import DataError


class TestWhatIsNoFile:
    """Pipes, sockets and devices as classes, above classes and among their pictures, each of which would block or never end."""

    @pytest.fixture
    def root(self, make_root):
        root = make_root({"a": 2, "b": 2, "b/deep": 1})
        for place in ("", "a/", "b/deep/"):
            for suffix in ("", ".jpg"):
                os.mkfifo(root / f"{place}pipe{suffix}")
                with socket.socket(socket.AF_UNIX) as server:
                    server.bind(os.path.relpath(root / f"{place}socket{suffix}"))
                if os.geteuid() == 0:
                    os.mknod(root / f"{place}zero{suffix}", stat.S_IFCHR | 0o666, os.makedev(1, 5))
                    os.mknod(root / f"{place}disk{suffix}", stat.S_IFBLK | 0o666, os.makedev(7, 0))
                (root / f"{place}link{suffix}").symlink_to("/dev/zero")
        return root

    def test_is_named_and_never_opened(self, root):
        index = index_pictures(root)
        assert {str(one).partition(" ")[2] for one in index.unusable} == {"(not a regular file)"}
        kinds = ("pipe", "socket", "link") + (("zero", "disk") if os.geteuid() == 0 else ())
        assert {one.path for one in index.unusable} == {f"{place}{kind}.jpg" for place in ("a/", "b/deep/") for kind in kinds}
        assert index.classes == ("a", "b")

    def test_stops_neither_the_preparation_nor_makes_it_wait(self, root, tmp_path):
        command = f"""
from pathlib import Path
from sweep.config import DataConfig, OnUnreadable
from sweep.data.dataset import prepare_dataset
config = DataConfig(root={str(root)!r}, image_size=32, on_unreadable=OnUnreadable.skip)
print(prepare_dataset(config, cache_dir=Path({str(tmp_path)!r}) / "cache", seed=0).num_pictures)
"""
        done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, timeout=60, check=True)
        assert done.stdout == "5\n"


def test_names_as_long_as_a_disk_allows_are_carried_through(make_root, prepare):
    root = make_root({"a": 3, "b": 3})
    root = root.rename(root.with_name("r" * 255))
    (root / "a" / "0.jpg").rename(root / "a" / ("\U0001f331" * 62 + "xyz.jpg"))
    (root / "a").rename(root / ("c" * 255))
    dataset = prepare(root)
    assert "c" * 255 in dataset.classes and dataset.num_pictures == 6
    assert dataset.name == "r" * 60


def test_a_tree_that_is_deeper_than_a_path_may_be_long_is_refused_by_name(make_root):
    root = make_root({"a": 2, "b": 2})
    here = os.open(root / "a", os.O_RDONLY)
    for _ in range(20):
        os.mkdir("d" * 250, dir_fd=here)
        here, outer = os.open("d" * 250, os.O_RDONLY, dir_fd=here), here
        os.close(outer)
    os.close(here)
    with pytest.raises(DataError, match=rf"^folder {root}/a/ddd.* cannot be read: File name too long"):
        index_pictures(root)


@pytest.mark.slow
def test_ten_thousand_classes_take_no_more_than_their_number(tmp_path):
    for number in range(10_000):
        folder = tmp_path / f"{number:05d}"
        folder.mkdir()
        for name in ("0.jpg", "1.jpg"):
            (folder / name).touch()
    start = time.perf_counter()
    index = index_pictures(tmp_path)
    check_classes(index)
    manifest = {picture.path: picture.path for picture in index.pictures}
    check_contents(index.classes, index.pictures, manifest)
    splits = split_pictures(index.pictures, manifest, Fractions(0.15, 0.15), seed=0)
    assert time.perf_counter() - start < 20  # about one second
    assert (len(index.classes), len(splits)) == (10_000, 20_000)
    assert Counter(splits) == {Split.train: 10_000, Split.val: 10_000}
