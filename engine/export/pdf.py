"""The report as PDF: identity, the image as it is, sections, heat maps, evidence; the strip on every page."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate, Paragraph, Spacer, Table, TableStyle

from engine.dicom.radiograph import Radiograph
from engine.export.atomic import write_atomic
from engine.export.basis import indication_rows
from engine.export.identity import (
    SOFTWARE,
    author_note,
    composing_rows,
    confirmation_rows,
    identity_rows,
    model_rows,
    one_line,
    origin_note,
    rewriting_rows,
    status_line,
)
from engine.export.measured import measurement_list
from engine.export.panels import Panel, panel_of_finding, panels_of
from engine.export.pdf_audit import audit_table
from engine.export.pdf_evidence import contradiction_table, evidence_table
from engine.export.pdf_maps import clean_image, panel_grid
from engine.export.pdf_page import FOOT, MARGIN, STRIP, paged_canvas
from engine.export.pdf_style import AI, BODY, HEADING, SMALL, TITLE
from engine.export.typeface import BOLD, markup, register
from engine.inference.analysis import Analysis
from engine.measure.values import Reading
from engine.report.draft import Draft, DraftStatus, Sentence
from engine.report.findings import Finding
from engine.report.phrases import Phrases, phrases_of
from engine.report.wording import notices_of


def write_pdf(
    folder: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft, measured: Sequence[Reading] = ()
) -> Path:
    """Write ``report.pdf`` (A4).

    Raises
    ------
    ExportError
        ``EXPORT_WRITE``.
    """
    return write_atomic(folder / "report.pdf", report_pdf(radiograph, analysis, draft, measured))


def report_pdf(radiograph: Radiograph, analysis: Analysis, draft: Draft, measured: Sequence[Reading] = ()) -> bytes:
    """Return the PDF document; its metadata name no patient."""
    register()
    stream = io.BytesIO()
    width, height = A4
    frame = Frame(MARGIN, FOOT + 4 * mm, width - 2 * MARGIN, height - FOOT - STRIP - 8 * mm, 0, 0, 0, 0)
    document = BaseDocTemplate(
        stream,
        pagesize=A4,
        title=phrases_of(draft.language)("Chest radiograph: AI-assisted report"),
        author=SOFTWARE,
        subject=status_line(draft),
        creator=SOFTWARE,
        lang=draft.language,
    )
    document.addPageTemplates(PageTemplate(frames=[frame]))
    panels = panels_of(analysis, draft)
    story = [
        *_head(radiograph, analysis, draft),
        clean_image(radiograph, draft, width - 2 * MARGIN, measured),
        *measurement_list(measured),
        *_sections(draft, panels),
        *panel_grid(radiograph, panels, draft, width - 2 * MARGIN),
        *evidence_table(analysis, draft, panels),
        *contradiction_table(draft),
        *audit_table(draft),
    ]
    document.build(story, canvasmaker=paged_canvas(analysis, draft))
    return stream.getvalue()


def _head(radiograph: Radiograph, analysis: Analysis, draft: Draft) -> list[Flowable]:
    """Title, status, and the identity of patient, image and model in two columns."""
    rows = [
        *identity_rows(radiograph, draft.language),
        *model_rows(analysis, draft.language),
        *rewriting_rows(draft),
        *composing_rows(draft),
        *confirmation_rows(draft),
        *indication_rows(draft, analysis),
    ]
    cells = [Paragraph(f'<font name="{BOLD}">{markup(label)}</font>  {markup(value)}', SMALL) for label, value in rows]
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
        Paragraph(markup(phrases_of(draft.language)("Chest radiograph")), TITLE),
        Paragraph(markup(status_line(draft)), BODY),
        Spacer(1, 2 * mm),
        table,
        Spacer(1, 3 * mm),
    ]


def _sections(draft: Draft, panels: Sequence[Panel]) -> list[Flowable]:
    """The report; text that no person has confirmed is coloured, each sentence ends with its map and feature ids."""
    notices, say = notices_of(draft), phrases_of(draft.language)
    numbers = panel_of_finding(panels)
    story: list[Flowable] = []
    for section in draft.sections:
        story.append(Paragraph(markup(section.title), HEADING))
        notice = notices.notice(section)
        if notice:
            story.append(Paragraph(markup(notice), SMALL))
        for sentence in section.sentences:
            if sentence.state == "removed":
                continue
            colour = AI.hexval()[2:] if sentence.state == "unconfirmed" else "000000"
            text = f'<font color="#{colour}">{markup(one_line(sentence.text))}</font>'
            story.append(
                Paragraph(
                    f'{text} <font size="7" color="#555555">[{markup(_basis(sentence, numbers, say))}]</font>', BODY
                )
            )
    if draft.status is DraftStatus.DRAFT:
        story += [
            Spacer(1, 2 * mm),
            Paragraph(
                markup(
                    say(
                        "Coloured sentences were written by the program and confirmed by nobody. "
                        "Numbers in brackets are the features a sentence stands on, and the heat map that shows them."
                    )
                ),
                SMALL,
            ),
        ]
    return story


def _basis(sentence: Sentence, numbers: dict[Finding, int], say: Phrases) -> str:
    """What a sentence stands on: its features and the panels that show them, or that a person wrote it."""
    if note := author_note(sentence, say):
        return note
    shown = dict.fromkeys(numbers[finding] for finding in sentence.claims if finding in numbers)
    maps = "; " + say("heat map {numbers}", numbers=", ".join(map(str, shown))) if shown else ""
    rewritten = "".join(f"; {note}" for note in filter(None, [origin_note(sentence, say)]))
    return ", ".join(map(str, sentence.support)) + maps + rewritten
