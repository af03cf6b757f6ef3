"""Read a segmentation of any make, tolerantly."""

from __future__ import annotations

from engine.dicom.elements import Elements
from engine.dicom.pixel_description import describe_pixels
from engine.dicom.pixels import NATIVE
from engine.dicom.transfer_syntax import transfer_syntax
from engine.errors import ReadError
from engine.readback.coded import read_code, read_colour, read_references
from engine.readback.limits import MAX_ITEMS, Budget
from engine.readback.segments import Segment, Segmentation, StoredFrames


def read_segmentation(header: Elements) -> Segmentation:
    """Return a segmentation, its frames not yet decoded.

    Raises
    ------
    ReadError
        ``RESULT_DAMAGED``, ``RESULT_TOO_LARGE``, and those of `engine.dicom.pixel_description.describe_pixels`.
    """
    budget = Budget()
    pixels = describe_pixels(header)
    syntax = transfer_syntax(header)
    binary = header.text("SegmentationType").upper() == "BINARY"
    if pixels.samples != 1 or pixels.bits_allocated != (1 if binary else 8):
        raise ReadError(
            "RESULT_DAMAGED",
            f"the segmentation's pixels have {pixels.samples} samples of {pixels.bits_allocated} bits",
            "export it again",
        )
    wanted = (pixels.rows * pixels.columns * pixels.bits_allocated * pixels.frames + 7) // 8
    if syntax in NATIVE and len(header.dataset.PixelData) < wanted:
        raise ReadError("PIXELS_TRUNCATED", "the segmentation has fewer bytes than its frames", "copy it again")
    segments = tuple(_segment(item, budget) for item in header.items("SegmentSequence"))
    frames = _frames(header, min(pixels.frames, MAX_ITEMS + 1), budget)
    if not segments:
        raise ReadError("RESULT_DAMAGED", "the segmentation describes no segment", "export it again")
    return Segmentation(
        segments=segments,
        rows=pixels.rows,
        columns=pixels.columns,
        fractional="" if binary else header.text("SegmentationFractionalType").upper() or "OCCUPANCY",
        top=1 if binary else max(1, header.integer("MaximumFractionalValue") or 255),
        frames=frames,
        stored=StoredFrames(header, pixels, syntax),
    )


def _segment(item: Elements, budget: Budget) -> Segment:
    budget.items()
    made = item.text("SegmentAlgorithmType").upper(), item.text("SegmentAlgorithmName")
    return Segment(
        number=item.integer("SegmentNumber") or 0,
        label=item.text("SegmentLabel"),
        description=item.text("SegmentDescription"),
        kind=read_code(item, "SegmentedPropertyTypeCodeSequence"),
        category=read_code(item, "SegmentedPropertyCategoryCodeSequence"),
        colour=read_colour(item, "RecommendedDisplayCIELabValue"),
        made_by=", ".join(filter(None, made)),
        tracking=item.text("TrackingID"),
    )


def _frames(header: Elements, count: int, budget: Budget) -> dict[tuple[int, str], int]:
    """Return the frame of each segment on each image; a frame that names no image is on none."""
    shared = header.items("SharedFunctionalGroupsSequence")[:1]
    groups = header.items("PerFrameFunctionalGroupsSequence")
    only = _only_image(header)
    found: dict[tuple[int, str], int] = {}
    for number in range(count):
        budget.items()
        places = [*groups[number : number + 1], *shared]
        segment = next((n for g in places if (n := _segment_number(g)) is not None), None)
        images = next((i for g in places if (i := _images(g))), only)
        if segment is None or not images:
            header.warn("A frame of the segmentation does not say its segment or its image and is not shown.")
            continue
        if len(images) > 1:
            header.warn("A frame of the segmentation was made from several images and is not shown.")
            continue
        if (segment, images[0]) in found:
            header.warn("Several frames of the segmentation are of one segment on one image; the first is shown.")
            continue
        found[segment, images[0]] = number
    return found


def _segment_number(group: Elements) -> int | None:
    return next(
        (item.integer("ReferencedSegmentNumber") for item in group.items("SegmentIdentificationSequence")), None
    )


def _images(group: Elements) -> tuple[str, ...]:
    for item in group.items("DerivationImageSequence"):
        found = tuple(dict.fromkeys(r.sop_instance_uid for r in read_references(item, "SourceImageSequence")))
        if found:
            return found
    return ()


def _only_image(header: Elements) -> tuple[str, ...]:
    """The image of a segmentation that refers to a single one, which its frames then need not repeat."""
    series = header.items("ReferencedSeriesSequence")
    named = [r.sop_instance_uid for item in series for r in read_references(item, "ReferencedInstanceSequence")]
    return tuple(named) if len(named) == 1 else ()
