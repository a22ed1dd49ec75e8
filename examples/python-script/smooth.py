"""Smooth a noisy grey image. It knows nothing of services: run it by hand with `python3 smooth.py noisy.pgm 60`."""

import sys
from pathlib import Path

try:
    from tqdm import tqdm
except ImportError:
    from bar import tqdm


def smooth(image: Path, passes: int = 60) -> Path:
    """Average every pixel with its eight neighbours, `passes` times.

    image: an 8-bit grey PGM (P5).
    """
    width, height, rows = read_pgm(image)
    for _ in tqdm(range(passes), desc="smooth"):
        rows = [smooth_row(rows[max(y - 1, 0)], rows[y], rows[min(y + 1, height - 1)]) for y in range(height)]
    result = Path("smooth.pgm")
    result.write_bytes(b"P5 %d %d 255\n" % (width, height) + b"".join(rows))
    return result


def smooth_row(above: bytes, row: bytes, below: bytes) -> bytes:
    sums = [a + b + c for a, b, c in zip(above, row, below)]
    left = sums[:1] + sums[:-1]
    right = sums[1:] + sums[-1:]
    return bytes((a + b + c + 4) // 9 for a, b, c in zip(left, sums, right))


def read_pgm(image):
    data = image.read_bytes()
    magic, width, height, depth = data.split(maxsplit=4)[:4]
    if magic != b"P5" or depth != b"255":
        raise ValueError(f"{image.name} is no 8-bit PGM")
    width, height = int(width), int(height)
    pixels = data[len(data) - width * height :]
    return width, height, [pixels[y * width : (y + 1) * width] for y in range(height)]


if __name__ == "__main__":
    print(smooth(Path(sys.argv[1]), *map(int, sys.argv[2:])))
