"""A result object in words, for lists, and as values for JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from engine.dicom.voi import Voi, VoiLut
from engine.readback.find import Found
from engine.readback.objects import ResultObject
from engine.readback.presentation import PresentationState
from engine.readback.report import Item, Report
from engine.readback.report_text import report_lines
from engine.readback.segments import Segmentation


def headline(result: ResultObject) -> str:
    """Return kind, title and series description in one line."""
    who = result.provenance
    names = [who.title] if who.title else []
    if who.series_description and who.series_description not in who.title:
        names.append(who.series_description)
    return f"{result.kind}  {' - '.join(names) or who.sop_class}"


def origin(result: ResultObject) -> str:
    """Return who made an object with which software, when, and its status."""
    who = result.provenance
    made = " ".join(dict.fromkeys(filter(None, (who.manufacturer, who.model))))
    parts = [
        made or "maker not stated",
        who.software and f"software {who.software}",
        who.creator,
        stamp(who.date, who.time),
    ]
    return "; ".join(filter(None, (*parts, ", ".join(who.status))))


def stamp(date: str, time: str) -> str:
    """Return a DICOM date and time as ``2019-01-07 21:35``; other forms as they are."""
    day = f"{date[:4]}-{date[4:6]}-{date[6:8]}" if len(date) == 8 and date.isdigit() else date
    clock = f"{time[:2]}:{time[2:4]}" if len(time) >= 4 and time[:4].isdigit() else time
    return f"{day} {clock}".strip()


def content_lines(result: ResultObject) -> list[str]:
    """Return what an object holds, in lines."""
    content = result.content
    if isinstance(content, Report):
        return [line.whole for line in report_lines(content)]
    if isinstance(content, Segmentation):
        what = f"fractional, {content.fractional.lower()}" if content.fractional else "binary"
        lines = []
        for segment in content.segments:
            kind = segment.kind.cited if segment.kind else ""
            lines.append(
                f"segment {segment.number}: " + "; ".join(filter(None, (segment.label, kind, segment.made_by, what)))
            )
        return lines
    return _state_lines(content)


def _state_lines(state: PresentationState) -> list[str]:
    lines = [f"window: {_window(choice.voi)}" for choice in state.vois]
    if state.quarters or state.mirrored:
        lines.append(f"turned by {90 * state.quarters} degrees" + (", mirrored" if state.mirrored else ""))
    lines += [f"area shown: {area.corners[:2]} to {area.corners[2:]}" for area in state.areas]
    lines += [f"shutter of {len(shutter.outline)} corners" for shutter in state.shutters]
    for annotation in state.annotations:
        shapes = ", ".join(graphic.shape.value.lower() for graphic in annotation.graphics)
        lines.append(f"layer {annotation.layer}: {shapes or 'text'}")
        lines += [f"  {line}" for note in annotation.notes for line in note.lines]
    return lines


def _window(voi: Voi) -> str:
    if isinstance(voi, VoiLut):
        return f"table of {voi.table.size} entries" + (f" ({voi.name})" if voi.name else "")
    return f"centre {voi.center:g}, width {voi.width:g}, {voi.function}" + (f" ({voi.name})" if voi.name else "")


def as_values(result: ResultObject, found: Found) -> dict[str, Any]:
    """Return an object as values for JSON."""
    who = result.provenance
    return {
        "path": str(result.source),
        **asdict(who),
        "images": [
            {"sop_instance_uid": uid, "path": str(found.images[uid]) if uid in found.images else None}
            for uid in result.images
        ],
        "warnings": list(result.warnings),
        "content": _content_values(result),
    }


def _content_values(result: ResultObject) -> Any:
    content = result.content
    if isinstance(content, Report):
        return _item_values(content.root)
    if isinstance(content, Segmentation):
        return {
            "type": "FRACTIONAL" if content.fractional else "BINARY",
            "fractional_type": content.fractional,
            "segments": [
                {
                    "number": s.number,
                    "label": s.label,
                    "type": s.kind.cited if s.kind else "",
                    "colour": s.colour,
                    "made_by": s.made_by,
                    "images": [uid for number, uid in content.frames if number == s.number],
                }
                for s in content.segments
            ],
        }
    return {
        "turned_degrees": 90 * content.quarters,
        "mirrored": content.mirrored,
        "layers": [asdict(layer) for layer in content.layers],
        "graphics": [
            {"layer": a.layer, "shape": g.shape.value, "units": g.units.value, "points": g.points, "label": g.label}
            for a in content.annotations
            for g in a.graphics
        ],
        "texts": [{"layer": a.layer, "lines": n.lines} for a in content.annotations for n in a.notes],
    }


def _item_values(item: Item) -> dict[str, Any]:
    values: dict[str, Any] = {"type": item.kind, "relationship": item.relationship}
    if item.name:
        values["name"] = asdict(item.name)
    if item.lines:
        values["value"] = "\n".join(item.lines)
    if item.number is not None:
        values["number"] = item.number
    if item.code:
        values["unit" if item.kind == "NUM" else "code"] = asdict(item.code)
    if item.reference:
        values["reference"] = asdict(item.reference)
    if item.region:
        values["region"] = {"shape": item.region.shape.value, "points": item.region.points}
    if item.children:
        values["content"] = [_item_values(child) for child in item.children]
    return values
