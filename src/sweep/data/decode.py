"""One picture's file to a square of RGB bytes, the same on every machine with the same Pillow.

The shorter side becomes the stored size and the middle square is kept. EXIF orientation is applied; transparency is laid
on white; of an animation the first frame is taken. Colour profiles are not applied.
"""

from __future__ import annotations

import ctypes
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from errno import EINVAL
from typing import IO

import numpy as np
import PIL
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageFile, UnidentifiedImageError, _imaging

from sweep.data.unreadable import UnreadablePicture

DECODER_VERSION = f"1-pillow{PIL.__version__}"
"""Changes whenever the same file could give other bytes: this module's own version, and the library's."""

FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF")
GREY_16_BIT_MODES = frozenset({"I;16", "I;16L", "I;16B", "I;16N", "I"})

LARGE_PIXELS = 16_000_000
"""Of one picture, as it is unpacked."""
_for_large_pictures = ThreadPoolExecutor(1, "large-picture")
"""One thread for pictures beyond that, as each may take eight bytes per pixel. A lock around many threads would not do: the
C library keeps for each what it gave back (eight pictures of 20 megapixels took 790 MB, with a lock 410, and so 106)."""

_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF's orientation (CIPA DC-008, tag 0x0112) to what turns the picture upright."""


@contextmanager
def strict_pillow() -> Iterator[None]:
    """Pillow's process-wide settings, as decoding needs them; to be held around all threads that decode.

    Pillow's own bound on pixels gives way to `max_megapixels`, a truncated file is an error whatever else was set, and
    damaged metadata is not worth a warning on the user's terminal.
    """
    saved = Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES
    with warnings.catch_warnings(), _silent_libtiff():
        warnings.simplefilter("ignore")
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = None, False
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = saved


@contextmanager
def _silent_libtiff() -> Iterator[None]:
    """libtiff writes what it thinks of a file straight to the terminal; Pillow raises it anyway."""
    replaced = []
    with suppress(OSError, AttributeError):  # a Pillow whose libtiff cannot be reached goes on speaking
        library = ctypes.CDLL(_imaging.__file__)
        for name in ("TIFFSetErrorHandler", "TIFFSetWarningHandler"):
            set_handler = getattr(library, name)
            set_handler.restype, set_handler.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
            replaced.append((set_handler, set_handler(None)))
    try:
        yield
    finally:
        for set_handler, handler in replaced:
            set_handler(handler)


def decode_picture(file: IO[bytes], size: int, max_megapixels: float) -> NDArray[np.uint8]:
    """The picture in an open file as (size, size, 3) uint8 RGB.

    Call it within `strict_pillow()`. Raises UnreadablePicture with the reason: not a picture, truncated, damaged, of
    more than `max_megapixels` (told from the header, before anything is unpacked) or in a format without agreed range.
    Raises OSError when the file cannot be read, and MemoryError: then it may well be a picture.
    """
    try:
        with Image.open(file, formats=FORMATS) as image:
            _check_pixels(image, max_megapixels)
            # JPEG can be unpacked at a half, a quarter or an eighth; twice the size leaves the last step to the filter.
            whole = image.size
            image.draft(None, (2 * size, 2 * size))
            # What is held in memory: all of a progressive JPEG, however small it is unpacked.
            width, height = whole if "progressive" in image.info else image.size
            if width * height > LARGE_PIXELS:
                return _for_large_pictures.submit(_upright_square, image, size).result()
            return _upright_square(image, size)
    except (UnreadablePicture, MemoryError):
        raise
    except UnidentifiedImageError:
        raise UnreadablePicture("not a picture of a known format") from None
    except Exception as error:  # Pillow's plugins raise nearly any exception on damaged files
        if isinstance(error, OSError) and error.errno not in (None, EINVAL):  # the system's; EINVAL is for a wild offset
            raise
        raise UnreadablePicture(str(error) or type(error).__name__) from error


def _check_pixels(image: Image.Image, max_megapixels: float) -> None:
    megapixels = image.width * image.height / 1e6
    if megapixels > max_megapixels:
        raise UnreadablePicture(
            f"{image.width} × {image.height} is {megapixels:.0f} megapixels; data.max_megapixels={max_megapixels:g}"
        )


def _upright_square(image: Image.Image, size: int) -> NDArray[np.uint8]:
    image.load()
    orientation = image.getexif().get(ExifTags.Base.Orientation, 1)
    left, top = (image.width - min(image.size)) / 2, (image.height - min(image.size)) / 2
    square = _to_resizable(image).resize(
        (size, size),
        Image.Resampling.BILINEAR,  # antialiased when shrinking; what ImageNet's weights were trained with
        box=(left, top, image.width - left, image.height - top),
        reducing_gap=3.0,
    )
    if orientation in _UPRIGHT:
        square = square.transpose(_UPRIGHT[orientation])
    return np.asarray(_on_white(square))


def _to_resizable(image: Image.Image) -> Image.Image:
    """`image` in a mode of 8 bits per channel whose values can be averaged."""
    if image.mode in GREY_16_BIT_MODES:
        return _from_16_bit(image)
    if image.mode == "F":
        raise UnreadablePicture("floating-point pixels have no agreed range; save it with 8 bits per channel")
    if image.has_transparency_data:
        return image.convert("RGBA")
    return image if image.mode in ("L", "RGB") else image.convert("RGB")


def _from_16_bit(image: Image.Image) -> Image.Image:
    """Grey of 16 bits scaled by 1/257, so that black and white stay what they are; Pillow's own conversion clips."""
    values = np.asarray(image)
    if values.min() < 0 or values.max() > 65535:
        raise UnreadablePicture("32-bit pixels have no agreed range; save it with 8 bits per channel")
    return Image.fromarray(((values.astype(np.uint32) + 128) // 257).astype(np.uint8))


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")
