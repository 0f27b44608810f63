"""Pictures that change, vanish or turn into something else between being hashed and being decoded."""

from __future__ import annotations

import os

import pytest
from tests.data.test_cache import SETTINGS, folders, manifest_of

from sweep.data.cache import decoded_pictures
from sweep.data.hashing import hash_files
from sweep.errors import DataError


@pytest.fixture
def root(make_root):
    return make_root({"a": 5, "b": 5})


@pytest.mark.parametrize("content", [b"", b"<html>", None])
def test_a_picture_that_is_spoilt_or_gone_between_hashing_and_decoding_is_not_remembered_as_unreadable(root, tmp_path, content):
    manifest, picture = manifest_of(root), root / "a" / "2.jpg"
    sound = picture.read_bytes()
    picture.unlink() if content is None else picture.write_bytes(content)
    if content is None:
        cache = decoded_pictures(root.joinpath, manifest, SETTINGS, cache_dir=tmp_path / "cache")
        assert [str(one) for one in cache.unreadable] == ["a/2.jpg (No such file or directory)"]
        assert len(cache.pictures) == 9 and "a/2.jpg" not in cache.manifest
    else:
        with pytest.raises(DataError, match=r"a/2\.jpg changed while"):
            decoded_pictures(root.joinpath, manifest, SETTINGS, cache_dir=tmp_path / "cache")
    picture.write_bytes(sound)
    assert len(decoded_pictures(root.joinpath, manifest, SETTINGS, cache_dir=tmp_path / "cache").pictures) == 10


def test_a_picture_that_becomes_a_pipe_is_not_waited_for(root, tmp_path):
    manifest = manifest_of(root)
    (root / "a" / "2.jpg").unlink()
    os.mkfifo(root / "a" / "2.jpg")
    cache = decoded_pictures(root.joinpath, manifest, SETTINGS, cache_dir=tmp_path)
    assert [str(one) for one in cache.unreadable] == ["a/2.jpg (not a regular file)"]
    _, unread = hash_files(root.joinpath, ["a/2.jpg"])
    assert unread == list(cache.unreadable)


def test_a_picture_that_changes_between_hashing_and_decoding_is_refused(root, tmp_path, make_picture):
    manifest = manifest_of(root)
    make_picture(root / "a" / "2.jpg", 999)
    with pytest.raises(DataError, match=r"a/2\.jpg changed while"):
        decoded_pictures(root.joinpath, manifest, SETTINGS, cache_dir=tmp_path)
    assert folders(tmp_path) == []
