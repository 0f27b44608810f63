from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from sweep.data.cache import cache_key, decoded_pictures, open_cache
from sweep.data.decoding import DecodeSettings, checksum
from sweep.errors import DataError

SETTINGS = DecodeSettings(size=32, max_megapixels=100)

BUILD = """
import sys, time
import numpy as np
from pathlib import Path
from sweep.config import DataConfig
from sweep.data.dataset import prepare_dataset

def on_progress(stage, done, total):
    if stage == "decoding" and done == int(sys.argv[3]):
        print("decoding", flush=True)
        time.sleep(600)

config = DataConfig(root=sys.argv[1], image_size=32)
dataset = prepare_dataset(config, cache_dir=Path(sys.argv[2]), seed=0, on_progress=on_progress)
print(dataset.fingerprint, np.asarray(dataset.pictures).sum())
"""


def manifest_of(root: Path) -> dict[str, str]:
    files = [path for path in root.rglob("*") if path.is_file()]
    return {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def root(make_root):
    return make_root({"a": 5, "b": 5})


def modes(folder: Path) -> dict[str, str]:
    found = {"": folder} | {path.name: path for path in folder.iterdir()}
    return {name: f"{path.stat().st_mode & 0o777:o}" for name, path in found.items()}


def folders(cache_dir: Path) -> list[str]:
    return sorted(path.name for path in (cache_dir / "pictures").iterdir() if path.is_dir())


@contextmanager
def build(root: Path, cache_dir: Path, stop_at: int = -1) -> Iterator[subprocess.Popen[str]]:
    """Another process that prepares `root`; with `stop_at` it stops for good after so many pictures."""
    command = [sys.executable, "-c", BUILD, str(root), str(cache_dir), str(stop_at)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            if stop_at > 0:
                assert process.stdout.readline() == "decoding\n"
            yield process
        finally:
            process.kill()


def test_rows_are_the_decoded_files_in_byte_order(root, tmp_path):
    cache = decoded_pictures(root.joinpath, manifest_of(root), SETTINGS, cache_dir=tmp_path)
    assert cache.pictures.shape == (10, 32, 32, 3)
    assert cache.paths == tuple(sorted(manifest_of(root)))
    with Image.open(root / cache.paths[7]) as image:
        expected = image.resize((32, 32), Image.Resampling.BILINEAR, box=(4, 0, 44, 40), reducing_gap=3.0)
    assert (cache.pictures[7] == np.asarray(expected)).all()


def test_opened_pictures_cannot_be_written(root, tmp_path):
    cache = decoded_pictures(root.joinpath, manifest_of(root), SETTINGS, cache_dir=tmp_path)
    with pytest.raises(TypeError, match="item assignment"):
        cache.pictures[0] = 0


def test_a_second_call_decodes_nothing(root, tmp_path):
    first = decoded_pictures(root.joinpath, manifest_of(root), SETTINGS, cache_dir=tmp_path)
    manifest = manifest_of(root)
    shutil.rmtree(root)
    second = decoded_pictures(root.joinpath, manifest, SETTINGS, cache_dir=tmp_path)
    assert (np.asarray(second.pictures) == first.pictures).all() and second.folder == first.folder


def test_the_key_is_made_of_everything_that_the_pixels_depend_on(root, monkeypatch):
    manifest = manifest_of(root)
    keys = {
        cache_key(manifest, SETTINGS),
        cache_key(manifest, DecodeSettings(33, 100)),
        cache_key(manifest, DecodeSettings(32, 99)),
        cache_key(manifest | {"a/0.jpg": "0"}, SETTINGS),
        cache_key(manifest | {"a/x.jpg": "0"}, SETTINGS),
    }
    assert cache_key(dict(reversed(manifest.items())), SETTINGS) in keys
    monkeypatch.setattr("sweep.data.cache.DECODER_VERSION", "another")
    assert len(keys | {cache_key(manifest, SETTINGS)}) == 6


def test_unreadable_pictures_are_recorded_and_leave_no_gap(root, tmp_path):
    for name in ("a/0.jpg", "a/3.jpg", "b/4.jpg"):
        (root / name).write_text("<html>")
    cache = decoded_pictures(root.joinpath, manifest_of(root), SETTINGS, cache_dir=tmp_path / "some")
    assert [one.path for one in cache.unreadable] == ["a/0.jpg", "a/3.jpg", "b/4.jpg"]
    assert {one.reason for one in cache.unreadable} == {"not a picture of a known format"}
    manifest = {path: cache.manifest[path] for path in cache.paths}
    whole = decoded_pictures(root.joinpath, manifest, SETTINGS, cache_dir=tmp_path / "readable")
    assert whole.paths == cache.paths and (np.asarray(whole.pictures) == cache.pictures).all()
    assert (cache.folder / "pictures.u8").stat().st_size == 7 * 32 * 32 * 3


def test_no_readable_picture_at_all_is_still_a_cache(root, tmp_path):
    for path in root.rglob("*.jpg"):
        path.write_bytes(b"")
    cache = decoded_pictures(root.joinpath, manifest_of(root), SETTINGS, cache_dir=tmp_path)
    assert cache.pictures.shape == (0, 32, 32, 3) and len(cache.unreadable) == 10


class TestDamage:
    @pytest.fixture
    def folder(self, root, tmp_path):
        return decoded_pictures(root.joinpath, manifest_of(root), SETTINGS, cache_dir=tmp_path).folder

    def damage_pictures(folder):
        os.truncate(folder / "pictures.u8", 1000)

    def damage_index(folder):
        index = json.loads((folder / "index.json").read_text())
        index["content"]["pictures"][0][0] = "a/other.jpg"
        (folder / "index.json").write_text(json.dumps(index))

    def tear_index(folder):
        os.truncate(folder / "index.json", 100)

    def remove_index(folder):
        (folder / "index.json").unlink()

    def remove_pictures(folder):
        (folder / "pictures.u8").unlink()

    def flip_a_bit(folder):
        data = bytearray((folder / "pictures.u8").read_bytes())
        data[12345] ^= 1
        (folder / "pictures.u8").write_bytes(data)

    def forget_checksums(folder):
        content = json.loads((folder / "index.json").read_text())["content"]
        content["pictures"] = [row[:2] for row in content["pictures"]]
        (folder / "index.json").write_text(json.dumps({"checksum": checksum(content), "content": content}))

    @pytest.mark.parametrize(
        "damage",
        [damage_pictures, damage_index, tear_index, remove_index, remove_pictures, flip_a_bit, forget_checksums],
    )
    def test_is_noticed_and_repaired(self, root, tmp_path, folder, damage):
        before = np.array(open_cache(folder).pictures)
        damage(folder)
        notices = []
        repaired = decoded_pictures(root.joinpath, manifest_of(root), SETTINGS, cache_dir=tmp_path, on_notice=notices.append)
        assert (repaired.pictures[:] == before).all()
        assert "damaged" in notices[0] and "decoded again" in notices[0]


class TestInterruption:
    def test_a_killed_build_leaves_nothing_half_valid_and_the_next_one_succeeds(self, root, tmp_path, prepare):
        with build(root, prepare.cache_dir, stop_at=5) as process:
            assert [name.endswith(".partial") for name in folders(prepare.cache_dir)] == [True]
        assert process.returncode == -signal.SIGKILL
        dataset = prepare(root)
        assert dataset.num_pictures == 10
        assert [name.endswith(".partial") for name in folders(prepare.cache_dir)] == [False]
        assert not any("waiting" in text for text in prepare.notices)

    def test_what_a_killed_build_of_other_pictures_left_is_removed(self, root, prepare):
        with build(root, prepare.cache_dir, stop_at=1):
            pass
        (root / "a" / "0.jpg").unlink()
        prepare(root)
        assert [name.endswith(".partial") for name in folders(prepare.cache_dir)] == [False]

    def test_what_a_living_build_writes_is_not_removed(self, root, prepare):
        with build(root, prepare.cache_dir, stop_at=1):
            (root / "a" / "0.jpg").unlink()
            prepare(root)
            assert sorted(name.endswith(".partial") for name in folders(prepare.cache_dir)) == [False, True]

    def test_what_is_being_built_is_for_its_owner_alone_and_then_as_open_as_where_it_lies(self, root, prepare):
        (prepare.cache_dir / "pictures").mkdir(parents=True)
        (prepare.cache_dir / "pictures").chmod(0o750)
        with build(root, prepare.cache_dir, stop_at=1):
            (unfinished,) = (prepare.cache_dir / "pictures").glob("*.partial")
            assert modes(unfinished) == {"": "700", "pictures.u8": "600"}
        folder = Path(prepare(root).handle["folder"])
        assert modes(folder) == {"": "750", "pictures.u8": "640", "index.json": "640"} | {
            path.name: f"{path.stat().st_mode & 0o777:o}" for path in folder.glob("split-*.json")
        }

    def test_temporary_files_of_a_killed_write_are_removed(self, root, prepare):
        folder = Path(prepare(root).handle["folder"])
        (folder / ".split-1.json.4194305.abcdefgh.tmp").write_text("{")
        prepare(root)
        assert not list(folder.glob(".*"))

    def test_ctrl_c_cleans_up(self, root, tmp_path):
        def interrupt(done, total):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            decoded_pictures(root.joinpath, manifest_of(root), SETTINGS, cache_dir=tmp_path, on_progress=interrupt)
        assert folders(tmp_path) == []

    def test_two_builders_at_once_end_with_one_cache(self, root, prepare):
        with build(root, prepare.cache_dir) as one, build(root, prepare.cache_dir) as other:
            said = {process.communicate(timeout=60)[0] for process in (one, other)}
        assert len(said) == 1 and prepare(root).fingerprint in said.pop()
        assert len(folders(prepare.cache_dir)) == 1

    def test_a_builder_that_never_ends_is_named(self, root, prepare, monkeypatch):
        monkeypatch.setattr("sweep.data.cache.BUILD_TIMEOUT_S", 0.2)
        with build(root, prepare.cache_dir, stop_at=1):
            with pytest.raises(DataError, match=r"another process has held .*\.lock for 0.2 s"):
                prepare(root)
        assert any("waiting" in text for text in prepare.notices)


class TestDisk:
    def test_a_write_that_fails_is_one_clear_line_and_leaves_nothing(self, root, prepare):
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, hard))
        try:
            with pytest.raises(DataError, match=r"cache cannot be written: .*partial: File too large — .*cache_dir=DIR"):
                prepare(root)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert folders(prepare.cache_dir) == []

    def test_too_little_room_is_said_before_decoding(self, root, prepare, monkeypatch):
        usage = shutil.disk_usage(root)._replace(free=1000)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
        with pytest.raises(DataError, match="need 0 MB in .*, where 0 MB are free"):
            prepare(root)
        assert not any(stage == "decoding" for stage, _, _ in prepare.progress)

    def test_a_cache_folder_that_is_a_file_is_refused(self, root, prepare):
        prepare.cache_dir.touch()
        with pytest.raises(DataError, match=rf"cache cannot be used: {prepare.cache_dir}.*: Not a directory"):
            prepare(root)
