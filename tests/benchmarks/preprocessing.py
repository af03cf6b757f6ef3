"""How far the engine's resize rules are from the reference processor (``BitImageProcessor``), in grey levels of 255.

Each radiograph is displayed by the grayscale pipeline, rounded to 8 bits and given to the processor as RAD-DINO's
``preprocessor_config.json`` sets it (shortest edge 518, bicubic, centre crop 518); compared are the pixels before mean
and deviation. "without rounding" is the bicubic rule on greys that were never rounded to 8 bits.

    python -m tests.benchmarks.preprocessing ../shared/data/dicom/radiographs ../shared/data/cxr_open/images
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from engine.dicom.files import find_images, read_radiograph
from engine.errors import ReadError
from engine.inference.bicubic import crop_corner, resized_size
from engine.inference.preprocess import encoder_image
from engine.pack.manifest import EncoderSpec
from tests.engine.inference.test_bicubic import eight_bit, processor, spec

FloatImage = npt.NDArray[np.float32]
RULES = ("shortest_edge_bicubic", "without rounding", "shortest_side_center_crop")


def without_rounding(image: FloatImage, rule: EncoderSpec) -> FloatImage:
    height, width = resized_size(image.shape[0], image.shape[1], 518)
    top, left = crop_corner(height, width, rule)
    resized = np.asarray(Image.fromarray(image).resize((width, height), Image.Resampling.BICUBIC))
    return np.clip(resized[top : top + 518, left : left + 518], 0.0, 1.0)


def main() -> None:
    reference, bicubic = processor(518, 518), spec()
    antialiased = spec(edge=None, resize_rule="shortest_side_center_crop")
    makers = {
        RULES[0]: lambda image: encoder_image(image, bicubic),
        RULES[1]: lambda image: without_rounding(image, bicubic),
        RULES[2]: lambda image: encoder_image(image, antialiased),
    }
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = defaultdict(list)
    for path in find_images([Path(argument) for argument in sys.argv[1:]]):
        try:
            radiograph = read_radiograph(path)
        except ReadError as error:
            sys.stderr.write(f"left out: {path.name} {error.code}\n")
            continue
        image = radiograph.display()
        expected = reference(eight_bit(image), do_normalize=False, return_tensors="np")["pixel_values"][0, 0]
        bits = "8 bits" if radiograph.acquisition.bits_stored <= 8 else "10 to 16 bits"
        for rule, make in makers.items():
            begin = time.perf_counter()
            made = make(image)
            taken = time.perf_counter() - begin
            difference = 255.0 * np.abs(made - expected)
            found[rule, bits].append((float(difference.max()), float(difference.mean()), taken))
    sys.stdout.write("| rule | stored | images | greatest difference | mean difference | median ms |\n")
    sys.stdout.write("| --- | --- | --- | --- | --- | --- |\n")
    for (rule, bits), rows in sorted(found.items(), key=lambda item: RULES.index(item[0][0])):
        values = np.array(rows)
        sys.stdout.write(
            f"| {rule} | {bits} | {len(rows)} | {values[:, 0].max():.2f} | {values[:, 1].mean():.3f} "
            f"| {1e3 * np.median(values[:, 2]):.0f} |\n"
        )


if __name__ == "__main__":
    main()
