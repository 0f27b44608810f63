"""A contact sheet of an augmentation: what validation sees of some pictures, and what training makes of them.

`python -m sweep.data.augment_sheet ROOT FOLDER` writes one into FOLDER for every choice in `conf/augment/`, with pictures
from a root of class folders such as the drawn plants.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import torch
import yaml
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from sweep.config import AugmentConfig
from sweep.config.places import settings_root
from sweep.config.seeds import derive_seed
from sweep.data.augment import Augment, draw_views
from sweep.data.batches import gather
from sweep.data.decode import decode_picture, strict_pillow
from sweep.data.mix import draw_mixes, mix

IMAGE_PX, STORED_PX = 128, 146  # as the plants preset trains
CELL_PX = IMAGE_PX + 2
GAP_PX = 8  # between what validation sees and the views
JPEG_QUALITY = 85


def augment_sheet(config: AugmentConfig, stored: NDArray[np.uint8], num_views: int = 7) -> Image.Image:
    """A row for each of the pictures `(B, STORED_PX, STORED_PX, 3)`: as validation sees it, then in some epochs of training."""
    pictures = gather(stored, np.arange(len(stored)))
    as_validated = Augment(AugmentConfig(strength=0, flip=0), IMAGE_PX)(pictures, draw_views(len(pictures), 0))
    columns = [as_validated, *(_epoch(config, pictures, epoch) for epoch in range(num_views))]
    sheet = Image.new("RGB", (len(columns) * CELL_PX + GAP_PX, len(pictures) * CELL_PX), "white")
    for column, batch in enumerate(columns):
        left = column * CELL_PX + (GAP_PX if column else 0) + 1
        for row, picture in enumerate(batch.permute(0, 2, 3, 1).round().to(torch.uint8).numpy()):
            sheet.paste(Image.fromarray(picture), (left, row * CELL_PX + 1))
    return sheet


def some_pictures(root: Path, count: int = 5) -> NDArray[np.uint8]:
    """The first JPEG of so many class folders, evenly spaced, as the cache stores it: `(B, STORED_PX, STORED_PX, 3)`."""
    folders = sorted(folder for folder in root.iterdir() if folder.is_dir())
    chosen = [folders[index] for index in np.linspace(0, len(folders) - 1, count).round().astype(int)]
    with strict_pillow():
        return np.stack([_stored(min(folder.glob("*.jpg"))) for folder in chosen])


def write_sheets(root: Path, folder: Path) -> None:
    """Writes `augment_<choice>.jpg` for every choice."""
    stored = some_pictures(root)
    for path in sorted((settings_root() / "conf" / "augment").glob("*.yaml")):
        config = AugmentConfig(**yaml.safe_load(path.read_text(encoding="utf-8")))
        augment_sheet(config, stored).save(folder / f"augment_{path.stem}.jpg", quality=JPEG_QUALITY)


def _stored(path: Path) -> NDArray[np.uint8]:
    with open(path, "rb") as file:
        return decode_picture(file, STORED_PX, max_megapixels=100)


def _epoch(config: AugmentConfig, pictures: Tensor, epoch: int) -> Tensor:
    """The pictures as one batch of that epoch: `(B, 3, IMAGE_PX, IMAGE_PX)` float32."""
    views = draw_views(len(pictures), derive_seed(0, "augment", epoch))
    mixes = draw_mixes(config, len(pictures), derive_seed(0, "mix", epoch))
    mixed, _ = mix(Augment(config, IMAGE_PX)(pictures, views), torch.arange(len(pictures)), len(pictures), mixes)
    return mixed


if __name__ == "__main__":
    write_sheets(Path(sys.argv[1]), Path(sys.argv[2]))
