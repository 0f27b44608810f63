from __future__ import annotations

import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps
from tests.data.conftest import save_photo

import sweep.data.near_duplicates
from sweep.data.decode import decode_picture, strict_pillow
from sweep.data.near_duplicates import MAX_CELL, MAX_DISTANCE, find_near_duplicates, make_thumbnails

PHOTOS = os.environ.get("SWEEP_PHOTOS")
needs_photos = pytest.mark.skipif(PHOTOS is None, reason="SWEEP_PHOTOS names no folder of photographs")


def thumbnails_of(images: list[Image.Image | Path], size: int = 73) -> np.ndarray:
    """What the program makes of these pictures, or of these files."""
    squares = np.empty((len(images), size, size, 3), np.uint8)
    with strict_pillow():
        for row, image in enumerate(images):
            file = io.BytesIO(image.read_bytes() if isinstance(image, Path) else saved(image, "BMP"))
            squares[row] = decode_picture(file, size, 100)
    return make_thumbnails(squares, np.arange(len(images)))


def saved(image: Image.Image, kind: str, **options: int) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def again(image: Image.Image, kind: str, **options: int) -> Image.Image:
    """What is left of `image` after it was saved so."""
    return Image.open(io.BytesIO(saved(image, kind, **options))).convert("RGB")


def resized(image: Image.Image, share: float) -> Image.Image:
    return image.resize((round(image.width * share), round(image.height * share)), Image.Resampling.LANCZOS)


COPIES = {
    "jpeg-90": lambda image: again(image, "JPEG", quality=90),
    "jpeg-30": lambda image: again(image, "JPEG", quality=30),
    "webp-50": lambda image: again(image, "WEBP", quality=50),
    "three-quarters": lambda image: again(resized(image, 0.75), "JPEG", quality=85),
    "half": lambda image: resized(image, 0.5),
    "half-nearest": lambda image: image.resize((image.width // 2, image.height // 2), Image.Resampling.NEAREST),
    "a-third-jpeg": lambda image: again(resized(image, 1 / 3), "JPEG", quality=85),
}
OTHERS = {
    "mirrored": ImageOps.mirror,
    "cropped": lambda image: ImageOps.crop(image, image.width // 8),
    "tinted": lambda image: Image.merge(
        "RGB", [band.point(lambda value, by=by: value + by) for band, by in zip(image.split(), (40, -20, 0), strict=True)]
    ),
    "brighter": lambda image: image.point(lambda value: min(255, value + 40)),
}


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> list[Image.Image]:
    folder = tmp_path_factory.mktemp("photos")
    return [Image.open(save_photo(folder / f"{number}.bmp", number)).convert("RGB") for number in range(20)]


def groups_of(thumbnails: np.ndarray, kinds: np.ndarray | None = None) -> np.ndarray:
    return find_near_duplicates(thumbnails, np.zeros(len(thumbnails), np.int64) if kinds is None else kinds).groups


@pytest.mark.parametrize("copy", COPIES)
def test_a_copy_is_found_and_nothing_else(photos, copy):
    groups = groups_of(thumbnails_of([*photos, *map(COPIES[copy], photos)]))
    assert (groups[:20] == groups[20:]).all()
    assert len(set(groups.tolist())) == 20


@pytest.mark.parametrize("other", OTHERS)
def test_what_is_more_than_saved_again_is_another_picture(photos, other):
    assert len(set(groups_of(thumbnails_of([*photos, *map(OTHERS[other], photos)])).tolist())) == 40


def test_one_camera_that_sees_something_move_takes_different_pictures(photos):
    frames = []
    for place in range(20):
        frame = photos[0].copy()
        frame.paste(photos[1].resize((24, 24)), (30 + 25 * (place % 5), 5 + 35 * (place // 5)))
        frames.append(again(frame, "JPEG", quality=80))
    assert len(set(groups_of(thumbnails_of(frames)).tolist())) == 20


def test_colour_tells_pictures_apart_that_are_equally_bright():
    shape = np.zeros((64, 64), bool)
    shape[16:48, 8:40] = True
    red, green = (np.where(shape[..., None], np.uint8(colour), np.uint8(120)) for colour in ((200, 43, 40), (20, 128, 50)))
    images = [Image.fromarray(pixels) for pixels in (red, green)]
    brightness = [np.asarray(image.convert("L"), float) for image in images]
    assert np.abs(brightness[0] - brightness[1]).max() <= 3
    assert len(set(groups_of(thumbnails_of(images)).tolist())) == 2


def test_flat_pictures_are_never_found():
    rng = np.random.default_rng(0)
    shade = 200 + (np.arange(64) // 16)[:, None, None]  # of one lamp, on ten blank sheets
    sheets = [Image.fromarray((shade + rng.normal(0, 0.2, (64, 64, 3))).round().astype(np.uint8)) for _ in range(10)]
    assert len(set(groups_of(thumbnails_of(sheets, size=64)).tolist())) == 10


def test_a_chain_is_one_group_and_kinds_are_grouped_apart(photos):
    rest = [photos[1], photos[2]]
    images = [photos[0], again(photos[0], "JPEG", quality=30), resized(photos[0], 0.5), *rest, resized(photos[2], 0.5)]
    found = find_near_duplicates(thumbnails_of(images), np.array([7, 7, 7, 7, 8, 9]))
    assert found.groups[0] == found.groups[1] == found.groups[2]
    assert len(set(found.groups.tolist())) == 4
    assert found.partners.tolist() == [-1, -1, -1, -1, -1, 4]


def compared_one_by_one(thumbnails: np.ndarray) -> set[tuple[int, int]]:
    values = thumbnails.astype(float)
    contrasts = np.sqrt(values.var((1, 2)).mean(1))
    found = set()
    for first in range(len(values)):
        for second in range(first + 1, len(values)):
            difference, contrast = values[first] - values[second], min(contrasts[first], contrasts[second])
            distance, cell = np.sqrt((difference**2).mean()), np.abs(difference @ np.array([0.299, 0.587, 0.114])).max()
            if distance < MAX_DISTANCE * contrast and cell < MAX_CELL * contrast:
                found.add((first, second))
    return found


@pytest.mark.parametrize(("tile", "chunk"), [(1024, 4096), (16, 3)])
def test_tiles_and_shortcuts_miss_nothing_that_a_plain_comparison_finds(photos, monkeypatch, tile, chunk):
    monkeypatch.setattr(sweep.data.near_duplicates, "TILE", tile)
    monkeypatch.setattr(sweep.data.near_duplicates, "CHUNK", chunk)
    originals = thumbnails_of(photos)
    rng = np.random.default_rng(1)
    strengths = np.linspace(0, 25, len(originals))[:, None, None, None]  # from the same to another picture
    noisy = (originals + rng.normal(0, 1, originals.shape) * strengths).clip(0, 255).astype(np.uint8)
    thumbnails = np.concatenate([originals, noisy])[rng.permutation(40)]
    groups, expected = groups_of(thumbnails), compared_one_by_one(thumbnails)
    assert 5 < len(expected) < 20
    grouped = {(one, other) for one in range(40) for other in range(one + 1, 40) if groups[one] == groups[other]}
    assert grouped == expected


def test_a_thousand_frames_without_motion_are_one_group_at_once(photos):
    rng = np.random.default_rng(2)
    frames = thumbnails_of(photos[:1]) + rng.normal(0, 1, (1000, 16, 16, 3))
    assert len(set(groups_of(frames.clip(0, 255).astype(np.uint8)).tolist())) == 1


def test_no_pictures_have_no_groups():
    assert groups_of(np.empty((0, 16, 16, 3), np.uint8)).tolist() == []


@needs_photos
@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("plants20", {"frangipani/image_00842.jpg", "frangipani/image_00926.jpg"}),
        ("proto5", {"daisy/10993710036_2033222c91.jpg", "daisy/10993818044_4c19b86c82.jpg"}),
    ],
)
def test_among_photographs_only_the_same_photograph_is_found(folder, expected):
    files = sorted((Path(str(PHOTOS)) / folder).rglob("*.jpg"))
    groups = groups_of(thumbnails_of(files, size=146))
    found = {file for file, group in zip(files, groups, strict=True) if (groups == group).sum() > 1}
    assert {str(file.relative_to(Path(str(PHOTOS)) / folder)) for file in found} == expected


@needs_photos
@pytest.mark.parametrize("copy", COPIES)
def test_every_copy_of_a_photograph_is_found(copy):
    photographs = [Image.open(file).convert("RGB") for file in sorted((Path(str(PHOTOS)) / "plants20").rglob("*.jpg"))[::30]]
    count = len(photographs)
    groups = groups_of(thumbnails_of([*photographs, *map(COPIES[copy], photographs)], size=146))
    assert (groups[:count] == groups[count:]).all()
    assert len(set(groups.tolist())) == count
