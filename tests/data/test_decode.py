from __future__ import annotations

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from sweep.data.decode import decode_picture, strict_pillow
from sweep.data.unreadable import UnreadablePicture

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def decode(data: bytes, size: int = 32, max_megapixels: float = 100) -> np.ndarray:
    with strict_pillow():
        return decode_picture(io.BytesIO(data), size, max_megapixels)


def encoded(image: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def refusal(data: bytes, **settings: float) -> str:
    with pytest.raises(UnreadablePicture) as refused:
        decode(data, **settings)
    return str(refused.value)


def quarters(mode: str = "RGB", size: int = 64) -> Image.Image:
    """Red, green / blue, white."""
    image = Image.new("RGB", (size, size), WHITE)
    half = size // 2
    image.paste(RED, (0, 0, half, half))
    image.paste(GREEN, (half, 0, size, half))
    image.paste(BLUE, (0, half, half, size))
    return image.convert(mode)


def corners(pixels: np.ndarray) -> list[tuple[int, ...]]:
    """Top left, top right, bottom left, bottom right."""
    return [tuple(int(value) for value in pixels[y, x]) for y in (3, -4) for x in (3, -4)]


def noise(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.Generator(np.random.PCG64(0)).integers(0, 256, (height, width, 3), dtype=np.uint8))


class TestPixels:
    def test_are_rgb_bytes_of_the_stored_size(self):
        pixels = decode(encoded(quarters()))
        assert pixels.shape == (32, 32, 3) and pixels.dtype == np.uint8
        assert corners(pixels) == [RED, GREEN, BLUE, WHITE]

    def test_a_picture_of_the_stored_size_is_kept_as_it_is(self):
        image = noise(32, 32)
        assert (decode(encoded(image)) == np.asarray(image)).all()

    @pytest.mark.parametrize("size", [(96, 32), (32, 96)])
    def test_the_middle_square_is_kept(self, size):
        image = Image.new("RGB", size, RED)
        image.paste(BLUE, (32, 0, 64, 32) if size[0] > size[1] else (0, 32, 32, 64))
        assert (decode(encoded(image)) == BLUE).all()

    def test_shrinking_averages_instead_of_skipping(self):
        stripes = np.zeros((256, 256, 3), np.uint8)
        stripes[:, ::2] = 255
        pixels = decode(encoded(Image.fromarray(stripes)))
        assert np.abs(pixels[:, 2:-2].astype(int) - 128).max() <= 8

    def test_a_small_picture_is_enlarged(self):
        assert corners(decode(encoded(quarters(size=8)))) == [RED, GREEN, BLUE, WHITE]

    @pytest.mark.parametrize("kind", ["BMP", "TIFF", "GIF", "WEBP"])
    def test_of_other_formats(self, kind):
        options = {"lossless": True} if kind == "WEBP" else {}
        assert corners(decode(encoded(quarters(), kind, **options))) == [RED, GREEN, BLUE, WHITE]

    def test_a_large_jpeg_is_unpacked_small_and_looks_the_same(self):
        detailed = noise(64, 64).resize((1600, 1600), Image.Resampling.BICUBIC)
        reference = np.asarray(detailed.resize((256, 256), Image.Resampling.BILINEAR))
        pixels = decode(encoded(detailed, "JPEG", quality=95, subsampling=0), size=256)
        assert np.abs(pixels.astype(int) - reference).mean() < 2


class TestOrientation:
    @pytest.mark.parametrize(
        ("orientation", "expected"),
        [
            (1, [RED, GREEN, BLUE, WHITE]),
            (2, [GREEN, RED, WHITE, BLUE]),
            (3, [WHITE, BLUE, GREEN, RED]),
            (4, [BLUE, WHITE, RED, GREEN]),
            (5, [RED, BLUE, GREEN, WHITE]),
            (6, [BLUE, RED, WHITE, GREEN]),
            (7, [WHITE, GREEN, BLUE, RED]),
            (8, [GREEN, WHITE, RED, BLUE]),
            (9, [RED, GREEN, BLUE, WHITE]),
        ],
    )
    def test_of_exif_is_applied(self, orientation, expected):
        exif = Image.Exif()
        exif[0x0112] = orientation
        for kind in ("PNG", "WEBP"):
            options = {"lossless": True} if kind == "WEBP" else {}
            assert corners(decode(encoded(quarters(), kind, exif=exif, **options))) == expected

    def test_of_a_jpeg_that_is_not_square(self):
        exif = Image.Exif()
        exif[0x0112] = 6
        image = Image.new("RGB", (128, 64), WHITE)
        image.paste(quarters(), (32, 0))
        pixels = decode(encoded(image, "JPEG", quality=100, subsampling=0, exif=exif)).astype(int)
        difference = np.abs(np.asarray(corners(pixels)) - np.asarray([BLUE, RED, WHITE, GREEN]))
        assert difference.max() <= 4

    def test_damaged_exif_is_no_reason_to_speak_or_refuse(self):
        data = encoded(quarters(), "JPEG", exif=b"Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\xff\xff damaged")
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert decode(data).shape == (32, 32, 3)


class TestModes:
    def test_transparency_is_laid_on_white(self):
        image = quarters("RGBA")
        image.putalpha(Image.linear_gradient("L").resize(image.size).point(lambda value: 255 if value > 127 else 0))
        assert corners(decode(encoded(image))) == [WHITE, WHITE, BLUE, WHITE]

    def test_half_transparency_is_half_white(self):
        assert tuple(decode(encoded(Image.new("RGBA", (32, 32), (255, 0, 0, 128))))[16, 16]) == (255, 127, 127)

    def test_hidden_colours_do_not_bleed_into_edges(self):
        image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
        image.paste((255, 0, 0, 255), (0, 0, 33, 64))
        pixels = decode(encoded(image))
        assert pixels[:, :, 0].min() >= 254

    def test_grey_with_alpha(self):
        assert (decode(encoded(Image.new("LA", (32, 32), (0, 0)))) == 255).all()

    def test_a_palette_with_a_transparent_colour(self):
        image = quarters().quantize(4)
        red = image.getpixel((0, 0))
        for kind in ("PNG", "GIF"):
            assert corners(decode(encoded(image, kind, transparency=red))) == [WHITE, GREEN, BLUE, WHITE]

    def test_a_palette(self):
        assert corners(decode(encoded(quarters().quantize(4)))) == [RED, GREEN, BLUE, WHITE]

    def test_rgb_with_one_transparent_colour(self):
        assert corners(decode(encoded(quarters(), transparency=RED))) == [WHITE, GREEN, BLUE, WHITE]

    def test_cmyk(self):
        pixels = decode(encoded(quarters("CMYK"), "JPEG", quality=100, subsampling=0)).astype(int)
        assert np.abs(np.asarray(corners(pixels)) - np.asarray([RED, GREEN, BLUE, WHITE])).max() <= 4

    def test_grey_and_black_and_white(self):
        assert (decode(encoded(Image.new("L", (40, 40), 77))) == 77).all()
        assert (decode(encoded(Image.new("1", (40, 40), 1))) == 255).all()

    @pytest.mark.parametrize("kind", ["PNG", "TIFF"])
    def test_a_16_bit_ramp_is_scaled_and_not_clipped(self, kind):
        ramp = np.repeat(np.linspace(0, 65535, 32).round().astype(np.uint16)[None, :], 32, axis=0)
        expected = np.linspace(0, 255, 32)
        pixels = decode(encoded(Image.fromarray(ramp), kind))
        assert (pixels[..., 0] == pixels[..., 2]).all()
        assert np.abs(pixels[0, :, 0] - expected).max() <= 0.51

    def test_16_bit_values_in_32_bit_pixels(self):
        image = Image.fromarray(np.full((32, 32), 257 * 100, np.int32))
        assert (decode(encoded(image, "TIFF")) == 100).all()

    @pytest.mark.parametrize("value", [np.int32(70000), np.float32(0.5)])
    def test_values_without_an_agreed_range_are_refused(self, value):
        image = Image.fromarray(np.full((32, 32), value))
        assert "no agreed range" in refusal(encoded(image, "TIFF"))

    def test_of_an_animation_the_first_frame_is_taken(self):
        frames = [Image.new("RGB", (32, 32), colour) for colour in (RED, BLUE)]
        for kind, options in (("GIF", {}), ("WEBP", {"lossless": True}), ("PNG", {})):
            data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
            assert (decode(data) == RED).all(), kind


class TestRefusals:
    def test_zero_bytes(self):
        assert refusal(b"") == "not a picture of a known format"

    def test_a_web_page(self):
        assert refusal(b"<!DOCTYPE html><html><body>404</body></html>") == "not a picture of a known format"

    @pytest.mark.parametrize("kind", ["PNG", "GIF", "BMP", "JPEG"])
    def test_no_width_and_no_height(self, kind):
        data = encoded(quarters(), kind)
        sides = {"PNG": ">II", "GIF": "<HH", "BMP": "<II", "JPEG": ">HH"}[kind]
        data = data.replace(struct.pack(sides, 64, 64), bytes(struct.calcsize(sides)))
        if kind == "PNG":
            data = data[:29] + struct.pack(">I", zlib.crc32(data[12:29])) + data[33:]
        assert refusal(data)

    def test_a_format_that_is_not_for_photographs(self):
        assert refusal(encoded(quarters(), "PPM")) == "not a picture of a known format"

    @pytest.mark.parametrize("size", [32, 256])
    @pytest.mark.parametrize("kept", [0.05, 0.5, 0.95])
    def test_a_truncated_jpeg(self, kept, size):
        data = encoded(noise(600, 600), "JPEG")
        assert "truncated" in refusal(data[: int(len(data) * kept)], size=size)

    @pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF", "BMP", "TIFF"])
    def test_other_truncated_files(self, kind):
        data = encoded(noise(300, 300), kind)
        assert refusal(data[: len(data) // 2])

    def test_a_truncated_file_even_where_another_part_of_the_program_allows_them(self, monkeypatch):
        monkeypatch.setattr("PIL.ImageFile.LOAD_TRUNCATED_IMAGES", True)
        data = encoded(noise(600, 600), "JPEG")
        assert "truncated" in refusal(data[: len(data) // 2])

    def test_more_pixels_than_allowed(self):
        data = encoded(Image.new("1", (2000, 1500)))
        assert "2000 × 1500 is 3 megapixels" in refusal(data, max_megapixels=2.9)
        assert decode(data, max_megapixels=3).shape == (32, 32, 3)

    def test_pillows_own_bound_is_not_in_the_way_and_comes_back(self, monkeypatch):
        monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1000)
        assert decode(encoded(quarters())).shape == (32, 32, 3)
        assert Image.MAX_IMAGE_PIXELS == 1000
