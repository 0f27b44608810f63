"""Whatever a file holds: a square of RGB bytes, or the reason why not; in bounded time and memory, and without a word."""

from __future__ import annotations

import io
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from sweep.data.decode import decode_picture, strict_pillow
from sweep.data.unreadable import UnreadablePicture

pytestmark = pytest.mark.fuzz

SIZE = 8
MAX_MEGAPIXELS = 4
MEMORY = 1 << 29
TIME_S = 5
MAGIC = [
    b"\xff\xd8\xff\xe0\x00\x10JFIF\0",
    b"\xff\xd8\xff\xe1",
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
    b"GIF89a",
    b"GIF87a",
    b"RIFF\x40\0\0\0WEBPVP8 ",
    b"RIFF\x40\0\0\0WEBPVP8X",
    b"BM",
    b"II*\0\x08\0\0\0",
    b"MM\0*\0\0\0\x08",
    b"II+\0\x08\0\0\0",
]


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def make_pictures() -> list[bytes]:
    """One of each way to store a picture, as small as may be."""
    rgb = Image.fromarray(np.random.default_rng(0).integers(0, 256, (16, 20, 3), dtype=np.uint8))
    frames = {"save_all": True, "append_images": [rgb.transpose(Image.Transpose.ROTATE_180)]}
    exif = Image.Exif()
    exif[0x0112] = 6
    modes = [rgb.convert(mode) for mode in ("L", "1", "P", "LA", "RGBA", "CMYK")]
    grey_16 = Image.fromarray(np.arange(320, dtype=np.uint16).reshape(16, 20) * 200)
    return [
        *(encoded(rgb, "JPEG", **options) for options in ({}, {"progressive": True}, {"exif": exif}, {"icc_profile": b"x" * 99})),
        encoded(modes[5], "JPEG"),
        *(encoded(image, "PNG") for image in (rgb, grey_16, *modes[:5])),
        encoded(rgb, "PNG", **frames),
        encoded(rgb, "GIF", **frames, transparency=0),
        *(encoded(rgb, "WEBP", **options) for options in ({}, {"lossless": True}, frames)),
        *(encoded(image, "BMP") for image in (rgb, *modes[:3])),
        *(encoded(rgb, "TIFF", compression=name) for name in (None, "tiff_lzw", "jpeg", "packbits", "tiff_adobe_deflate")),
        encoded(modes[1], "TIFF", compression="group4"),
        encoded(grey_16, "TIFF"),
        encoded(rgb, "TIFF", **frames),
    ]


PICTURES = make_pictures()
pictures = st.sampled_from(PICTURES)
EXTREMES = [b"\0", b"\xff", b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff", b"\0\x80", b"\x01\0\0\0", b""]
changes = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 8),
        st.sampled_from(EXTREMES) | st.binary(max_size=8),
    ),
    max_size=6,
)


def changed(data: bytes, changes: list[tuple[float, int, bytes]]) -> bytes:
    """With some bytes replaced, inserted or left out; half of the changes fall into the first 64, the header."""
    for place, gone, put in changes:
        start = int(place * 2 * len(data)) if place < 0.5 else int((place - 0.5) * 2 * 64)
        data = data[:start] + put + data[start + gone :]
    return data


def cut(data: bytes, share: float) -> bytes:
    return data[: int(len(data) * share)]


contents = st.one_of(
    st.builds(changed, pictures, changes),
    st.builds(cut, pictures, st.floats(0, 1)),
    st.builds(bytes.__add__, pictures, pictures),
    st.builds(lambda one, share, other: cut(one, share) + other, pictures, st.floats(0, 1), pictures),
    st.builds(bytes.__add__, st.sampled_from(MAGIC), st.binary(max_size=200)),
    st.binary(max_size=50),
)


@contextmanager
def bounded_memory() -> Iterator[None]:
    with open("/proc/self/statm") as file:
        used = int(file.read().split()[0]) * resource.getpagesize()
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@given(contents)
@example(b"")
@example(b"II+" + bytes(12) + b"\x01")  # an offset that no file can have
@example(cut(PICTURES[26], 0.9))  # of which libtiff has something to say
def test_a_file_of_anything_is_a_picture_or_has_a_reason(capfd: pytest.CaptureFixture[str], content: bytes) -> None:
    start = time.perf_counter()
    with tempfile.TemporaryFile() as file, strict_pillow(), bounded_memory():
        file.write(content)
        file.seek(0)
        try:
            pixels = decode_picture(file, SIZE, MAX_MEGAPIXELS)
            assert pixels.shape == (SIZE, SIZE, 3) and pixels.dtype == np.uint8
        except UnreadablePicture as error:
            assert str(error)
    assert time.perf_counter() - start < TIME_S
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("content", PICTURES)
def test_the_pictures_themselves_are_pictures(content: bytes) -> None:
    with strict_pillow():
        assert decode_picture(io.BytesIO(content), SIZE, MAX_MEGAPIXELS).shape == (SIZE, SIZE, 3)
