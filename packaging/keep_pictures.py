"""Reduce the journey's pictures for the documentation.

python packaging/keep_pictures.py build/journey docs/images/journey
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

WIDTH, COLOURS = 1200, 256
COLOURED = 24
"""Difference of the largest and the smallest channel from which a pixel counts as coloured."""
SAMPLE = 200
"""Half of the pixels that a palette is made from, in rows of as many."""


def main() -> int:
    """Write each PNG of a folder, scaled to `WIDTH` and with a palette of `COLOURS`, into another."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("source", type=Path, help="folder that saerad demo --offscreen wrote")
    parser.add_argument("out", type=Path, help="folder to write to; its other PNGs are removed")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    pictures = sorted(arguments.source.glob("*.png"))
    for old in {path.name for path in arguments.out.glob("*.png")} - {path.name for path in pictures}:
        (arguments.out / old).unlink()
    total = 0
    for path in pictures:
        total += _keep(path, arguments.out / path.name)
    print(f"{len(pictures)} pictures, {total / 1e6:.1f} MB")
    return 0


def _keep(source: Path, path: Path) -> int:
    """Write one picture and return its size in bytes."""
    with Image.open(source) as picture:
        height = round(picture.height * WIDTH / picture.width)
        small = picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS)
    small.quantize(palette=_palette(small), dither=Image.Dither.FLOYDSTEINBERG).save(path, optimize=True)
    return path.stat().st_size


def _palette(picture: Image.Image) -> Image.Image:
    """Return a palette made as much from the few coloured pixels as from the gray ones: heat maps keep their shades."""
    pixels = np.asarray(picture).reshape(-1, 3)
    coloured = np.ptp(pixels.astype(np.int16), axis=1) >= COLOURED
    rng = np.random.default_rng(0)
    parts = [part[rng.integers(0, len(part), SAMPLE * SAMPLE)] for part in (pixels[coloured], pixels[~coloured])]
    sample = Image.fromarray(np.concatenate(parts).reshape(2 * SAMPLE, SAMPLE, 3))
    return sample.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, kmeans=2)


if __name__ == "__main__":
    raise SystemExit(main())
