"""Small real pictures for tests: three classes that a network can learn to tell apart in a few epochs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("rings", "checks", "stripes")


def make_pictures(root: Path, per_class: int = 20, size: int = 40) -> Path:
    """Writes `root/<class>/<n>.jpg`; the same pictures every time. Returns `root`."""
    generator = np.random.default_rng(0)
    y, x = np.mgrid[0:size, 0:size] / size
    for kind in CLASSES:
        folder = root / kind
        folder.mkdir(parents=True)
        for number in range(per_class):
            phase, scale = generator.uniform(0, 6), generator.uniform(12, 25)
            wave = {
                "rings": np.sin(scale * np.hypot(x - 0.5, y - 0.5) + phase),
                "checks": np.sin(scale * x + phase) * np.sin(scale * y + phase),
                "stripes": np.sin(scale * x + phase),
            }[kind]
            tint = generator.uniform(0.5, 1, 3)
            noise = generator.normal(0, 20, (size, size, 3))
            pixels = (127 + 100 * wave[..., None] * tint + noise).clip(0, 255).astype(np.uint8)
            Image.fromarray(pixels).save(folder / f"{number:02d}.jpg", quality=95)
    return root
