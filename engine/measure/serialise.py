"""A sheet of measurements as plain data: without loss for autosave, and in the public form of ``report.json``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter, ValidationError

from engine.dicom.radiograph import Radiograph
from engine.errors import MeasureError
from engine.measure.sheet import Sheet
from engine.measure.values import Reading, read

SCHEMA_VERSION = 1
_SHEET = TypeAdapter(Sheet)


def sheet_to_dict(sheet: Sheet) -> dict[str, Any]:
    """Return a sheet as data that JSON can hold; `sheet_from_dict` restores it exactly."""
    return {"schema_version": SCHEMA_VERSION, **_SHEET.dump_python(sheet, mode="json")}


def sheet_from_dict(data: dict[str, Any]) -> Sheet:
    """Restore a sheet.

    Raises
    ------
    MeasureError
        ``MEASUREMENTS_FORMAT`` when the data is no sheet of this schema version.
    """
    body = dict(data)
    version = body.pop("schema_version", None)
    try:
        if version != SCHEMA_VERSION:
            raise ValueError(f"schema version {version!r}, not {SCHEMA_VERSION}")
        return _SHEET.validate_python(body)
    except (ValidationError, ValueError) as error:
        raise MeasureError(
            "MEASUREMENTS_FORMAT",
            f"the saved measurements are damaged or of another version ({str(error).splitlines()[0]})",
            "open them with the version of the program that wrote them",
        ) from error


def readings(sheet: Sheet, radiograph: Radiograph) -> tuple[Reading, ...]:
    """Return what every measurement of a sheet says of its image.

    Raises
    ------
    MeasureError
        ``WRONG_IMAGE``.
    """
    sheet.require_image(radiograph.identity.sop_instance_uid, radiograph.pixel_sha256)
    spacing = sheet.spacing(radiograph.spacing)
    return tuple(read(item, radiograph, spacing) for item in sheet.items)


def public_measurements(found: Sequence[Reading]) -> list[dict[str, Any]]:
    """Return measurements for other programs: kind, points (column, row), values with unit and calibration."""
    return [
        {
            "kind": reading.drawn.kind.value,
            "points": [list(point) for point in reading.drawn.points],
            "text": reading.drawn.text,
            "values": [
                {
                    "name": value.name,
                    "value": round(value.number, 6),
                    "unit": value.unit,
                    "shown": value.text,
                    "calibration": value.label,
                }
                for value in reading.values
            ],
            "warnings": list(reading.warnings),
        }
        for reading in found
    ]
