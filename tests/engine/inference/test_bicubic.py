"""The bicubic rule is the reference processor's, and the box of the heat maps is where its pixels come from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image
from pydantic import ValidationError

from engine.dicom.files import read_radiograph
from engine.errors import InferenceError
from engine.inference.preprocess import encoder_image, pixel_values, source_box
from engine.pack.manifest import EncoderSpec

FloatImage = npt.NDArray[np.float32]
SIZES = [(300, 200), (200, 301), (519, 518), (518, 2000), (137, 95), (1023, 1022)]


def spec(crop: int = 518, edge: int | None = 518, **fields: Any) -> EncoderSpec:
    return EncoderSpec(
        **{
            "source": "test",
            "licence": "none",
            "architecture": "none",
            "input_height": crop,
            "input_width": crop,
            "patch_rows": crop // 14,
            "patch_columns": crop // 14,
            "d_model": 8,
            "n_heads": 2,
            "layer_norm_eps": 1e-6,
            "mean": (0.5307, 0.5307, 0.5307),
            "std": (0.2583, 0.2583, 0.2583),
            "resize_rule": "shortest_edge_bicubic",
            "resize_edge": edge,
            "intensity_rule": "display",
        }
        | fields
    )


def processor(crop: int, edge: int) -> Any:
    pytest.importorskip("transformers")
    from transformers import BitImageProcessorPil

    sizes = {"crop_size": {"height": crop, "width": crop}, "size": {"shortest_edge": edge}}
    return BitImageProcessorPil(**sizes, image_mean=[0.5307] * 3, image_std=[0.2583] * 3)


def drawn(rows: int, columns: int, seed: int = 0) -> FloatImage:
    """Soft shapes, noise, and white marks on black, at which a cubic overshoots."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:rows, 0:columns] / max(rows, columns)
    image = 0.5 + 0.3 * np.sin(9 * x) * np.cos(7 * y) + 0.05 * rng.standard_normal((rows, columns))
    image[rows // 8 : rows // 4, columns // 8 : columns // 4] = rng.random((1,)) > 0.5
    image[:: max(rows // 9, 1), : columns // 2] = 1.0
    return np.clip(image, 0.0, 1.0).astype(np.float32)


def eight_bit(image: FloatImage) -> Image.Image:
    return Image.fromarray(np.rint(image * 255.0).astype(np.uint8))


@pytest.mark.parametrize(("crop", "edge"), [(518, 518), (224, 256), (56, 71)])
@pytest.mark.parametrize("size", SIZES)
def test_pixels_are_those_of_the_reference_to_the_last_grey(size: tuple[int, int], crop: int, edge: int) -> None:
    image = drawn(*size)
    reference = processor(crop, edge)
    seen = encoder_image(image, spec(crop, edge))
    plain = reference(eight_bit(image), do_normalize=False, return_tensors="np")["pixel_values"][0]
    np.testing.assert_array_equal(np.rint(seen * 255.0), np.rint(plain[0] * 255.0))
    made = reference(eight_bit(image), return_tensors="np")["pixel_values"]
    np.testing.assert_allclose(pixel_values(image, spec(crop, edge)), made, atol=1e-6)


def test_real_radiographs_of_8_to_16_bits_are_too(shared_data: Path) -> None:
    reference, bits = processor(518, 518), set()
    chosen = ["RG1_J2KI.dcm", "RG2_hip_RLE.dcm", "MG_voilut_sigmoid.dcm"]
    real = [shared_data / "dicom" / "radiographs" / name for name in chosen]
    for path in [*real, *sorted((shared_data / "cxr_open" / "images").glob("*"))[:2]]:
        radiograph = read_radiograph(path)
        bits.add(radiograph.acquisition.bits_stored)
        image = radiograph.display()
        made = reference(eight_bit(image), do_normalize=False, return_tensors="np")["pixel_values"][0, 0]
        np.testing.assert_array_equal(np.rint(encoder_image(image, spec()) * 255.0), np.rint(made * 255.0))
    assert {8, 10, 15} <= bits


def test_greys_between_256_levels_move_by_half_a_level_at_most_before_resampling() -> None:
    image = np.tile(np.linspace(0.0, 1.0, 400, dtype=np.float32), (400, 1))
    seen = encoder_image(image, spec(392, 400))
    assert np.abs(seen - image[4:396, 4:396]).max() <= 0.5 / 255.0 + 1e-6


@pytest.mark.parametrize("rows,columns", [(518, 700), (900, 620), (333, 500)])
def test_the_box_is_where_the_pixels_come_from(rows: int, columns: int) -> None:
    rule = spec(224, 256)
    left, top, right, bottom = source_box(rows, columns, rule)
    assert 0.0 <= left < right <= columns and 0.0 <= top < bottom <= rows
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32) + 0.5
    for values, start, stop, axis in ((x / columns, left, right, 1), (y / rows, top, bottom, 0)):
        seen = encoder_image(values, rule).mean(axis=1 - axis)
        length = columns if axis else rows
        centres = start + (np.arange(224) + 0.5) * (stop - start) / 224
        np.testing.assert_allclose(seen[2:-2], centres[2:-2] / length, atol=1.5 / 255.0)


def test_a_strip_is_refused_before_it_becomes_huge() -> None:
    with pytest.raises(InferenceError, match="too long and narrow"):
        encoder_image(np.zeros((20, 60000), dtype=np.float32), spec())


def test_an_edge_belongs_to_this_rule_alone_and_holds_the_crop() -> None:
    for wrong in ({"edge": None}, {"edge": 500}, {"resize_rule": "stretch"}):
        with pytest.raises(ValidationError, match="resize_edge"):
            spec(**wrong)


def test_specifications_from_before_the_rule_are_written_as_they_were(demo_pack: Path) -> None:
    """Stores and packs are known by a hash of this text."""
    written = json.loads((demo_pack / "pack.json").read_text(encoding="utf-8"))["encoder"]
    assert EncoderSpec.model_validate(written).model_dump(mode="json") == written
    assert "resize_edge" not in written
