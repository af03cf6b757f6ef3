"""PNG and JPEG pictures as research images: no identity, no spacing, nothing signed for."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageOps

from engine.dicom.gray import gray_of_rgb
from engine.dicom.grayscale import Grayscale
from engine.dicom.grayscale_header import automatic_window
from engine.dicom.limits import check_image_size
from engine.dicom.modality import Modality
from engine.dicom.radiograph import NO_SPACING, Acquisition, Identity, Radiograph
from engine.dicom.uids import uid_of_pixels
from engine.dicom.voi import Window
from engine.errors import ReadError

PICTURE_WARNING = (
    "This is a picture file without a DICOM header: patient, view, spacing and exposure are unknown; for research only."
)


def read_picture(path: Path, content: bytes) -> Radiograph:
    """Return a PNG or JPEG as a radiograph, shown as it is unless it uses less than half of its grey levels.

    Raises
    ------
    ReadError
        ``PICTURE_DAMAGED``, ``NOT_GRAYSCALE``, ``IMAGE_SIZE`` or ``IMAGE_TOO_LARGE``.
    """
    warnings = [PICTURE_WARNING]
    try:
        # Named formats only: Pillow knows many that have no business here.
        with Image.open(io.BytesIO(content), formats=("PNG", "JPEG")) as picture:
            check_image_size(picture.height, picture.width)
            frames = int(getattr(picture, "n_frames", 1))
            picture.load()
            stored = _gray(ImageOps.exif_transpose(picture), warnings)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise ReadError(
            "PICTURE_DAMAGED", f"the picture cannot be decoded ({error})", "copy or export the file again"
        ) from error
    as_stored = Window.between(0, 255 if stored.dtype == np.uint8 else 65535, "as stored")
    automatic = automatic_window(Modality(), stored)
    jpeg = content.startswith(b"\xff\xd8")
    # 12 bits in a 16-bit picture would be black as they are, and faint copies grey.
    faint = automatic.width < 0.5 * as_stored.width
    stored.flags.writeable = False
    return Radiograph(
        stored=stored,
        grayscale=Grayscale(
            voi=(automatic, as_stored) if faint else (as_stored, automatic),
            stored_range=(int(stored.min()), int(stored.max())),
            automatic=automatic,
        ),
        spacing=NO_SPACING,
        identity=Identity(sop_instance_uid=uid_of_pixels(stored)),
        acquisition=Acquisition(
            photometric="MONOCHROME2",
            bits_stored=8 * stored.dtype.itemsize,
            lossy=jpeg,
            lossy_methods=("ISO_10918_1",) if jpeg else (),
        ),
        source=path,
        is_dicom=False,
        frames=frames,
        warnings=tuple(warnings),
    )


def _gray(picture: Image.Image, warnings: list[str]) -> npt.NDArray[np.integer]:
    """Return the grey values, uint8 or uint16, shape (rows, columns)."""
    if picture.mode.startswith("I"):
        values = np.asarray(picture)
        if values.min() < 0 or values.max() > 65535:
            raise ReadError("PIXEL_FORMAT", "the picture has more than 16 bits a pixel", "save it with 8 or 16 bits")
        return values.astype(np.uint16)
    if picture.mode in ("1", "L"):
        return np.array(picture.convert("L"))
    if "A" in picture.mode or "transparency" in picture.info:
        warnings.append("The picture has a transparency channel, which is left out.")
    stored = gray_of_rgb(np.asarray(picture.convert("RGB")), "a picture")
    warnings.append("The picture is stored in colour; its channels agree and were read as grey.")
    return stored
