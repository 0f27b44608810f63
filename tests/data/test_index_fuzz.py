"""Whatever lies in a folder: every picture once, or one line that says what is wrong."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sweep.data.audit import check_classes
from sweep.data.index import Index, index_pictures
from sweep.data.roots import index_roots
from sweep.errors import DataError

pytestmark = pytest.mark.fuzz

ORDINARY = ["a", "b", "A", "train", "Train", "val", "valid", "test", ".hidden", ".ipynb_checkpoints", "caf\u00e9", "cafe\u0301"]
names = st.one_of(
    st.sampled_from(ORDINARY),
    st.sampled_from(["1", "2", "x" * 240, "\U0001f331", "two\nlines", " ", "-rf", "~", "%2e", "$HOME", "\x1b[31m"]),
    st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=8),
    st.binary(min_size=1, max_size=8).map(lambda data: os.fsdecode(data.replace(b"/", b"_").replace(b"\0", b"_"))),
).filter(lambda name: name not in (".", "..") and len(os.fsencode(name)) <= 245)
LINKED = [
    "..",
    ".",
    "../..",
    "nowhere",
    "1.jpg",
    "../a/1.jpg",
    "../../outside",
    "../../outside/1.jpg",
    "/dev/null",
    "/dev/zero",
    "self",
]
suffixes = st.sampled_from([".jpg", ".PNG", ".jpeg", ".gif", ".txt", "", ".jpg.part", ".tif"])


@dataclass(frozen=True)
class Entry:
    folders: tuple[str, ...]
    name: str
    kind: str
    target: str = ""


entries = st.lists(
    st.builds(
        Entry,
        st.lists(names, max_size=4).map(tuple),
        st.builds(str.__add__, names, suffixes),
        st.sampled_from(["file", "file", "file", "file", "folder", "link", "hard link", "pipe", "socket", "device"]),
        st.sampled_from(LINKED),
    ),
    max_size=14,
)


def make(root: Path, entry: Entry, first_file: list[Path]) -> None:
    folder = root.joinpath(*entry.folders)
    path = folder / entry.name
    if os.path.realpath(path) != os.path.join(os.path.realpath(root), *entry.folders, entry.name):
        return  # an earlier entry made a link there: nothing is ever written to where one leads
    folder.mkdir(parents=True, exist_ok=True)
    if entry.kind == "file":
        with open(path, "xb") as file:  # never into what is there, a pipe perhaps
            file.write(b"picture")
        first_file.append(path)
    elif entry.kind == "folder":
        path.mkdir()
    elif entry.kind == "link":
        path.symlink_to(entry.target)
    elif entry.kind == "hard link" and first_file:
        os.link(first_file[0], path)
    elif entry.kind == "pipe":
        os.mkfifo(path)
    elif entry.kind == "device" and os.geteuid() == 0:
        os.mknod(path, 0o020666, os.makedev(1, 5))  # /dev/zero, which never ends
    elif entry.kind == "socket":
        with socket.socket(socket.AF_UNIX) as server, tempfile.TemporaryDirectory() as short:
            server.bind(f"{short}/s")
            os.rename(f"{short}/s", path)


def build_tree(root: Path, tree: list[Entry]) -> None:
    first_file: list[Path] = []
    for entry in tree:
        try:
            make(root, entry, first_file)
        except OSError:  # a name that is taken, or not for this disk
            continue


def expected(root: Path) -> Counter[str]:
    """What `os.walk` finds of visible regular files that are named like pictures and lie in a folder."""
    found: Counter[str] = Counter()
    for parent, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in files:
            path = Path(parent, name)
            is_picture = os.path.splitext(name)[1].lower() in (".jpg", ".png", ".jpeg", ".gif", ".tif")
            if is_picture and not name.startswith(".") and path.is_file() and not path.is_symlink():
                found[path.relative_to(root).as_posix()] += 1
    return found


def check(index: Index, root: Path) -> None:
    paths = Counter(picture.path for picture in index.pictures)
    assert max(paths.values(), default=1) == 1
    unusable = {one.path for one in index.unusable}
    assert unusable <= set(paths)
    links = {path for path in paths if (root / path).is_symlink()}
    assert all((root / path).is_file() for path in set(paths) - unusable)
    assert not any(".." in Path(path).parts or os.path.isabs(path) for path in paths)
    beside_classes = {path for path in expected(root) if path not in paths}
    depth = {path.count("/") for path in beside_classes}
    assert depth <= {0, 1}, beside_classes  # stray pictures above the class folders
    assert set(paths) - links - unusable <= set(expected(root))
    assert index.origin and all(isinstance(text, str) for text in index.left_out)


@given(entries)
@example([Entry(("a",), "1.jpg", "file"), Entry(("a",), "2.jpg", "pipe"), Entry(("b", "b"), "1.jpg", "device")])
@example(
    [Entry(("train",), "1.jpg", "file"), Entry(("train", "a"), "1.jpg", "file"), Entry(("Train", "b"), "1.jpg", "link", "..")]
)
@example([Entry(("a",), "1.jpg", "file"), Entry(("a",), "2.jpg", "link", "1.jpg"), Entry(("b",), "1.jpg", "link", "../a/1.jpg")])
def test_a_tree_of_anything_gives_each_picture_once_or_one_line(tree: list[Entry]) -> None:
    base = Path(tempfile.mkdtemp())
    try:
        (base / "outside").mkdir()
        (base / "outside" / "1.jpg").write_bytes(b"outside")
        build_tree(base / "photos", tree)
        assert (base / "outside" / "1.jpg").read_bytes() == b"outside"
        try:
            index = index_pictures(base / "photos")
            check(index, base / "photos")
            check_classes(index)
            assert len(index.classes) >= 2
        except DataError as error:
            assert error.line.isprintable() and error.problem
    finally:
        shutil.rmtree(base)


@given(entries, entries)
def test_two_roots_give_what_each_gives_or_one_line(one: list[Entry], other: list[Entry]) -> None:
    base = Path(tempfile.mkdtemp())
    try:
        for name, tree in (("one", one), ("other", other)):
            build_tree(base / name, tree)
        try:
            index = index_roots(base / "one", [base / "other"])
        except DataError as error:
            assert error.line.isprintable()
            return
        alone = [index_pictures(base / name) for name in ("one", "other")]
        assert len(index.pictures) == sum(len(each.pictures) for each in alone)
        assert len({picture.path for picture in index.pictures}) == len(index.pictures)
        assert all(os.path.lexists(index.file(picture.path)) for picture in index.pictures)
    finally:
        shutil.rmtree(base)
