"""Read the content tree of a structured report of any make, tolerantly."""

from __future__ import annotations

from engine.dicom.elements import Elements
from engine.errors import ReadError
from engine.readback.coded import Code, pairs, read_code, read_references, text_lines
from engine.readback.graphics import FIXED_COUNTS, Graphic, Shape
from engine.readback.limits import Budget
from engine.readback.report import Item, Report

_TEXTS = {"DATE": "Date", "TIME": "Time", "DATETIME": "DateTime", "PNAME": "PersonName", "UIDREF": "UID"}
_REFERRING = ("IMAGE", "COMPOSITE", "WAVEFORM")
_SPATIAL = (Shape.POINT, Shape.MULTIPOINT, Shape.POLYLINE, Shape.CIRCLE, Shape.ELLIPSE)


def read_report(header: Elements) -> Report:
    """Return the content of a structured report.

    Raises
    ------
    ReadError
        ``RESULT_DAMAGED`` when there is no content, ``RESULT_TOO_LARGE``.
    """
    if header.text("ValueType").upper() != "CONTAINER":
        raise ReadError(
            "RESULT_DAMAGED", "the structured report has no content: no container at its root", "export it again"
        )
    report = Report(_item(header, Budget(), 0))
    for item in report.root.walk():
        if item.region is not None and all(child.kind != "IMAGE" for child in item.children):
            header.warn("A region of the report does not say its image and is not drawn.")
    return report


def _item(header: Elements, budget: Budget, depth: int) -> Item:
    budget.items()
    budget.depth(depth)
    kind = header.text("ValueType").upper()
    number, code = _number(header) if kind == "NUM" else (None, read_code(header, "ConceptCodeSequence"))
    referred = read_references(header, "ReferencedSOPSequence") if kind in _REFERRING else ()
    lines = _lines(header, kind, code if kind == "CODE" else None)
    budget.characters(sum(map(len, lines)))
    return Item(
        kind=kind,
        relationship=header.text("RelationshipType").upper(),
        name=read_code(header, "ConceptNameCodeSequence"),
        lines=lines,
        code=code,
        number=number,
        reference=referred[0] if referred else None,
        region=_region(header, budget) if kind == "SCOORD" else None,
        children=tuple(_item(child, budget, depth + 1) for child in header.items("ContentSequence")),
    )


def _number(header: Elements) -> tuple[float | None, Code | None]:
    for item in header.items("MeasuredValueSequence"):
        return item.number("NumericValue"), read_code(item, "MeasurementUnitsCodeSequence")
    return None, None


def _lines(header: Elements, kind: str, code: Code | None) -> tuple[str, ...]:
    if kind == "TEXT":
        return text_lines(header.raw("TextValue") or "")
    if kind == "CODE":
        return (code.cited,) if code else ()
    if kind == "NUM":
        return _measured(header)
    if kind in _TEXTS:
        return tuple(filter(None, (header.text(_TEXTS[kind]),)))
    if not kind:
        # By-reference relationships have no value of their own (PS3.3 C.17.3.2.5).
        target = ".".join(header.texts("ReferencedContentItemIdentifier"))
        return (f"see item {target}",) if target else ()
    return _not_drawn(header, kind)


def _measured(header: Elements) -> tuple[str, ...]:
    """The value as it is written, else why there is none."""
    for item in header.items("MeasuredValueSequence"):
        return (item.text("NumericValue"),)
    qualifier = read_code(header, "NumericValueQualifierCodeSequence")
    return (str(qualifier),) if qualifier else ()


def _not_drawn(header: Elements, kind: str) -> tuple[str, ...]:
    if kind in ("SCOORD3D", "TCOORD"):
        what = {"SCOORD3D": "regions in space", "TCOORD": "places in time"}[kind]
        header.warn(f"The report holds {what}; they are named in its text and not drawn.")
        shape = header.text("GraphicType") or header.text("TemporalRangeType")
        return (shape,) if shape else ()
    if kind not in ("CONTAINER", "SCOORD", *_REFERRING):
        header.warn(f"The report holds content of the type {kind[:16]}, which is not shown.")
    return ()


def _region(header: Elements, budget: Budget) -> Graphic | None:
    asked = header.text("GraphicType").upper()
    shape = next((known for known in _SPATIAL if known.value == asked), None)
    data = header.numbers("GraphicData")
    budget.points(len(data) // 2)
    points = pairs(data)
    wanted = FIXED_COUNTS.get(shape, 0) if shape else 0
    if shape is None or not points or (wanted and len(points) != wanted):
        header.warn("A region of the report has no proper graphic type or points and is not drawn.")
        return None
    return Graphic(shape, points)
