"""The PDF's table of evidence: under each sentence every feature that it cites."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reportlab.lib import colors
from reportlab.lib.units import mm
from reportlab.platypus import Flowable, Paragraph, Spacer, Table

from engine.export.basis import basis_lines, reading
from engine.export.identity import one_line
from engine.export.panels import Panel
from engine.export.pdf_style import HEADING, SMALL, small_table
from engine.export.typeface import BOLD, markup
from engine.inference.analysis import ActiveFeature, Analysis
from engine.report.conflicts import Conflict
from engine.report.draft import Draft, Sentence
from engine.report.phrases import Phrases, phrases_of

_NOTE = (
    "Percentile: within the feature's own activations on the training images. Label score: balanced accuracy of the "
    "description on held-out reports (0.5 is chance). A sentence whose features all stand above is not listed again, "
    "unless it is a denial."
)
_CONFLICT_NOTE = "Where active features contradict each other the reading of the higher probability is followed."
_STAR_NOTE = (
    "* not calibrated: the probability of the finding, divided by the activation of the features on either side."
)


def evidence_table(analysis: Analysis, draft: Draft, panels: Sequence[Panel]) -> list[Flowable]:
    """Return the table with heading and note; nothing when no sentence cites a feature."""
    active = {feature.id: feature for feature in analysis.features}
    numbers = {panel.sentence.key: panel.number for panel in panels}
    say = phrases_of(draft.language)
    head = [say("Feature"), say("Description"), say("Activation"), say("Percentile"), say("Label score")]
    rows: list[list[Any]] = [head]
    titles: list[int] = []
    listed: set[int] = set()
    for sentence in draft.sentences():
        bases = list(basis_lines(sentence, analysis, say))
        if listed.issuperset(sentence.support) and not bases:
            continue
        listed.update(sentence.support)
        titles.append(len(rows))
        rows.append([_title(sentence, numbers.get(sentence.key), bases, say)])
        known = sorted((i for i in sentence.support if i in active), key=lambda i: -active[i].activation)
        rows += [_row(active[ident]) for ident in known]
        # Nothing is passed over, not even what a draft should never cite.
        rows += [
            [str(i), say("not among the active features of this analysis")] for i in sentence.support if i not in active
        ]
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
        style=small_table(("ALIGN", (2, 0), (-1, -1), "RIGHT"), *spans, *shades, *keep),
    )
    return [Paragraph(say("Evidence"), HEADING), table, Spacer(1, 1 * mm), Paragraph(markup(say(_NOTE)), SMALL)]


def contradiction_table(draft: Draft) -> list[Flowable]:
    """Return the table of what active features said against each other; nothing where they did not."""
    if not draft.conflicts:
        return []
    say = phrases_of(draft.language)
    head = [
        say("Finding"),
        say("Taken"),
        say("Probability"),
        say("By features"),
        say("Lost"),
        say("Probability"),
        say("Of features"),
    ]
    rows: list[list[Any]] = [head, *(_conflict(conflict, say) for conflict in draft.conflicts)]
    table = Table(
        rows,
        colWidths=[34 * mm, 29 * mm, 19 * mm, 25 * mm, 29 * mm, 19 * mm, 25 * mm],
        repeatRows=1,
        hAlign="LEFT",
        style=small_table(),
    )
    notes = [say(_CONFLICT_NOTE)]
    if not all(conflict.calibrated for conflict in draft.conflicts):
        notes.append(say(_STAR_NOTE))
    return [
        Paragraph(say("Contradictions of features"), HEADING),
        table,
        Spacer(1, 1 * mm),
        Paragraph(markup(" ".join(notes)), SMALL),
    ]


def _conflict(conflict: Conflict, say: Phrases) -> list[Any]:
    star = "" if conflict.calibrated else "*"
    kept, lost = reading(conflict.kept, say), reading(conflict.lost, say)
    if conflict.kept == "undecided":
        kept, lost = say("present (undecided, not stated)"), say("absent (undecided, not stated)")
    kinds = {"polarity": say("polarity"), "side": say("side"), "severity": say("severity")}
    cells = [
        f"{say.observation(conflict.observation)}, {kinds[conflict.kind]}",
        kept,
        f"{conflict.kept_probability:.2f}{star}",
        ", ".join(map(str, conflict.kept_features)),
        lost,
        f"{conflict.lost_probability:.2f}{star}",
        ", ".join(map(str, conflict.lost_features)),
    ]
    return [Paragraph(markup(one_line(cell)), SMALL) for cell in cells]


def _title(sentence: Sentence, number: int | None, bases: Sequence[str], say: Phrases) -> Paragraph:
    panel = f" ({say('heat map {numbers}', numbers=number)})" if number is not None else ""
    said = "".join(f"<br/>{markup(basis)}" for basis in bases)
    return Paragraph(f'<font name="{BOLD}">{markup(one_line(sentence.text))}</font>{panel}{said}', SMALL)


def _row(feature: ActiveFeature) -> list[Any]:
    return [
        str(feature.id),
        Paragraph(markup(one_line(feature.description)), SMALL),
        f"{feature.activation:.2f}",
        f"{feature.percentile:.0f}",
        f"{feature.label_score:.2f}",
    ]
