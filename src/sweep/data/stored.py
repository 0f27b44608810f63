"""The decoded pictures in their file.

They are read and not mapped into memory: where a disk fails or a file was cut short under a mapping, the system ends the
process by SIGBUS, without a word. A read says what is wrong. It takes some 50 µs for a picture of 256 × 256, 15 more
than the mapping took.
"""

from __future__ import annotations

import os
import weakref
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sweep.data.hashing import usable_threads
from sweep.errors import DataError

_CHUNK = 64  # rows that a thread checks before it takes the next


class DamagedCache(DataError):
    """Decoded pictures that cannot be read or are not what was written."""


class StoredPictures:
    """(N, S, S, 3) uint8 RGB in a file. Indexed as an array is, along N first; every result is a copy in memory."""

    dtype = np.dtype(np.uint8)

    def __init__(self, file: Path, count: int, size: int) -> None:
        """Raises OSError when `file` cannot be opened, and DamagedCache when it has not the size of `count` pictures."""
        self.shape = (count, size, size, 3)
        self._file = file
        self._rows = np.arange(count)
        self._handle = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        weakref.finalize(self, os.close, self._handle)
        self._row_bytes = size * size * 3
        if os.fstat(self._handle).st_size != count * self._row_bytes:
            raise DamagedCache(f"{file.name} is not {count * self._row_bytes} bytes long")

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: Any) -> NDArray[np.uint8]:
        """Raises DamagedCache when the disk or the file fails."""
        along, *within = key if isinstance(key, tuple) else (key,)
        rows = self._rows[along]
        pictures = np.empty((rows.size, *self.shape[1:]), np.uint8)
        for place, row in enumerate(rows.flat):
            self._read(pictures[place], int(row))
        return pictures.reshape(*rows.shape, *self.shape[1:])[(slice(None),) * rows.ndim + tuple(within)]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return self[:] if dtype is None else self[:].astype(dtype)

    def check(self, checksums: Sequence[int]) -> None:
        """Reads everything. Raises DamagedCache when a row is not what `checksums`, the CRC-32 of each, say it was."""
        with ThreadPoolExecutor(usable_threads()) as pool:
            starts = range(0, len(self), _CHUNK)
            for wrong in pool.map(lambda start: self._first_wrong(start, checksums[start : start + _CHUNK]), starts):
                if wrong is not None:
                    raise DamagedCache(f"picture {wrong} of {self._file.name} does not match its checksum")

    def _first_wrong(self, start: int, checksums: Sequence[int]) -> int | None:
        pictures = self[start : start + len(checksums)]
        return next((start + place for place, crc in enumerate(checksums) if zlib.crc32(pictures[place]) != crc), None)

    def _read(self, picture: NDArray[np.uint8], row: int) -> None:
        left = picture.reshape(-1).data
        while left:
            try:
                count = os.preadv(self._handle, [left], (row + 1) * self._row_bytes - len(left))
            except OSError as error:
                raise self._damage(error.strerror or str(error)) from error
            if count == 0:
                raise self._damage("it was cut short")
            left = left[count:]

    def _damage(self, reason: str) -> DamagedCache:
        return DamagedCache(f"{self._file} cannot be read: {reason}", "start again: what is damaged is decoded again")
