from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from tests.data.conftest import MakeRoot

from sweep.config import AugmentConfig
from sweep.data.augment_sheet import CELL_PX, GAP_PX, IMAGE_PX, augment_sheet, some_pictures, write_sheets

NUM_VIEWS = 3


def cells(sheet: Image.Image) -> NDArray[np.uint8]:
    """`(rows, 1 + views, IMAGE_PX, IMAGE_PX, 3)`"""
    pixels = np.asarray(sheet)
    rows, columns = sheet.height // CELL_PX, (sheet.width - GAP_PX) // CELL_PX
    lefts = [column * CELL_PX + (GAP_PX if column else 0) + 1 for column in range(columns)]
    tops = [row * CELL_PX + 1 for row in range(rows)]
    return np.array([[pixels[top : top + IMAGE_PX, left : left + IMAGE_PX] for left in lefts] for top in tops])


def test_without_strength_every_view_is_what_validation_sees(make_root: MakeRoot) -> None:
    stored = some_pictures(make_root({"ash": 2, "bell": 1, "fir": 1}), count=2)
    margin = (stored.shape[1] - IMAGE_PX) // 2
    seen = cells(augment_sheet(AugmentConfig(strength=0, flip=0), stored, NUM_VIEWS))
    assert seen.shape == (2, 1 + NUM_VIEWS, IMAGE_PX, IMAGE_PX, 3)
    assert (seen == stored[:, None, margin : margin + IMAGE_PX, margin : margin + IMAGE_PX]).all()


@pytest.mark.parametrize("config", [AugmentConfig(), AugmentConfig(mixup=0.5, cutmix=0.5)])
def test_views_differ_from_each_other_and_are_the_same_every_time(make_root: MakeRoot, config: AugmentConfig) -> None:
    stored = some_pictures(make_root({"ash": 1, "bell": 1}), count=2)
    sheet = augment_sheet(config, stored, NUM_VIEWS)
    assert len({cell.tobytes() for row in cells(sheet) for cell in row}) == 2 * (1 + NUM_VIEWS)
    assert sheet.tobytes() == augment_sheet(config, stored, NUM_VIEWS).tobytes()


def test_there_is_a_sheet_for_every_choice(make_root: MakeRoot, tmp_path: Path) -> None:
    write_sheets(make_root({name: 1 for name in "abcde"}), tmp_path)
    names = {path.stem for path in tmp_path.glob("*.jpg")}
    assert names == {f"augment_{choice}" for choice in ("none", "light", "standard", "heavy", "maximum")}
