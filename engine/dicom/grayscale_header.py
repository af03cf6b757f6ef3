"""Build the grayscale pipeline of an image from its header."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.dicom.elements import Elements
from engine.dicom.grayscale import Grayscale
from engine.dicom.lut import LookupTable
from engine.dicom.modality import Modality
from engine.dicom.voi import WINDOW_FUNCTIONS, Voi, VoiLut, Window

Stored = npt.NDArray[np.integer]


def read_grayscale(header: Elements, stored: Stored, photometric: str) -> Grayscale:
    """Return the pipeline of an image.

    Parameters
    ----------
    header : Elements
        Its data set; oddities are added to its warnings.
    stored : ndarray of int, shape (rows, columns)
        Decoded values, for their range and the automatic window.
    photometric : str
        ``MONOCHROME1`` or ``MONOCHROME2``.
    """
    low, high = int(stored.min()), int(stored.max())
    modality = read_modality(header, signed=low < 0 or header.integer("PixelRepresentation") == 1)
    presentation = _first_lut(header, "PresentationLUTSequence", signed=False)
    plain = Grayscale(
        modality=modality,
        voi=(),
        inverted=_inverted(header, photometric) and presentation is None,
        stored_range=(low, high),
        automatic=automatic_window(modality, stored, _padding(header)),
        presentation=presentation,
    )
    voi = read_voi(header, signed=plain.window_range[0] < 0)
    return Grayscale(modality, voi, plain.inverted, plain.stored_range, plain.automatic, presentation)


def automatic_window(
    modality: Modality,
    stored: Stored,
    padding: tuple[int, int] | None = None,
    percentiles: tuple[float, float] = (0.5, 99.5),
) -> Window:
    """Return a window between two percentiles of the modality values, padding left out.

    Half a percent at each end keeps markers, collimator edges and dead pixels from setting the contrast.
    """
    # A grid of about 512 by 512 samples fixes the percentiles to far less than a grey level.
    step = max(1, min(stored.shape) // 512)
    sample = stored[::step, ::step].ravel()
    if padding is not None:
        image = sample[(sample < padding[0]) | (sample > padding[1])]
        sample = image if image.size else sample
    low, high = np.percentile(modality.apply(sample.astype(np.float64)), percentiles)
    return Window.between(float(low), float(high), "automatic")


def _padding(header: Elements) -> tuple[int, int] | None:
    """Return the range of padding values (PS3.3 C.7.5.1.1.2), None when there is none."""
    value = header.integer("PixelPaddingValue")
    if value is None:
        return None
    other = header.integer("PixelPaddingRangeLimit")
    ends = [_as_stored(end, header) for end in (value, value if other is None else other)]
    return min(ends), max(ends)


def _as_stored(value: int, header: Elements) -> int:
    """Undo the wrong VR of a value that has the pixels' own type: 63536 in signed 16-bit pixels is -2000."""
    if header.integer("PixelRepresentation") == 1:
        return _signed(value)
    return value & 0xFFFF


def _signed(value: int) -> int:
    return value - 0x10000 if value > 0x7FFF else value


def read_modality(header: Elements, signed: bool) -> Modality:
    """Return the rescale or the Modality LUT of a header (PS3.3 C.11.1), the identity without either.

    Parameters
    ----------
    signed : bool
        Whether stored values, the inputs of a LUT, may be below zero.
    """
    lut = _first_lut(header, "ModalityLUTSequence", signed)
    if lut is not None:
        return Modality(lut=lut, unit=header.items("ModalityLUTSequence")[0].text("ModalityLUTType").upper())
    slope, intercept = header.number("RescaleSlope"), header.number("RescaleIntercept")
    if slope == 0.0:
        header.warn("The header's Rescale Slope is 0, which would make the image one grey; it is not applied.")
        return Modality()
    return Modality(
        slope=1.0 if slope is None else slope,
        intercept=0.0 if intercept is None else intercept,
        unit=header.text("RescaleType").upper(),
    )


def read_voi(header: Elements, signed: bool) -> tuple[Voi, ...]:
    """Return what a header, or an item of the Softcopy VOI LUT Sequence, offers: VOI LUTs first, then windows.

    Parameters
    ----------
    signed : bool
        Whether modality values, the inputs of a LUT, may be below zero.
    """
    return _voi_luts(header, signed) + _windows(header)


def _inverted(header: Elements, photometric: str) -> bool:
    shape = header.text("PresentationLUTShape").upper()
    monochrome1 = photometric == "MONOCHROME1"
    if (shape == "INVERSE" and not monochrome1) or (shape == "IDENTITY" and monochrome1):
        header.warn(f"The header says both {photometric} and Presentation LUT Shape {shape}; it is shown inverted.")
    return monochrome1 or shape == "INVERSE"


def _windows(header: Elements) -> tuple[Voi, ...]:
    centers, widths = header.numbers("WindowCenter"), header.numbers("WindowWidth")
    names = header.texts("WindowCenterWidthExplanation")
    asked = header.text("VOILUTFunction").upper() or "LINEAR"
    function = next((known for known in WINDOW_FUNCTIONS if known == asked), None)
    if function is None:
        header.warn(f"The header's VOI LUT Function {asked} is not known; LINEAR is used.")
        function = "LINEAR"
    if len(centers) != len(widths):
        header.warn("The header has a different number of window centres and widths; the surplus is left out.")
    windows: list[Voi] = []
    for index, (center, width) in enumerate(zip(centers, widths, strict=False)):
        if width <= 0.0:
            header.warn(f"The header's window width {width:g} is not above zero; the window is left out.")
            continue
        windows.append(Window(center, width, function, names[index] if index < len(names) else ""))
    return tuple(windows)


def _voi_luts(header: Elements, signed: bool) -> tuple[Voi, ...]:
    found: list[Voi] = []
    for item in header.items("VOILUTSequence"):
        lut = read_lut(item, signed)
        if lut is not None:
            found.append(VoiLut(lut.table, lut.first, lut.name, lut.bits))
    return tuple(found)


def _first_lut(header: Elements, sequence: str, signed: bool) -> LookupTable | None:
    for item in header.items(sequence):
        lut = read_lut(item, signed)
        if lut is not None:
            return lut
    return None


def read_lut(item: Elements, signed: bool) -> LookupTable | None:
    """Return the table of a LUT item (LUT Descriptor, LUT Data, LUT Explanation), None with a warning if it is broken.

    Parameters
    ----------
    signed : bool
        Whether the first value mapped is a signed number; files in Implicit VR do not say.
    """
    descriptor = [int(number) for number in item.numbers("LUTDescriptor")]
    if len(descriptor) != 3:
        item.warn("A lookup table of the header has no proper descriptor and is left out.")
        return None
    # 0 entries stand for 65536 (PS3.3 C.11.1.1); a negative count is one read with the wrong sign.
    count = descriptor[0] & 0xFFFF or 0x10000
    first = _signed(descriptor[1] & 0xFFFF) if signed else descriptor[1] & 0xFFFF
    table = _lut_data(item, count)
    if table is None:
        item.warn("A lookup table of the header is shorter than its descriptor says and is left out.")
        return None
    bits = descriptor[2] if 1 <= descriptor[2] <= 16 else 0
    return LookupTable(table, first, item.text("LUTExplanation"), bits)


def _lut_data(item: Elements, count: int) -> npt.NDArray[np.unsignedinteger] | None:
    data = item.raw("LUTData")
    if isinstance(data, bytes):
        if len(data) < 2 * count:
            return np.frombuffer(data, np.uint8, count) if len(data) >= count else None
        order = ">" if item.dataset.original_encoding[1] is False else "<"
        return np.frombuffer(data, f"{order}u2", count).astype(np.uint16)
    numbers = item.numbers("LUTData")
    if len(numbers) < count:
        return None
    return (np.asarray(numbers[:count], dtype=np.int64) & 0xFFFF).astype(np.uint16)
