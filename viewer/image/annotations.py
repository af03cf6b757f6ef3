"""What is written in the corners and at the edges of the image."""

from __future__ import annotations

from dataclasses import dataclass

from engine.dicom.radiograph import Calibration, Radiograph, Spacing
from viewer.i18n import decimal, tr
from viewer.image.orientation import UPRIGHT, Orientation

SIDES = {"L": "L", "R": "R", "A": "A", "P": "P", "H": "H", "F": "F"}


@dataclass(frozen=True)
class Corners:
    """Lines of text of the four corners; empty lines are left out."""

    top_left: tuple[str, ...]
    top_right: tuple[str, ...]
    bottom_left: tuple[str, ...]
    bottom_right: tuple[str, ...]


@dataclass(frozen=True)
class Edges:
    """Orientation letters at the edges; empty where the file does not say."""

    left: str = ""
    right: str = ""
    top: str = ""
    bottom: str = ""


def date_text(value: str) -> str:
    """``YYYYMMDD`` as ``YYYY-MM-DD``; other forms as they are."""
    return f"{value[:4]}-{value[4:6]}-{value[6:8]}" if len(value) == 8 and value.isdigit() else value


def time_text(value: str) -> str:
    """``HHMMSS.frac`` as ``HH:MM``; other forms as they are."""
    return f"{value[:2]}:{value[2:4]}" if len(value) >= 4 and value[:4].isdigit() else value


def stated_side(laterality: str) -> str:
    """Image Laterality (PS3.3 C.8.11.1.1.1); nothing for U, which says of a chest that it has no side."""
    return "" if laterality == "U" else laterality


def person_text(value: str) -> str:
    """DICOM person name (``Family^Given^Middle``) as ``Family, Given Middle``; alphabetic group only."""
    parts = value.split("=", maxsplit=1)[0].split("^")
    given = " ".join(part for part in parts[1:3] if part)
    return ", ".join(part for part in (parts[0], given) if part)


def spacing_text(spacing: Spacing) -> str:
    """Size of a pixel and what it means."""
    if spacing.row_mm is None or spacing.column_mm is None or spacing.calibration is Calibration.NONE:
        return tr("lengths: pixels only")
    size = (
        f"{spacing.column_mm:.3f}"
        if abs(spacing.row_mm - spacing.column_mm) < 5e-4
        else f"{spacing.column_mm:.3f} × {spacing.row_mm:.3f}"
    )
    return tr("{size} mm/pixel, {meaning}", size=decimal(size), meaning=tr(spacing.calibration.value))


OPPOSITE = {"L": "R", "R": "L", "A": "P", "P": "A", "H": "F", "F": "H"}


def edges(radiograph: Radiograph, orientation: Orientation = UPRIGHT) -> Edges:
    """Letters of the edges from Patient Orientation (PS3.3 C.7.6.1.1.1), as the picture is turned and mirrored.

    Its first value names the direction of the rows: the side of the patient at the right edge; its second one the
    direction of the columns. Head and foot are written only where the picture is turned by one quarter or three.
    """
    stated = [value[:1] for value in radiograph.acquisition.patient_orientation]
    right = stated[0] if stated and stated[0] in OPPOSITE else ""
    if not right:
        return Edges()
    bottom = stated[1] if len(stated) > 1 and stated[1] in OPPOSITE else ""
    shown = orientation.edges((OPPOSITE[right], OPPOSITE.get(bottom, ""), right, bottom))
    if orientation.quarters % 2:
        return Edges(left=shown[0], top=shown[1], right=shown[2], bottom=shown[3])
    return Edges(left=shown[0], right=shown[2])


def turned_text(orientation: Orientation) -> str:
    """The mark of a picture that does not lie as its file has it; empty when it does."""
    parts = []
    if orientation.mirrored:
        parts.append(tr("MIRRORED"))
    if orientation.quarters:
        parts.append(tr("TURNED BY {degrees}°", degrees=90 * orientation.quarters))
    return ", ".join(parts)


def corners(radiograph: Radiograph, image_lines: tuple[str, ...], by_hand: Spacing | None = None) -> Corners:
    """Patient top left, study top right, image bottom left, series bottom right.

    Parameters
    ----------
    image_lines : tuple of str
        Window, zoom and the value under the mouse.
    by_hand : Spacing, optional
        Of a person's calibration, which stands in place of the file's.
    """
    who, how = radiograph.identity, radiograph.acquisition
    born = date_text(who.patient_birth_date)
    patient = (
        person_text(who.patient_name) or (radiograph.source.name if not radiograph.is_dicom else tr("no name")),
        who.patient_id if who.patient_id != who.patient_name else "",
        "  ".join(x for x in (born and f"* {born}", who.patient_age.lstrip("0"), who.patient_sex) if x),
    )
    study = (
        who.institution,
        who.study_description,
        "  ".join(x for x in (date_text(who.study_date), time_text(who.study_time)) if x),
        who.accession_number and tr("Acc. {number}", number=who.accession_number),
    )
    where = [who.modality, how.body_part, how.view_position, stated_side(how.image_laterality)]
    series = (
        tr("research image without identity") if not radiograph.is_dicom else who.series_description,
        "  ".join(x for x in where if x),
        f"{radiograph.columns} × {radiograph.rows}" + (f"  {how.bits_stored} bit" if how.bits_stored else ""),
        spacing_text(by_hand or radiograph.spacing),
        tr("frame 1 of {frames}", frames=radiograph.frames) if radiograph.frames > 1 else "",
        "" if edges(radiograph).left else tr("sides not stated by the file"),
    )
    return Corners(*(tuple(line for line in lines if line) for lines in (patient, study, image_lines, series)))
