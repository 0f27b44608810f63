from __future__ import annotations

import os
import zlib

import numpy as np
import pytest

from sweep.data.dataset import open_dataset
from sweep.data.stored import DamagedCache, StoredPictures
from sweep.errors import SweepError

PICTURES = np.random.default_rng(0).integers(0, 256, (150, 8, 8, 3), dtype=np.uint8)
CHECKSUMS = [zlib.crc32(picture) for picture in PICTURES]


@pytest.fixture
def file(tmp_path):
    (tmp_path / "pictures.u8").write_bytes(PICTURES.tobytes())
    return tmp_path / "pictures.u8"


@pytest.fixture
def stored(file):
    return StoredPictures(file, len(PICTURES), 8)


@pytest.mark.parametrize(
    "key",
    [
        0,
        -1,
        np.int64(7),
        slice(None),
        slice(9, 3, -2),
        np.array([3, 3, 149]),
        np.array([], np.int64),
        np.arange(150) % 2 == 0,
        (5, slice(None), slice(None), 1),
        (np.array([1, 2]), slice(2, 4), 0),
    ],
)
def test_is_indexed_as_an_array_is(stored, key):
    result = stored[key]
    assert type(result) is np.ndarray and result.dtype == np.uint8
    assert result.shape == PICTURES[key].shape and (result == PICTURES[key]).all()


def test_is_an_array_to_numpy(stored):
    assert stored.shape == PICTURES.shape and len(stored) == 150
    assert (np.asarray(stored) == PICTURES).all() and np.asarray(stored, np.float32).dtype == np.float32


@pytest.mark.parametrize("key", [150, -151, np.array([0, 150])])
def test_a_row_that_is_not_there_is_an_index_error(stored, key):
    with pytest.raises(IndexError):
        stored[key]


def test_no_pictures_at_all_are_an_empty_array(tmp_path):
    (tmp_path / "none").touch()
    assert StoredPictures(tmp_path / "none", 0, 8)[:].shape == (0, 8, 8, 3)


def test_a_file_that_is_cut_short_while_it_is_read_is_said(file, stored):
    """Under a mapping this is the end of the process."""
    stored.check(CHECKSUMS)
    os.truncate(file, 100 * 192 + 5)
    assert (stored[99] == PICTURES[99]).all()
    for key in (100, slice(None), np.array([3, 149])):
        with pytest.raises(DamagedCache, match=r"pictures\.u8 cannot be read: it was cut short — start again"):
            stored[key]


def test_a_flipped_bit_is_found_in_any_row(file, stored):
    for row in (0, 63, 64, 149):
        data = bytearray(PICTURES.tobytes())
        data[row * 192 + 100] ^= 1
        file.write_bytes(data)
        with pytest.raises(DamagedCache, match=rf"picture {row} of pictures\.u8 does not match"):
            stored.check(CHECKSUMS)


def test_a_removed_file_is_read_to_the_end(file, stored):
    file.unlink()
    stored.check(CHECKSUMS)


def test_training_is_told_that_its_pictures_were_cut_short(make_root, prepare):
    dataset = open_dataset(prepare(make_root({"a": 5, "b": 5})).handle)
    os.truncate(f"{dataset.handle['folder']}/pictures.u8", 10_000)
    with pytest.raises(SweepError, match="decoded again"):
        dataset.pictures[np.arange(10)]
