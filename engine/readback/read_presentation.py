"""Read a grayscale softcopy presentation state of any make, tolerantly."""

from __future__ import annotations

from engine.dicom.elements import Elements
from engine.dicom.grayscale_header import read_lut, read_modality, read_voi
from engine.dicom.lut import LookupTable
from engine.readback.annotations import read_annotations, read_layers
from engine.readback.coded import read_images
from engine.readback.limits import Budget
from engine.readback.presentation import DisplayedArea, PresentationState, VoiChoice
from engine.readback.shutters import read_shutters


def read_presentation(header: Elements) -> PresentationState:
    """Return what a presentation state says; what of it is not shown goes into the header's warnings.

    Raises
    ------
    ReadError
        ``RESULT_TOO_LARGE``.
    """
    budget = Budget()
    modality = read_modality(header, signed=False)
    signed = modality.lut is None and modality.intercept < 0
    presentation = _presentation_lut(header)
    shape = header.text("PresentationLUTShape").upper()
    if shape not in ("", "IDENTITY", "INVERSE"):
        header.warn(f"The presentation LUT shape {shape[:16]} is not known and not applied.")
    quarters, mirrored = _turn(header)
    _say_what_is_missing(header)
    return PresentationState(
        layers=read_layers(header, budget),
        annotations=read_annotations(header, budget),
        areas=_areas(header, budget),
        vois=_vois(header, budget, signed=signed),
        shutters=read_shutters(header, budget),
        quarters=quarters,
        mirrored=mirrored,
        modality=modality,
        inverted=shape == "INVERSE" and presentation is None,
        presentation=presentation,
    )


def _presentation_lut(header: Elements) -> LookupTable | None:
    for item in header.items("PresentationLUTSequence"):
        return read_lut(item, signed=False)
    return None


def _turn(header: Elements) -> tuple[int, bool]:
    degrees = header.integer("ImageRotation") or 0
    if degrees % 90:
        header.warn(f"The presentation state turns the image by {degrees} degrees, which is not shown.")
        degrees = 0
    return degrees // 90 % 4, header.text("ImageHorizontalFlip").upper() == "Y"


def _areas(header: Elements, budget: Budget) -> tuple[DisplayedArea, ...]:
    found = []
    for item in header.items("DisplayedAreaSelectionSequence"):
        budget.items()
        first = item.numbers("DisplayedAreaTopLeftHandCorner")
        last = item.numbers("DisplayedAreaBottomRightHandCorner")
        images = read_images(item)
        if images is None:
            continue
        if len(first) != 2 or len(last) != 2:
            item.warn("A displayed area has no proper corners and is left out.")
            continue
        mode = item.text("PresentationSizeMode").upper() or "SCALE TO FIT"
        if mode != "SCALE TO FIT":
            item.warn(
                f"The presentation state asks for the size {mode[:16]}; its area is fitted to the window instead."
            )
        _say_aspect(item)
        corners = int(first[0]), int(first[1]), int(last[0]), int(last[1])
        found.append(DisplayedArea(corners, mode, images))
    return tuple(found)


def _say_aspect(item: Elements) -> None:
    ratio = item.numbers("PresentationPixelAspectRatio")
    spacing = item.numbers("PresentationPixelSpacing")
    for pair in (ratio, spacing):
        if len(pair) == 2 and pair[0] != pair[1]:
            item.warn("The presentation state asks for pixels that are not square; they are shown square.")


def _vois(header: Elements, budget: Budget, *, signed: bool) -> tuple[VoiChoice, ...]:
    found = []
    for item in header.items("SoftcopyVOILUTSequence"):
        budget.items()
        images = read_images(item)
        if images is None:
            continue
        offered = read_voi(item, signed=signed)
        if len(offered) > 1:
            item.warn("The presentation state offers several windows for one image; the first is applied.")
        if offered:
            found.append(VoiChoice(offered[0], images))
    return tuple(found)


def _say_what_is_missing(header: Elements) -> None:
    parts = {
        "CompoundGraphicSequence": "compound graphics",
        "MaskSubtractionSequence": "a mask subtraction",
        "GraphicGroupSequence": "groups of graphics",
    }
    for keyword, what in parts.items():
        if header.items(keyword):
            header.warn(f"The presentation state holds {what}, not shown here.")
    compound = [item for item in header.items("GraphicAnnotationSequence") if item.items("CompoundGraphicSequence")]
    if compound:
        header.warn("The presentation state holds compound graphics (such as rulers and arrows), not shown here.")
    if any(tag.group & 0xFF00 == 0x6000 for tag in header.dataset.keys()):  # noqa: SIM118 - the values may be damaged
        header.warn("The presentation state holds overlays drawn in bits, not shown here.")
