"""The PDF's table of evidence: under each sentence every feature that it cites."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reportlab.lib import colors
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, Spacer, Table, TableStyle

from engine.export.identity import one_line
from engine.export.panels import Panel
from engine.export.pdf_style import HEADING, SMALL
from engine.export.typeface import BOLD, REGULAR, markup
from engine.inference.analysis import ActiveFeature, Analysis
from engine.report.draft import Draft, Sentence

_NOTE = (
    "Percentile: within the feature's own activations on the training images. Label score: balanced accuracy of the "
    "description on held-out reports (0.5 is chance). A sentence whose features all stand above is not listed again."
)


def evidence_table(analysis: Analysis, draft: Draft, panels: Sequence[Panel]) -> list[Flowable]:
    """Return the table with heading and note; nothing when no sentence cites a feature."""
    active = {feature.id: feature for feature in analysis.features}
    numbers = {panel.sentence.key: panel.number for panel in panels}
    rows: list[list[Any]] = [["Feature", "Description", "Activation", "Percentile", "Label score"]]
    titles: list[int] = []
    listed: set[int] = set()
    for sentence in draft.sentences():
        if listed.issuperset(sentence.support):
            continue
        listed.update(sentence.support)
        titles.append(len(rows))
        rows.append([_title(sentence, numbers.get(sentence.key))])
        known = sorted((i for i in sentence.support if i in active), key=lambda i: -active[i].activation)
        rows += [_row(active[ident]) for ident in known]
        # Nothing is passed over, not even what a draft should never cite.
        rows += [[str(i), "not among this analysis' active features"] for i in sentence.support if i not in active]
    if not titles:
        return []
    spans = [("SPAN", (0, row), (-1, row)) for row in titles]
    shades = [("BACKGROUND", (0, row), (-1, row), colors.Color(0.94, 0.94, 0.94)) for row in titles]
    keep = [("NOSPLIT", (0, row), (-1, row + 1)) for row in titles]
    table = Table(
        [row + [""] * (len(rows[0]) - len(row)) for row in rows],
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
                *spans,
                *shades,
                *keep,
            ]
        ),
    )
    return [Paragraph("Evidence", HEADING), table, Spacer(1, 1 * mm), Paragraph(_NOTE, SMALL)]


def _title(sentence: Sentence, number: int | None) -> Paragraph:
    panel = f" (heat map {number})" if number is not None else ""
    return Paragraph(f'<font name="{BOLD}">{markup(one_line(sentence.text))}</font>{panel}', SMALL)


def _row(feature: ActiveFeature) -> list[Any]:
    return [
        str(feature.id),
        Paragraph(markup(one_line(feature.description)), SMALL),
        f"{feature.activation:.2f}",
        f"{feature.percentile:.0f}",
        f"{feature.label_score:.2f}",
    ]
