"""Segmentations of any make: frames by segment and image, bits that share a byte, outlines in their place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import RLELossless

from engine.errors import ReadError
from engine.readback.drawing import drawing_on
from engine.readback.objects import ResultObject
from engine.readback.read import read_result
from engine.readback.segments import Segmentation
from engine.readback.target import Target
from tests.engine.readback.states import file, image_of, item, save, to_image
from tests.engine.report.factories import UID

SEG = "1.2.840.10008.5.1.4.1.1.66.4"
OTHER = "1.2.99"


def square(rows: int, columns: int, top: int, left: int, side: int) -> np.ndarray:
    made = np.zeros((rows, columns), np.uint8)
    made[top : top + side, left : left + side] = 1
    return made


def segmentation(frames: list[np.ndarray], places: list[tuple[int, str]], **elements: Any) -> Dataset:
    """A segmentation of such frames, each of a segment on an image; binary unless told."""
    rows, columns = frames[0].shape
    binary = "SegmentationFractionalType" not in elements
    stack = np.stack(frames)
    data = np.packbits(stack, bitorder="little").tobytes() if binary else stack.tobytes()
    needed: dict[str, Any] = {
        "Modality": "SEG",
        "Rows": rows,
        "Columns": columns,
        "NumberOfFrames": len(frames),
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": 1 if binary else 8,
        "BitsStored": 1 if binary else 8,
        "HighBit": 0 if binary else 7,
        "PixelRepresentation": 0,
        "SegmentationType": "BINARY" if binary else "FRACTIONAL",
        "SegmentSequence": [
            item(SegmentNumber=n, SegmentLabel=f"part {n}", RecommendedDisplayCIELabValue=[34891, 53485, 50171])
            for n in sorted({number for number, _uid in places})
        ],
        "PerFrameFunctionalGroupsSequence": [
            item(
                SegmentIdentificationSequence=[item(ReferencedSegmentNumber=number)],
                DerivationImageSequence=[item(SourceImageSequence=[to_image(uid)])],
            )
            for number, uid in places
        ],
        "PixelData": data + b"\0" * (len(data) % 2),
    }
    return file(SEG, "1.2.3.88", **(needed | elements))


def read_segments(folder: Path, made: Dataset) -> tuple[ResultObject, Segmentation]:
    result = read_result(save(folder / "seg.dcm", made))
    assert isinstance(result.content, Segmentation)
    return result, result.content


def test_frames_that_begin_inside_a_byte_are_read(tmp_path: Path) -> None:
    # 7 * 9 bits: no frame but the first begins at a whole byte.
    frames = [square(7, 9, 1, 2, 3), square(7, 9, 2, 4, 4), square(7, 9, 0, 0, 2)]
    _result, content = read_segments(tmp_path, segmentation(frames, [(1, UID), (2, UID), (1, OTHER)]))
    assert [segment.number for segment in content.on(UID)] == [1, 2]
    for (number, uid), frame in zip([(1, UID), (2, UID), (1, OTHER)], frames, strict=True):
        assert np.array_equal(content.mask(number, uid), frame)


@pytest.mark.parametrize("compressed", [False, True])
def test_fractional_frames_keep_their_values(tmp_path: Path, compressed: bool) -> None:
    frames = [square(80, 64, 20, 10, 30) * 200, square(80, 64, 5, 5, 9) * 50]
    made = segmentation(
        frames, [(1, UID), (2, UID)], SegmentationFractionalType="PROBABILITY", MaximumFractionalValue=250
    )
    if compressed:
        made.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    result, content = read_segments(tmp_path, made)
    assert (content.fractional, content.top) == ("PROBABILITY", 250)
    assert np.array_equal(content.mask(2, UID), frames[1])
    drawing = drawing_on(result, Target.of(image_of()))
    # 50 of 250 nowhere reaches a half: that is said instead of drawn.
    assert [len(layer.strokes) for layer in drawing.layers] == [1, 0] and "part 2 nowhere" in drawing.notes[0]


@pytest.mark.parametrize("size", [(80, 64), (3000, 2500)])
def test_an_outline_runs_around_its_segment(tmp_path: Path, size: tuple[int, int]) -> None:
    top, left, side = size[0] // 4, size[1] // 8, size[1] // 2
    result, _content = read_segments(tmp_path, segmentation([square(*size, top, left, side)], [(1, UID)]))
    (layer,) = drawing_on(result, Target.of(image_of(*size))).layers
    (stroke,) = layer.strokes
    box = (*stroke.points.min(axis=0), *stroke.points.max(axis=0))
    assert np.allclose(box, (left, top, left + side, top + side), atol=1.0)
    assert layer.name == "part 1" and int(layer.colour[1:3], 16) > 240


def test_nothing_is_drawn_where_place_or_image_is_uncertain(tmp_path: Path) -> None:
    frame = square(80, 64, 20, 10, 30)
    other_size, _ = read_segments(tmp_path, segmentation([square(40, 32, 1, 1, 9)], [(1, UID)]))
    assert drawing_on(other_size, Target.of(image_of())).layers == ()
    assert "is not certain" in drawing_on(other_size, Target.of(image_of())).notes[0]
    unnamed = segmentation([frame], [(1, UID)])
    del unnamed.PerFrameFunctionalGroupsSequence[0].DerivationImageSequence
    result, content = read_segments(tmp_path, unnamed)
    assert content.frames == {} and "does not say its segment or its image" in result.warnings[0]
    # A segmentation of one image need not repeat it in each frame.
    unnamed.ReferencedSeriesSequence = [item(ReferencedInstanceSequence=[to_image()])]
    assert read_segments(tmp_path, unnamed)[1].frames == {(1, UID): 0}
    unnamed.ReferencedSeriesSequence[0].ReferencedInstanceSequence.append(to_image(OTHER))
    assert read_segments(tmp_path, unnamed)[1].frames == {}


def test_a_segmentation_of_dcmqi_is_read() -> None:
    path = get_testdata_file("liver_1frame.dcm")
    assert isinstance(path, str)
    result = read_result(Path(path))
    content = result.content
    assert isinstance(content, Segmentation) and result.provenance.manufacturer == "QIICR"
    (segment,) = content.segments
    assert str(segment.kind) == "Liver" and len(segment.colour) == 7
    mask = content.mask(*next(iter(content.frames)))
    assert mask.shape == (512, 512) and 0 < mask.sum() < 512 * 512


def test_damaged_ones_are_refused(tmp_path: Path) -> None:
    made = segmentation([square(80, 64, 20, 10, 30)], [(1, UID)])
    made.NumberOfFrames = 1_000_000
    with pytest.raises(ReadError, match="PIXELS_TRUNCATED"):
        read_segments(tmp_path, made)
    made.NumberOfFrames = 1
    made.BitsAllocated = made.BitsStored = 8
    made.HighBit = 7
    with pytest.raises(ReadError, match="RESULT_DAMAGED"):
        read_segments(tmp_path, made)
    made.SegmentationType = "FRACTIONAL"
    made.PixelData = bytes(80 * 64)
    made.SegmentSequence = []
    with pytest.raises(ReadError, match="RESULT_DAMAGED"):
        read_segments(tmp_path, made)
