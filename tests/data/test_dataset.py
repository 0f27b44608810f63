from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from sweep.data.dataset import open_dataset
from sweep.data.fingerprint import changed_files
from sweep.data.index import Split
from sweep.data.roots import index_roots
from sweep.errors import DataError


def test_everything_is_aligned(make_root, prepare):
    dataset = prepare(make_root({"b": 10, "a": 20}))
    assert dataset.classes == ("a", "b")
    assert dataset.num_pictures == 30 and dataset.stored_size == 37
    assert dataset.pictures.shape == (30, 37, 37, 3)
    assert [dataset.classes[label] for label in dataset.labels] == [path.split("/")[0] for path in dataset.paths]
    rows = np.concatenate([dataset.splits[split] for split in Split])
    assert sorted(rows.tolist()) == list(range(30))
    assert all((np.diff(dataset.splits[split]) > 0).all() for split in Split)
    assert {split: len(rows) for split, rows in dataset.splits.items()} == {Split.train: 21, Split.val: 5, Split.test: 4}
    assert dataset.name == "photos" and len(dataset.fingerprint) == 64
    assert list(dataset.manifest) == list(dataset.paths)


def test_a_worker_opens_the_same_from_a_plain_handle(make_root, prepare):
    dataset = prepare(make_root({"a": 5, os.fsdecode(b"caf\xe9\n"): 5}))
    handle = pickle.loads(pickle.dumps(json.loads(json.dumps(dict(dataset.handle)))))
    opened = open_dataset(handle)
    for name in ("name", "root_shown", "classes", "fingerprint", "paths", "manifest", "unreadable", "handle"):
        assert getattr(opened, name) == getattr(dataset, name)
    assert (np.asarray(opened.pictures) == dataset.pictures).all() and (opened.labels == dataset.labels).all()
    assert all((opened.splits[split] == dataset.splits[split]).all() for split in Split)


def test_a_worker_needs_no_picture_folder(make_root, prepare):
    root = make_root({"a": 5, "b": 5})
    dataset = prepare(root)
    shutil.rmtree(root)
    assert open_dataset(dataset.handle).num_pictures == 10


def test_a_vanished_cache_is_one_clear_line(make_root, prepare):
    dataset = prepare(make_root({"a": 5, "b": 5}))
    shutil.rmtree(prepare.cache_dir)
    with pytest.raises(DataError, match="cannot be opened: index.json is missing"):
        open_dataset(dataset.handle)


def test_a_damaged_split_is_refused_and_written_again(make_root, prepare):
    root = make_root({"a": 5, "b": 5})
    dataset = prepare(root)
    file = Path(dataset.handle["folder"]) / dataset.handle["split"]
    file.write_text(file.read_text().replace("val", "test"))
    with pytest.raises(DataError, match="does not match its own checksum"):
        open_dataset(dataset.handle)
    assert prepare(root).fingerprint == dataset.fingerprint


def test_the_seed_decides_the_split_and_all_splits_share_one_cache(make_root, prepare):
    root = make_root({"a": 30, "b": 30})
    first, again, other = prepare(root, seed=1), prepare(root, seed=1), prepare(root, seed=2)
    assert first.fingerprint == again.fingerprint != other.fingerprint
    assert first.handle["folder"] == other.handle["folder"]
    assert (first.splits[Split.val] != other.splits[Split.val]).any()
    assert (open_dataset(first.handle).splits[Split.val] == first.splits[Split.val]).all()


def test_the_fingerprint_does_not_depend_on_where_the_folder_lies(make_root, prepare, tmp_path):
    root = make_root({"a": 5, "b": 5})
    shutil.copytree(root, tmp_path / "elsewhere")
    assert prepare(root).fingerprint == prepare(tmp_path / "elsewhere").fingerprint


def test_changed_pictures_change_the_fingerprint_and_are_named(make_root, make_picture, prepare):
    root = make_root({"a": 5, "b": 5})
    before = prepare(root)
    make_picture(root / "a" / "1.jpg", 100)
    make_picture(root / "b" / "new.jpg", 101)
    (root / "b" / "0.jpg").unlink()
    after = prepare(root)
    assert after.fingerprint != before.fingerprint
    changes = changed_files(before.manifest, after.manifest)
    assert str(changes) == "1 changed: a/1.jpg; 1 added: b/new.jpg; 1 removed: b/0.jpg"


def test_a_picture_replaced_by_one_of_the_same_size_and_time_is_noticed(make_root, prepare):
    root = make_root({"a": 5, "b": 5})
    before, picture = prepare(root), root / "a" / "1.jpg"
    status, content = picture.stat(), bytearray(picture.read_bytes())
    content[-20] ^= 1
    picture.write_bytes(content)
    os.utime(picture, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (picture.stat().st_size, picture.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    after = prepare(root)
    assert after.fingerprint != before.fingerprint
    assert str(changed_files(before.manifest, after.manifest)) == "1 changed: a/1.jpg"


def test_a_picture_that_vanishes_between_listing_and_reading_is_listed(make_root, prepare, monkeypatch):
    root = make_root({"a": 5, "b": 5})
    listed = index_roots(root, ())
    (root / "a" / "1.jpg").unlink()
    monkeypatch.setattr("sweep.data.dataset.index_roots", lambda *roots: listed)
    with pytest.raises(DataError, match=r"^1 unreadable picture: a/1\.jpg \(No such file or directory\)"):
        prepare(root)


def test_copies_share_a_split(make_root, prepare):
    root = make_root({"a": 20, "b": 20})
    for number in range(20):
        shutil.copy(root / "a" / f"{number}.jpg", root / "a" / f"copy{number}.jpg")
    dataset = prepare(root)
    for rows in dataset.splits.values():
        names = {dataset.paths[row].replace("copy", "") for row in rows if dataset.labels[row] == 0}
        assert len(names) * 2 == sum(dataset.labels[row] == 0 for row in rows)


def test_given_splits_are_kept(make_root, prepare):
    dataset = prepare(make_root({"train/a": 10, "train/b": 10, "valid/a": 3, "valid/b": 3}))
    assert [dataset.paths[row].split("/")[0] for row in dataset.splits[Split.val]] == ["valid"] * 6
    assert {dataset.paths[row].split("/")[0] for row in dataset.splits[Split.test]} == {"train"}


def test_folds_validate_every_picture_once_and_share_their_test_pictures(make_root, prepare):
    root = make_root({"a": 20, "b": 15})
    whole = prepare(root)
    folds = [prepare(root, folds=3, fold=number) for number in range(3)]
    for fold in folds:
        assert (fold.splits[Split.test] == whole.splits[Split.test]).all()
        assert {fold.labels[row] for row in fold.splits[Split.val]} == {0, 1}
    validating = np.concatenate([fold.splits[Split.val] for fold in folds])
    assert sorted(validating) == sorted(set(range(35)) - set(whole.splits[Split.test]))
    assert len({fold.fingerprint for fold in (whole, *folds)}) == 4
    assert {fold.handle["folder"] for fold in folds} == {whole.handle["folder"]}


def test_folds_beside_a_given_validation_split_are_refused_before_anything_is_read(make_root, prepare):
    root = make_root({"train/a": 9, "train/b": 9, "val/a": 3, "val/b": 3})
    with pytest.raises(DataError, match=r"data\.folds cuts validation .* gives a validation split"):
        prepare(root, folds=3)
    assert prepare.progress == []


@pytest.mark.parametrize("name", ["two\nlines", "🌱", os.fsdecode(b"\xff\xfe")])
def test_strange_names_go_all_the_way(make_root, prepare, name):
    root = make_root({"a": 5, "b": 5})
    (root / "a" / "0.jpg").rename(root / "a" / f"{name}.jpg")
    (root / "a").rename(root / name)
    dataset = prepare(root.rename(root.with_name(name)))
    assert name in dataset.classes and f"{name}/{name}.jpg" in dataset.manifest
    assert dataset.root_shown.endswith(name)


class TestUnreadable:
    @pytest.fixture
    def root(self, make_root):
        root = make_root({"a": 20, "b": 20})
        (root / "a" / "1.jpg").write_bytes((root / "a" / "1.jpg").read_bytes()[:900])
        (root / "a" / "2.jpg").write_text("<html>Not found</html>")
        (root / "b" / "3.jpg").write_bytes(b"")
        (root / "b" / "gone.jpg").symlink_to("nowhere")
        return root

    def test_are_refused_with_names_reasons_and_remedy(self, root, prepare):
        with pytest.raises(DataError) as refused:
            prepare(root)
        line = refused.value.line
        assert "4 unreadable pictures" in line and "data.on_unreadable=skip" in line
        assert "a/2.jpg (not a picture of a known format)" in line
        assert "a/1.jpg (image file is truncated" in line
        assert "b/gone.jpg (symbolic link to nowhere" in line

    def test_are_skipped_when_asked_and_said(self, root, prepare):
        dataset = prepare(root, skip=True)
        assert dataset.num_pictures == 37
        assert {one.path for one in dataset.unreadable} == {"a/1.jpg", "a/2.jpg", "b/3.jpg", "b/gone.jpg"}
        assert not {one.path for one in dataset.unreadable} & set(dataset.paths)
        assert any("left out: 4 unreadable pictures" in text for text in prepare.notices)
        assert open_dataset(dataset.handle).unreadable == dataset.unreadable

    def test_are_written_down_completely_when_there_are_many(self, root, prepare):
        for number in range(4, 20):
            (root / "a" / f"{number}.jpg").write_bytes(b"")
        with pytest.raises(DataError) as refused:
            prepare(root)
        assert refused.value.line.count("not a picture") <= 10
        complete = refused.value.line.partition("complete list: ")[2].partition(")")[0]
        assert len(Path(complete).read_text().splitlines()) == 20

    def test_may_not_take_a_whole_class_silently(self, make_root, prepare):
        root = make_root({"a": 5, "b": 5, "c": 2})
        for path in (root / "c").iterdir():
            path.write_bytes(b"")
        with pytest.raises(DataError, match="class 'c' has 0 distinct readable"):
            prepare(root, skip=True)

    def test_more_megapixels_than_allowed_are_unreadable(self, make_root, make_picture, prepare):
        root = make_root({"a": 5, "b": 5})
        make_picture(root / "a" / "large.jpg", 99, size=(200, 100))
        with pytest.raises(DataError, match=r"a/large\.jpg \(200 × 100 .* data\.max_megapixels=0\.01\)"):
            prepare(root, max_megapixels=0.01)


def test_progress_counts_every_picture_of_every_stage(make_root, prepare):
    prepare(make_root({"a": 5, "b": 5}))
    for stage in ("reading", "decoding"):
        assert [done for name, done, _ in prepare.progress if name == stage] == list(range(1, 11))
    assert {total for _, _, total in prepare.progress} == {10}


def test_preparing_does_not_import_torch():
    code = "import sys; import sweep.data.dataset; assert not {'torch', 'optuna', 'mlflow'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


PHOTOS = os.environ.get("SWEEP_PHOTOS")


@pytest.mark.skipif(PHOTOS is None, reason="SWEEP_PHOTOS names no folder of photographs")
def test_1500_photographs_open_at_once_the_second_time(prepare):
    root = Path(str(PHOTOS)) / "plants20"
    first = prepare(root)
    assert (first.num_pictures, len(first.classes)) == (1500, 20)
    prepare.progress.clear()
    start = time.perf_counter()
    second = prepare(root)
    assert time.perf_counter() - start < 1
    assert second.fingerprint == first.fingerprint
    assert not any(stage == "decoding" for stage, _, _ in prepare.progress)
