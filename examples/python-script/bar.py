"""The bar that tqdm draws, for hosts without tqdm."""

import sys
import time


def tqdm(items, desc=""):
    began, total = time.monotonic(), len(items)
    for done, item in enumerate(items):
        draw(desc, done, total, time.monotonic() - began)
        yield item
    draw(desc, total, total, time.monotonic() - began)
    sys.stderr.write("\n")


def draw(desc, done, total, elapsed):
    share = done / total if total else 1.0
    rate = done / elapsed if done and elapsed else 0.0
    left = clock((total - done) / rate) if rate else "?"
    cells = int(share * 10)
    bar = "█" * cells + " " * (10 - cells)
    sys.stderr.write(
        f"\r{desc}: {share:4.0%}|{bar}| {done}/{total} [{clock(elapsed)}<{left}, {rate:5.2f}it/s]"
    )
    sys.stderr.flush()


def clock(seconds):
    return f"{int(seconds) // 60:02d}:{int(seconds) % 60:02d}"
