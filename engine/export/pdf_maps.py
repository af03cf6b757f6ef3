"""Pictures of the PDF: the image as it is, and one panel a positive finding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, KeepTogether, Paragraph, Spacer, Table, TableStyle

from engine.dicom.radiograph import Radiograph
from engine.export.identity import one_line, strip_text
from engine.export.measured import draw_measurements
from engine.export.panels import Panel
from engine.export.pdf_style import CAPTION, HEADING, SMALL, picture
from engine.export.picture import grey_picture, ramp, render
from engine.export.typeface import BOLD, markup
from engine.inference.heat_scale import FULL_SCALE, THRESHOLD
from engine.measure.values import Reading
from engine.report.draft import Draft
from engine.report.phrases import Phrases, phrases_of

COLUMNS = 3
STRONGEST = 4
"""Ids named under a panel; all of them stand in the table of the evidence."""
_IMAGE_HEIGHT, _PANEL_HEIGHT, _GAP = 105 * mm, 76 * mm, 4 * mm
_PANEL_PIXELS = 640


def clean_image(radiograph: Radiograph, draft: Draft, width: float, measured: Sequence[Reading] = ()) -> Flowable:
    """The image as it is first shown, without any heat map, with what was measured on it."""
    grey = grey_picture(radiograph)
    rendered = render(radiograph, grey, None, strip_text(draft))
    return picture(draw_measurements(rendered, grey.shape[:2], radiograph, measured), width, _IMAGE_HEIGHT)


def panel_grid(radiograph: Radiograph, panels: Sequence[Panel], draft: Draft, width: float) -> list[Flowable]:
    """Panels in rows of three under the scale that holds for all of them; nothing when there are none."""
    if not panels:
        return []
    grey = grey_picture(radiograph, _PANEL_PIXELS, _PANEL_PIXELS)
    each = (width - (COLUMNS - 1) * _GAP) / COLUMNS
    cells = [_panel(radiograph, grey, panel, draft, each) for panel in panels]
    rows = [cells[start : start + COLUMNS] for start in range(0, len(cells), COLUMNS)]
    tables = [_row(row, each) for row in rows]
    say = phrases_of(draft.language)
    title = Paragraph(say("Heat maps of the positive findings"), HEADING)
    head = [title, _scale(width, panels, say), Spacer(1, 2 * mm)]
    return [KeepTogether([*head, tables[0]]), *tables[1:]]


def _panel(
    radiograph: Radiograph, grey: npt.NDArray[np.uint8], panel: Panel, draft: Draft, width: float
) -> list[Flowable]:
    """One finding: its picture, its sentence, and how many features and which ones lead."""
    shown: list[Flowable] = []
    if panel.heat is not None:
        shown = [picture(render(radiograph, grey, panel.heat, strip_text(draft)), width, _PANEL_HEIGHT)]
    text = f'<font name="{BOLD}">{panel.number}</font>  {markup(one_line(panel.sentence.text))}'
    return [
        *shown,
        Spacer(1, 1 * mm),
        Paragraph(text, CAPTION),
        Paragraph(_features(panel, phrases_of(draft.language)), SMALL),
    ]


def _features(panel: Panel, say: Phrases) -> str:
    count = len(panel.cited)
    if panel.heat is None:
        summed = say(", without a heat map")
    elif panel.mapped < count:
        summed = say(", {count} of them summed", count=panel.mapped)
    else:
        summed = say(" summed") if count > 1 else ""
    if panel.heat is not None and not panel.heat.is_drawn:
        summed += say(", nowhere strong enough to be drawn")
    lead = ", ".join(map(str, panel.cited[:STRONGEST]))
    named = say("; strongest {ids}", ids=lead) if count > STRONGEST else f": {lead}"
    return (say("{count} features", count=count) if count > 1 else say("1 feature")) + summed + named


def _row(cells: Sequence[list[Flowable]], width: float) -> Table:
    padded = [*cells, *([[]] * (COLUMNS - len(cells)))]
    return Table(
        [padded],
        colWidths=[width + _GAP] * (COLUMNS - 1) + [width],
        hAlign="LEFT",
        style=TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                # Captions end where their pictures do.
                ("RIGHTPADDING", (0, 0), (-2, -1), _GAP),
                ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 0),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 3 * mm),
            ]
        ),
    )


def _scale(width: float, panels: Sequence[Panel], say: Phrases) -> Table:
    """The one colour scale, what it means, and how the maps were made."""
    methods = ", ".join(dict.fromkeys(panel.heat.map.method for panel in panels if panel.heat is not None))
    note = say(
        "The colour begins at {low} and is full at {full} times the features' typical activation spread evenly over "
        "the image; the scale is the same in every report. A panel adds up the maps of all features that its sentence "
        "cites. It shows where the model read them, not how far a disease extends.",
        low=f"{THRESHOLD * FULL_SCALE:g}",
        full=f"{FULL_SCALE:g}",
    )
    note = markup(note + (" " + say("Method: {names}.", names=methods) if methods else ""))
    bar = 30 * mm
    return Table(
        [[picture(ramp(300, 30), bar, 3 * mm), Paragraph(note, SMALL)]],
        colWidths=[bar + 3 * mm, width - bar - 3 * mm],
        hAlign="LEFT",
        style=TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 0),
                ("TOPPADDING", (0, 0), (-1, -1), 1),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 0),
            ]
        ),
    )
