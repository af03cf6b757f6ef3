"""What the panel says of a result object: who made it, what it says and what of it is not shown."""

from __future__ import annotations

import html

from engine.dicom.radiograph import Radiograph
from engine.readback.describe import headline, origin, stamp
from engine.readback.drawing import Drawing
from engine.readback.objects import ResultObject
from engine.readback.presentation import PresentationState
from engine.readback.report import Report
from engine.readback.report_text import Line, report_lines
from engine.readback.segments import Segmentation
from viewer.i18n import tr
from viewer.state.images import Problem
from viewer.theme import palette


def row_text(result: ResultObject) -> str:
    """Return the two lines of an object in the list: kind and title; who made it, when, and its status."""
    who = result.provenance
    made = " ".join(filter(None, (who.manufacturer, who.model))) or tr("maker not stated")
    return headline(result) + "\n" + "  ·  ".join(filter(None, (made, stamp(who.date, who.time), *who.status)))


def page(
    result: ResultObject, image: Radiograph | None, drawing: Drawing | Problem | None, open_images: frozenset[str]
) -> str:
    """Return an object as HTML, all of its own text as it is.

    Parameters
    ----------
    image : Radiograph or None
        The image shown, if the object refers to it.
    drawing : Drawing, Problem or None
        What it draws there.
    open_images : frozenset of str
        SOP Instance UIDs of the images that are open.
    """
    parts = [f"<p><b>{html.escape(headline(result))}</b><br>{_muted(origin(result))}</p>"]
    notes = [_of_images(result, image, open_images), *result.warnings]
    if isinstance(drawing, Problem):
        notes.append(f"[{drawing.code}] {drawing.message}")
    elif drawing is not None:
        notes += drawing.notes
    if image is not None and isinstance(result.content, PresentationState) and result.content.turns_polarity(image):
        notes.append(tr("It asks for black and white to be exchanged against what the image's own file says."))
    parts += [f'<p style="color:{palette.UNCONFIRMED}">{html.escape(note)}</p>' for note in notes if note]
    return "".join(parts) + _content(result, image)


def _muted(text: str) -> str:
    return f'<span style="color:{palette.MUTED}">{html.escape(text)}</span>'


def _of_images(result: ResultObject, image: Radiograph | None, open_images: frozenset[str]) -> str:
    if not result.images:
        return tr("It refers to no image; nothing of it is drawn.")
    if open_images.isdisjoint(result.images):
        return tr("The image that it refers to is not open; nothing of it is drawn on any other.")
    if image is None:
        return tr("It refers to another image; nothing of it is drawn on this one.")
    return ""


def _content(result: ResultObject, image: Radiograph | None) -> str:
    content = result.content
    if isinstance(content, Report):
        shown = image.identity.sop_instance_uid if image is not None else ""
        lines = report_lines(content)
        # In the order of the report, but what only programs need stands behind what people read.
        ordered = [line for line in lines if not line.technical]
        technical = [Line(1, line.name, line.text) for line in lines if line.technical]
        if technical:
            ordered += [Line(0, tr("Technical"), ""), *technical]
        return "".join(_line(line, shown) for line in ordered)
    if isinstance(content, Segmentation):
        texts = [
            "; ".join(filter(None, (s.label, s.kind.cited if s.kind else "", s.description, s.made_by)))
            for s in content.segments
        ]
    else:
        texts = [line for part in content.annotations for note in part.notes for line in note.lines]
    return "".join(f'<p style="margin:2px 0">{html.escape(text)}</p>' for text in texts)


def _line(line: Line, shown: str) -> str:
    """One line of a report; the UID of the image beside it is said in words."""
    text = line.text.replace(f"image {shown}", tr("the image shown")) if shown else line.text
    style = f"margin:1px 0 1px {14 * line.depth}px"
    if not text:
        return f'<p style="{style}"><b>{html.escape(line.name)}</b></p>'
    name = _muted(f"{line.name}: ") if line.name else ""
    return f'<p style="{style}">{name}{html.escape(text)}</p>'
