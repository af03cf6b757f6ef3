"""The report as PDF: identity, image, heat maps, sections, and a table of the evidence; the strip on every page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    Image,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from engine.dicom.radiograph import Radiograph
from engine.export.atomic import write_atomic
from engine.export.identity import (
    SOFTWARE,
    author_note,
    identity_rows,
    model_rows,
    one_line,
    status_line,
    strip_text,
)
from engine.export.pdf_page import FOOT, MARGIN, STRIP, paged_canvas
from engine.export.picture import Overlay, overlays_of, render
from engine.export.typeface import BOLD, REGULAR, markup, register
from engine.inference.analysis import Analysis
from engine.report.draft import Draft, DraftStatus
from engine.report.wording import load_wording

_PICTURE_HEIGHT = 100 * mm
_AI = colors.Color(0.36, 0.16, 0.55)
"""Colour of text that no person has confirmed."""


def write_pdf(folder: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft) -> Path:
    """Write ``report.pdf`` (A4).

    Raises
    ------
    ExportError
        ``EXPORT_WRITE``.
    """
    return write_atomic(folder / "report.pdf", report_pdf(radiograph, analysis, draft))


def report_pdf(radiograph: Radiograph, analysis: Analysis, draft: Draft) -> bytes:
    """Return the PDF document; its metadata name no patient."""
    register()
    stream = io.BytesIO()
    width, height = A4
    frame = Frame(MARGIN, FOOT + 4 * mm, width - 2 * MARGIN, height - FOOT - STRIP - 8 * mm, 0, 0, 0, 0)
    document = BaseDocTemplate(
        stream,
        pagesize=A4,
        title="Chest radiograph: AI-assisted report",
        author=SOFTWARE,
        subject=status_line(draft),
        creator=SOFTWARE,
        lang=draft.language,
    )
    document.addPageTemplates(PageTemplate(frames=[frame]))
    overlays = overlays_of(analysis, draft)
    story = [
        *_head(radiograph, analysis, draft),
        _pictures(radiograph, overlays, draft, width - 2 * MARGIN),
        *_sections(analysis, draft),
        *_evidence(analysis, draft),
    ]
    document.build(story, canvasmaker=paged_canvas(analysis, draft))
    return stream.getvalue()


def _style(name: str, **values: Any) -> ParagraphStyle:
    return ParagraphStyle(name, **({"fontName": REGULAR, "fontSize": 9, "leading": 12} | values))


_BODY = _style("body")
_SMALL = _style("small", fontSize=7, leading=9)
_TITLE = _style("title", fontName=BOLD, fontSize=14, leading=18)
_HEADING = _style("heading", fontName=BOLD, fontSize=10, leading=13, spaceBefore=7, spaceAfter=2)


def _head(radiograph: Radiograph, analysis: Analysis, draft: Draft) -> list[Flowable]:
    """Title, status, and the identity of patient, image and model in two columns."""
    rows = [*identity_rows(radiograph), *model_rows(analysis)]
    if draft.indication:
        rows.append((load_wording(draft.language).notices.indication, one_line(draft.indication)))
    cells = [Paragraph(f'<font name="{BOLD}">{markup(label)}</font>  {markup(value)}', _SMALL) for label, value in rows]
    half = (len(cells) + 1) // 2
    paired = [[cells[i], cells[half + i] if half + i < len(cells) else ""] for i in range(half)]
    table = Table(
        paired,
        colWidths=["50%", "50%"],
        style=TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4),
                ("TOPPADDING", (0, 0), (-1, -1), 0.5),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 0.5),
            ]
        ),
    )
    return [
        Paragraph("Chest radiograph", _TITLE),
        Paragraph(markup(status_line(draft)), _BODY),
        Spacer(1, 2 * mm),
        table,
        Spacer(1, 3 * mm),
    ]


def _pictures(radiograph: Radiograph, overlays: Sequence[Overlay], draft: Draft, width: float) -> Flowable:
    """The image as it is, and beside it the image with the maps of the present findings (if there are any)."""
    strip = strip_text(draft)
    pictures = [render(radiograph, [], strip)]
    if overlays:
        pictures.append(render(radiograph, overlays, strip))
    # One scale for both: the same place lies at the same height in each.
    scale = min((width / 2 - 2 * mm) / pictures[0].width, _PICTURE_HEIGHT / max(p.height for p in pictures))
    cells = []
    for picture in pictures:
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=90)
        stream.seek(0)
        cells.append(Image(stream, picture.width * scale, picture.height * scale))
    return Table(
        [cells],
        style=TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 2 * mm),
            ]
        ),
        hAlign="LEFT",
    )


def _sections(analysis: Analysis, draft: Draft) -> list[Flowable]:
    """The report; text that no person has confirmed is coloured, each sentence ends with its feature ids."""
    wording = load_wording(draft.language)
    story: list[Flowable] = []
    for section in draft.sections:
        story.append(Paragraph(markup(section.title), _HEADING))
        notice = wording.notice(section)
        if notice:
            story.append(Paragraph(markup(notice), _SMALL))
        for sentence in section.sentences:
            if sentence.state == "removed":
                continue
            colour = _AI.hexval()[2:] if sentence.state == "unconfirmed" else "000000"
            cited = author_note(sentence) or ", ".join(map(str, sentence.support))
            text = f'<font color="#{colour}">{markup(one_line(sentence.text))}</font>'
            story.append(Paragraph(f'{text} <font size="7" color="#555555">[{cited}]</font>', _BODY))
    if draft.status is DraftStatus.DRAFT:
        story += [
            Spacer(1, 2 * mm),
            Paragraph(
                "Coloured sentences were written by the program and confirmed by nobody. "
                "Numbers in brackets are the features a sentence stands on.",
                _SMALL,
            ),
        ]
    return story


def _evidence(analysis: Analysis, draft: Draft) -> list[Flowable]:
    """Table of the features that the sentences cite."""
    cited = {feature for sentence in draft.sentences() for feature in sentence.support}
    rows: list[list[Any]] = [["Feature", "Description", "Activation", "Percentile", "Label score"]]
    rows += [
        [
            str(f.id),
            Paragraph(markup(one_line(f.description)), _SMALL),
            f"{f.activation:.2f}",
            f"{f.percentile:.0f}",
            f"{f.label_score:.2f}",
        ]
        for f in analysis.features
        if f.id in cited
    ]
    if len(rows) == 1:
        return []
    table = Table(
        rows,
        colWidths=[18 * mm, 96 * mm, 22 * mm, 22 * mm, 22 * mm],
        repeatRows=1,
        hAlign="LEFT",
        style=TableStyle(
            [
                ("FONT", (0, 0), (-1, -1), REGULAR, 7),
                ("FONT", (0, 0), (-1, 0), BOLD, 7),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LINEBELOW", (0, 0), (-1, 0), 0.5, colors.black),
                ("LINEBELOW", (0, 1), (-1, -1), 0.25, colors.lightgrey),
                ("ALIGN", (2, 0), (-1, -1), "RIGHT"),
                ("TOPPADDING", (0, 0), (-1, -1), 1),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2),
            ]
        ),
    )
    note = (
        "Percentile: within the feature's own activations on the training images. Label score: balanced accuracy of "
        "the description on held-out reports (0.5 is chance)."
    )
    return [Paragraph("Evidence", _HEADING), table, Spacer(1, 1 * mm), Paragraph(note, _SMALL)]
