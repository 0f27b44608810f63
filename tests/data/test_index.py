from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from sweep.data.index import Split, index_pictures
from sweep.errors import DataError


def paths(root: Path) -> list[str]:
    return [picture.path for picture in index_pictures(root).pictures]


def refusal(root: Path) -> str:
    with pytest.raises(DataError) as refused:
        index_pictures(root)
    return refused.value.line


def test_finds_nested_pictures_of_every_suffix_in_byte_order(make_root, tmp_path):
    root = make_root({"b": 1, "a": 0})
    for name in ("z.JPG", "deep/er/p.png", "A.jpeg", "w.webp", "b.bmp", "g.gif", "t.tif", "u.TIFF"):
        (root / "a" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "a" / name).touch()
    index = index_pictures(root)
    inside = ["a/A.jpeg", "a/b.bmp", "a/deep/er/p.png", "a/g.gif", "a/t.tif", "a/u.TIFF", "a/w.webp", "a/z.JPG"]
    assert [picture.path for picture in index.pictures] == [*inside, "b/0.jpg"]
    assert {picture.class_name for picture in index.pictures if picture.path in inside} == {"a"}
    assert index.classes == ("a", "b")


def test_hidden_files_and_folders_are_not_there(make_root):
    root = make_root({"a": 1, "b": 1, ".ipynb_checkpoints": 3, "a/.trash": 2})
    (root / "a" / "._0.jpg").touch()
    assert paths(root) == ["a/0.jpg", "b/0.jpg"]
    assert index_pictures(root).classes == ("a", "b")


def test_files_that_are_no_pictures_are_left_out_and_said(make_root):
    root = make_root({"a": 1, "b": 1})
    for name in ("a/notes.txt", "a/photo.heic", "b/photo.heic"):
        (root / name).touch()
    (root / "stray.jpg").touch()
    files, strays = index_pictures(root).left_out
    assert "3 files" in files and "2 × .heic" in files and "1 × .txt" in files
    assert "stray.jpg" in strays
    assert paths(root) == ["a/0.jpg", "b/0.jpg"]


def test_special_files_named_like_pictures_are_never_opened(make_root):
    root = make_root({"a": 1, "b": 1})
    os.mkfifo(root / "a" / "pipe.jpg")
    os.mkfifo(root / "a" / "pipe")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(root / "b" / "socket.png"))
        index = index_pictures(root)
    assert [str(one) for one in index.unusable] == ["a/pipe.jpg (not a regular file)", "b/socket.png (not a regular file)"]
    assert [picture.path for picture in index.pictures] == ["a/0.jpg", "a/pipe.jpg", "b/0.jpg", "b/socket.png"]


class TestLinks:
    @pytest.mark.parametrize("target", ["..", ".", "../..", "../b", "/usr"])
    def test_to_folders_are_refused_by_name(self, make_root, target):
        root = make_root({"a": 2, "b": 2})
        (root / "a" / "loop").symlink_to(target)
        assert str(root / "a" / "loop") in refusal(root)
        assert "symbolic link to a folder" in refusal(root)

    def test_a_class_folder_that_is_a_link_is_refused(self, make_root, tmp_path):
        root = make_root({"a": 2, "b": 2})
        (root / "c").symlink_to(root / "a")
        assert str(root / "c") in refusal(root)

    def test_to_a_file_elsewhere_is_a_picture(self, make_root, make_picture, tmp_path):
        root = make_root({"a": 1, "b": 1})
        (root / "a" / "linked.jpg").symlink_to(make_picture(tmp_path / "elsewhere" / "x.jpg"))
        assert paths(root) == ["a/0.jpg", "a/linked.jpg", "b/0.jpg"]

    def test_to_a_file_of_the_same_class_adds_nothing(self, make_root):
        root = make_root({"a": 1, "b": 1})
        (root / "a" / "00.jpg").symlink_to("0.jpg")
        (root / "a" / "again.jpg").symlink_to("00.jpg")
        assert paths(root) == ["a/0.jpg", "b/0.jpg"]

    def test_several_to_one_file_count_once(self, make_root, make_picture, tmp_path):
        root = make_root({"a": 0, "b": 1})
        elsewhere = make_picture(tmp_path / "x.jpg")
        for name in ("2.jpg", "1.jpg"):
            (root / "a" / name).symlink_to(elsewhere)
        assert paths(root) == ["a/1.jpg", "b/0.jpg"]

    def test_to_nowhere_or_to_themselves_are_unusable(self, make_root):
        root = make_root({"a": 1, "b": 1})
        (root / "a" / "gone.jpg").symlink_to("nowhere.jpg")
        (root / "a" / "self.jpg").symlink_to("self.jpg")
        (root / "a" / "self").symlink_to("self")
        index = index_pictures(root)
        assert [one.path for one in index.unusable] == ["a/gone.jpg", "a/self.jpg"]
        assert {picture.class_name for picture in index.pictures if picture.path in ("a/gone.jpg", "a/self.jpg")} == {"a"}

    def test_a_root_that_is_itself_a_link_to_a_file_folder_works(self, make_root, tmp_path):
        root = make_root({"a": 1, "b": 1})
        (tmp_path / "link").symlink_to(root)
        assert paths(tmp_path / "link") == ["a/0.jpg", "b/0.jpg"]


@pytest.mark.parametrize("name", ["two\nlines", "🌱 sprout", os.fsdecode(b"caf\xe9"), "semi;colon 'q'", "-rf"])
def test_any_name_is_carried_through(make_root, name):
    root = make_root({"a": 1, "b": 1})
    (root / "a" / "0.jpg").rename(root / "a" / f"{name}.jpg")
    (root / "a").rename(root / name)
    index = index_pictures(root)
    assert (root / f"{name}/{name}.jpg").exists()
    assert f"{name}/{name}.jpg" in [picture.path for picture in index.pictures]
    assert name in index.classes


class TestGivenSplits:
    @pytest.mark.parametrize("val", ["val", "valid", "validation", "Val"])
    def test_are_read_from_the_folders(self, make_root, val):
        root = make_root({"train/a": 2, "train/b": 1, f"{val}/a": 1, f"{val}/b": 1, "test/a": 1})
        index = index_pictures(root)
        assert index.classes == ("a", "b")
        assert {picture.path: picture.given for picture in index.pictures} == {
            "train/a/0.jpg": Split.train,
            "train/a/1.jpg": Split.train,
            "train/b/0.jpg": Split.train,
            f"{val}/a/0.jpg": Split.val,
            f"{val}/b/0.jpg": Split.val,
            "test/a/0.jpg": Split.test,
        }

    def test_capitals_and_longer_names_do_not_become_classes(self, make_root):
        root = make_root({"Training/a": 1, "Training/b": 1, "Testing/a": 1, "Testing/b": 1})
        assert index_pictures(root).classes == ("a", "b")

    def test_a_class_may_be_called_train(self, make_root):
        root = make_root({"train": 2, "bus": 2})
        assert index_pictures(root).classes == ("bus", "train")
        assert {picture.given for picture in index_pictures(root).pictures} == {None}

    def test_a_test_folder_without_classes_is_left_out_and_said(self, make_root):
        root = make_root({"train/a": 1, "train/b": 1, "test": 3})
        index = index_pictures(root)
        assert len(index.pictures) == 2
        assert any("test/ holds no class folders" in text for text in index.left_out)
        assert any("3 pictures outside any class folder" in text for text in index.left_out)

    def test_two_names_for_one_split_are_refused(self, make_root):
        root = make_root({"train/a": 1, "val/a": 1, "valid/a": 1})
        assert "both val/ and valid/" in refusal(root)

    def test_beside_class_folders_are_refused(self, make_root):
        root = make_root({"train/a": 1, "val/a": 1, "roses": 1})
        assert "beside it roses/" in refusal(root)

    def test_without_train_are_refused(self, make_root):
        root = make_root({"test/a": 1, "val/a": 1})
        assert "no train/" in refusal(root)


class TestRoot:
    def test_missing(self, tmp_path):
        assert "does not exist" in refusal(tmp_path / "nowhere")

    def test_a_file(self, tmp_path):
        (tmp_path / "x.jpg").touch()
        assert "is not a folder" in refusal(tmp_path / "x.jpg")

    def test_empty(self, tmp_path):
        line = refusal(tmp_path)
        assert "is empty" in line and "one folder per class" in line

    def test_files_but_no_class_folders(self, tmp_path):
        for number in range(3):
            (tmp_path / f"{number}.jpg").touch()
        line = refusal(tmp_path)
        assert "3 files but no class folders" in line and "data.root/<class>/picture.jpg" in line

    @pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may read every folder")
    def test_a_folder_without_permission_is_named(self, make_root):
        root = make_root({"a": 1, "b": 1})
        (root / "a").chmod(0)
        try:
            assert f"{root / 'a'} cannot be read" in refusal(root)
        finally:
            (root / "a").chmod(0o755)
