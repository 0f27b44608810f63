"""A contact sheet: every class in a row, to see at a glance what was drawn."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageOps


def contact_sheet(root: Path, columns: int = 8, cell_px: int = 96) -> Image.Image:
    """The first `columns` pictures of every class folder in `root`, one row per class, `cell_px` square each."""
    folders = sorted(folder for folder in root.iterdir() if folder.is_dir())
    sheet = Image.new("RGB", (columns * cell_px, len(folders) * cell_px), "white")
    for row, folder in enumerate(folders):
        for column, path in enumerate(sorted(folder.glob("*.jpg"))[:columns]):
            with Image.open(path) as picture:
                sheet.paste(ImageOps.fit(picture, (cell_px - 2, cell_px - 2)), (column * cell_px + 1, row * cell_px + 1))
    return sheet
