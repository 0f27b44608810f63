"""What decoding a large picture takes of memory, measured in a process of its own."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from pathlib import Path


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def write_bomb(path: Path, side: int) -> None:
    """A PNG of side × side black pixels of one bit each."""
    packer, row = zlib.compressobj(9), bytes(1 + (side + 7) // 8)
    packed = b"".join(packer.compress(row * 500) for _ in range(side // 500)) + packer.flush()
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b""))


MEASURE = """
import resource, sys
from concurrent.futures import ThreadPoolExecutor
from sweep.data.decode import decode_picture, strict_pillow
from sweep.data.unreadable import UnreadablePicture
from PIL import Image; Image.init()

def decode(_):
    with open(sys.argv[1], "rb") as file:
        try:
            return decode_picture(file, 256, float(sys.argv[2])).shape
        except UnreadablePicture as error:
            return error

before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with strict_pillow(), ThreadPoolExecutor(int(sys.argv[3])) as pool:
    print(*set(pool.map(decode, range(int(sys.argv[3])))))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def measure(picture: Path, max_megapixels: int, threads: int = 1) -> tuple[str, float]:
    """What decoding gave, and the memory that it took at most, in MB."""
    command = [sys.executable, "-c", MEASURE, str(picture), str(max_megapixels), str(threads)]
    said, grown_kb = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.splitlines()
    return said, int(grown_kb) / 1000


def test_large_pictures_that_are_allowed_are_unpacked_one_at_a_time(tmp_path):
    write_bomb(tmp_path / "large.png", 4500)  # 20 MB, and 81 as RGB
    said, grown_mb = measure(tmp_path / "large.png", 100, threads=4)
    assert said == "(256, 256, 3)"
    assert grown_mb < 130


def test_a_bomb_of_400_megapixels_is_refused_with_little_memory(tmp_path):
    write_bomb(tmp_path / "bomb.png", 20000)
    assert (tmp_path / "bomb.png").stat().st_size < 100_000
    reason, grown_mb = measure(tmp_path / "bomb.png", 100)
    assert "20000 × 20000 is 400 megapixels" in reason
    assert grown_mb < 20
