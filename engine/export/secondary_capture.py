"""The radiograph and its heat maps as pictures that every DICOM viewer shows (Secondary Capture, PS3.3 A.8.1)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from highdicom import CoordinateSystemNames, PhotometricInterpretationValues
from highdicom.sc import SCImage
from PIL import Image, ImageDraw, ImageFont
from pydicom.uid import ExplicitVRLittleEndian

from engine.dicom.radiograph import Radiograph
from engine.export.dicom_object import description, equipment, new_instance, reference, source_of, write_object
from engine.export.identity import strip_text
from engine.export.picture import grey_picture, render
from engine.export.shown_maps import ShownFinding, shown_findings
from engine.export.typeface import FONT_FILE, plain
from engine.inference.analysis import Analysis
from engine.report.draft import Draft
from engine.report.phrases import Phrases, phrases_of


def write_secondary_captures(folder: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft) -> list[Path]:
    """Write ``capture_01.dcm`` and so on.

    Raises
    ------
    ExportError
        ``NOT_DICOM_SOURCE``, ``NO_VALID_UID``, ``EXPORT_WRITE``.
    """
    images = secondary_captures(radiograph, analysis, draft)
    return [write_object(folder / f"capture_{number:02}.dcm", image) for number, image in enumerate(images, 1)]


def secondary_captures(radiograph: Radiograph, analysis: Analysis, draft: Draft) -> list[SCImage]:
    """Return one colour picture for each positive finding with a map, or the plain image when there is none.

    Strip, sentence and orientation letters are burned in: whoever sees the picture alone sees what it is.

    Raises
    ------
    ExportError
        ``NOT_DICOM_SOURCE``, ``NO_VALID_UID``.
    """
    source = source_of(radiograph)
    series = new_instance("sc")
    grey, strip = grey_picture(radiograph), strip_text(draft)
    shown: list[ShownFinding | None] = [*shown_findings(analysis, draft)] or [None]
    made = []
    for number, finding in enumerate(shown, 1):
        picture = render(radiograph, grey, finding.heat if finding else None, strip)
        lines = _lines(finding, phrases_of(draft.language))
        document = SCImage.from_ref_dataset(
            source.dataset,
            np.asarray(_captioned(picture, lines)),
            photometric_interpretation=PhotometricInterpretationValues.RGB,
            bits_allocated=8,
            coordinate_system=CoordinateSystemNames.PATIENT,
            patient_orientation=("L", "F"),  # highdicom insists on one; what is known of it replaces it below
            transfer_syntax_uid=ExplicitVRLittleEndian,
            specific_character_set="ISO_IR 192",
            **{**series, **new_instance("sc", number), "series_instance_uid": series["series_instance_uid"]},
            manufacturer=equipment(analysis)["manufacturer"],
        )
        _describe(document, analysis, draft, " ".join(lines))
        document.PatientOrientation = list(radiograph.acquisition.patient_orientation)
        document.SourceImageSequence = [reference(source.dataset)]
        source.finish(document)
        made.append(document)
    return made


def _describe(document: SCImage, analysis: Analysis, draft: Draft, words: str) -> None:
    who = equipment(analysis)
    document.ManufacturerModelName, document.SoftwareVersions = who["manufacturer_model_name"], who["software_versions"]
    document.SeriesDescription = description(draft, "pictures")
    document.DerivationDescription = words[:1024]
    document.Laterality = ""  # the chest is no paired part, but the class asks for the element
    document.ImageType = ["DERIVED", "SECONDARY"]


def _lines(finding: ShownFinding | None, say: Phrases) -> list[str]:
    """What stands below a picture: the finding and how its map was made; one without colour says why it has none."""
    if finding is None:
        return [say("No positive finding with a heat map")]
    drawn = "" if finding.heat.is_drawn else say(", nowhere strong enough to be drawn")
    return [finding.label, say("Heat map: {method}", method=finding.heat.map.method) + drawn]


def _captioned(picture: Image.Image, lines: Sequence[str]) -> Image.Image:
    """Add lines below the picture; words that do not fit end in an ellipsis."""
    size = max(12, round(min(picture.size) / 40))
    font = ImageFont.truetype(str(FONT_FILE), size)
    page = Image.new("RGB", (picture.width, picture.height + round(size * (0.5 + 1.5 * len(lines)))), (18, 18, 20))
    page.paste(picture, (0, 0))
    for number, line in enumerate(lines):
        text = plain(line)
        while font.getlength(text) > picture.width * 0.97 and len(text) > 1:
            text = text[:-2].rstrip() + "…"
        place = size * 0.6, picture.height + size * (1 + 1.5 * number)
        ImageDraw.Draw(page).text(place, text, (255, 255, 255), font, "lm")
    return page
