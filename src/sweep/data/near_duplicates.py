"""Pictures that differ only by re-encoding or resizing, found by what is seen on them.

Every decoded square is reduced to a thumbnail of 16 × 16 cells, and all thumbnails are compared. Two pictures are near
duplicates when their thumbnails are close as a whole, so that it is the same scene, and close in every cell, so that
nothing on it moved; both against the pictures' own contrast. Mirrored, cropped and recoloured copies are not found.

What the thresholds lie between: 200 photographs of plants with 14 copies of each, decoded to 256, 146, 73 and 37 pixels.

                                                                 distance   largest cell
    copies as JPEG of quality 30 to 90, WebP, PNG                ≤ 0.061    ≤ 0.14
    copies of 50 to 75 % of the size                             ≤ 0.089    ≤ 0.30 (0.35 at 37 pixels)
    copies of 50 % at quality 30, or of 25 to 33 %               ≤ 0.130    ≤ 0.39, below 0.28 for all but 0.5 %
    any two of 1,500 photographs of 20 plants, 500 of 5 flowers  ≥ 0.248    but for two pairs, each the same photograph
    frames of one camera, where an eighth of the side moves                 ≥ 0.30

So all but 7 of the 11,200 copies are found, and no pair of different photographs.

All pairs are compared, and not only those that a hash of 64 bits lets through: that costs a second for 20,000 pictures,
misses nothing within the thresholds, and does not drown where all pictures share one background. Sums of whole numbers
below 2²⁴ are exact in float32, so what is found does not depend on how a machine multiplies matrices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

SIDE = 16
"""Cells on a side of a thumbnail."""
VALUES = SIDE * SIDE * 3
COARSE = 4
"""Cells on a side, in the comparison that comes first."""
MAX_DISTANCE = 0.15
"""Root mean square difference of two thumbnails, as a share of the lower contrast."""
MAX_CELL = 0.3
"""Largest difference of brightness in any cell, as a share of the lower contrast."""
MIN_CONTRAST = 4.0
"""In levels of 0 to 255: a flatter picture has nothing to be recognised by. The flattest of 2,000 photographs has 14."""
LUMA = (77, 150, 29)
"""How bright red, green and blue are, in 256ths (ITU-R BT.601)."""
TILE = 1024
"""Pictures on a side of the comparisons that are in memory at once."""
CHUNK = 4096
"""Pictures, or pairs of them, whose thumbnails are unfolded in memory at once."""

Rows = NDArray[np.int64]


def make_thumbnails(pictures: NDArray[np.uint8], rows: Rows) -> NDArray[np.uint8]:
    """Those of `pictures` (N, S, S, 3) in `rows` (M,), as (M, 16, 16, 3)."""
    thumbnails = np.empty((len(rows), SIDE, SIDE, 3), np.uint8)
    for place, row in enumerate(rows):
        square = Image.fromarray(pictures[row])
        thumbnails[place] = np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=2.0))
    return thumbnails


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """What was found among N thumbnails."""

    groups: Rows
    """(N,) numbers, equal for near duplicates of one kind and for chains of them."""
    partners: Rows
    """(N,) for some pictures a near duplicate of another family, of each such pair for one of the two; else -1."""
    relatives: Rows
    """The same for those of one family, and of another kind."""


def find_near_duplicates(thumbnails: NDArray[np.uint8], kinds: Rows, families: Rows | None = None) -> NearDuplicates:
    """Groups the `thumbnails` (N, 16, 16, 3) that are of one kind, `kinds` (N,) being any numbers.

    `families` (N,) put kinds together; without them each kind is its own.
    """
    families = kinds if families is None else families
    measured = _measure(thumbnails)
    groups = np.arange(len(thumbnails))
    partners, relatives = np.full((2, len(thumbnails)), -1)
    for first, second in _close_pairs(measured):
        are_apart = groups[first] != groups[second]
        first, second = _alike_everywhere(measured, first[are_apart], second[are_apart])
        is_one_kind = kinds[first] == kinds[second]
        groups = _joined(groups, first[is_one_kind], second[is_one_kind])
        is_one_family = families[first] == families[second]
        partners[second[~is_one_family]] = first[~is_one_family]
        relatives[second[is_one_family & ~is_one_kind]] = first[is_one_family & ~is_one_kind]
    return NearDuplicates(groups, partners, relatives)


@dataclass(frozen=True, slots=True)
class _Measured:
    """What comparing N thumbnails needs. Values are counted from -128 to 127."""

    values: NDArray[np.uint8]
    """(N, 768), from 0 to 255 as they came."""
    coarse: NDArray[np.float32]
    """(N, 48) means of 4 × 4 cells."""
    brightness: NDArray[np.uint16]
    """(N, 256), from 0 to 255 × 256."""
    power: NDArray[np.float64]
    """(N,) sums of the squared values."""
    variation: NDArray[np.float64]
    """(N,) the same around the mean of each colour: 768 × the square of the contrast."""


def _measure(thumbnails: NDArray[np.uint8]) -> _Measured:
    count, side = len(thumbnails), SIDE // COARSE
    measured = _Measured(
        values=thumbnails.reshape(count, VALUES),
        coarse=np.empty((count, COARSE**2 * 3), np.float32),
        brightness=np.empty((count, SIDE**2), np.uint16),
        power=np.empty(count),
        variation=np.empty(count),
    )
    for start in range(0, count, CHUNK):
        part = slice(start, start + CHUNK)
        values = thumbnails[part].astype(np.int32) - 128
        measured.coarse[part] = values.reshape(-1, COARSE, side, COARSE, side, 3).mean((2, 4)).reshape(len(values), -1)
        measured.brightness[part] = ((values + 128) * LUMA).sum(3).reshape(len(values), -1)
        measured.power[part] = (values**2).sum((1, 2, 3))
        measured.variation[part] = measured.power[part] - (values.sum((1, 2)) ** 2).sum(1) / SIDE**2
    return measured


def _close_pairs(measured: _Measured) -> Iterator[tuple[Rows, Rows]]:
    """All pairs that are close as a whole and not flat, some at a time."""
    lively = np.flatnonzero(measured.variation >= VALUES * MIN_CONTRAST**2)
    left, right = _factors_of_closeness(measured)
    for start in range(0, len(lively), TILE):
        for other in range(start, len(lively), TILE):
            rows, columns = lively[start : start + TILE], lively[other : other + TILE]
            may_be_close = left[rows] @ right[columns].T > 0
            rows, columns = rows[may_be_close.any(1)], columns[may_be_close.any(0)]
            row, column = np.nonzero(_are_close(measured, rows, columns) & (rows[:, None] < columns))
            for first in range(0, len(row), CHUNK):
                part = slice(first, first + CHUNK)
                yield rows[row[part]], columns[column[part]]


def _factors_of_closeness(measured: _Measured) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Two (N, 50) arrays: the product of a row of each is positive for all pairs that are close, and for few others.

    The distance of means is never larger than that of what they are the means of, and |a - b|² < d² is the same as
    a·b + (d² - |a|²) / 2 - |b|² / 2 > 0.
    """
    coarse = measured.coarse
    power = (coarse.astype(np.float64) ** 2).sum(1)
    limit = MAX_DISTANCE**2 * measured.variation * (coarse.shape[1] / VALUES) + 4  # many times what float32 rounds off
    one = np.ones(len(coarse))
    left = np.column_stack([coarse, (limit - power) / 2, one])
    return left.astype(np.float32), np.column_stack([coarse, one, -power / 2]).astype(np.float32)


def _are_close(measured: _Measured, rows: Rows, columns: Rows) -> NDArray[np.bool_]:
    left, right = (measured.values[some].astype(np.float32) - 128 for some in (rows, columns))
    squared = measured.power[rows, None] + measured.power[columns] - 2 * (left @ right.T).astype(np.float64)
    return np.asarray(squared < MAX_DISTANCE**2 * np.minimum.outer(measured.variation[rows], measured.variation[columns]))


def _alike_everywhere(measured: _Measured, first: Rows, second: Rows) -> tuple[Rows, Rows]:
    """The pairs among those given that differ little in every cell."""
    difference = measured.brightness[first].astype(np.int32) - measured.brightness[second]
    contrast = np.sqrt(np.minimum(measured.variation[first], measured.variation[second]) / VALUES)
    is_alike = np.abs(difference).max(1, initial=0) < MAX_CELL * sum(LUMA) * contrast
    return first[is_alike], second[is_alike]


def _joined(groups: Rows, first: Rows, second: Rows) -> Rows:
    """`groups` (N,) after each of `first` was put together with that of `second`."""
    if not len(first):
        return groups
    count = groups.max() + 1
    links = coo_matrix((np.ones(len(first)), (groups[first], groups[second])), (count, count))
    return np.asarray(connected_components(links, directed=False)[1][groups], np.int64)
