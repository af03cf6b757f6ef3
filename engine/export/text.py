"""The report as plain text."""

from __future__ import annotations

import textwrap
from pathlib import Path

from engine.dicom.radiograph import Radiograph
from engine.export.atomic import write_atomic
from engine.export.basis import basis_lines, indication_rows, other_conflicts
from engine.export.identity import (
    author_note,
    identity_rows,
    model_rows,
    one_line,
    origin_note,
    rewriting_rows,
    status_line,
)
from engine.inference.analysis import Analysis
from engine.report.conflicts import conflicts_of
from engine.report.draft import Draft, Sentence
from engine.report.wording import notices_of

WIDTH = 100


def report_text(radiograph: Radiograph, analysis: Analysis, draft: Draft) -> str:
    """Return header, sections, and under each sentence the features it stands on."""
    notices = notices_of(draft)
    lines = [status_line(draft), "=" * len(status_line(draft)), ""]
    head = [*identity_rows(radiograph), *model_rows(analysis), *rewriting_rows(draft)]
    lines += [f"{label + ':':<18}{value}" for label, value in head]
    lines += [f"{label + ':':<17} {value}" for label, value in indication_rows(draft, analysis)]
    begun = any(sentence.state == "confirmed" for sentence in draft.sentences())
    for section in draft.sections:
        sentences = [sentence for sentence in section.sentences if sentence.state != "removed"]
        lines += ["", section.title.upper()]
        lines += textwrap.wrap(notices.notice(section), WIDTH, initial_indent="  ", subsequent_indent="  ")
        for sentence in sentences:
            lines += textwrap.wrap(sentence.text, WIDTH, initial_indent="  ", subsequent_indent="  ")
            # While all of it is a draft its first line says so; once some is confirmed, the rest must be told apart.
            if begun and sentence.state == "unconfirmed":
                lines.append("      [not confirmed by a person]")
            lines += [f"      {line}" for line in evidence_lines(sentence, analysis)]
            lines += [f"      [{line}]" for line in basis_lines(sentence, analysis)]
            lines += [
                f"      [contradiction: {one_line(c.text)}]"
                for c in conflicts_of(section.name, sentence, draft.conflicts)
            ]
    if others := other_conflicts(draft):
        lines += ["", "CONTRADICTIONS OF FEATURES OF WHICH NO SENTENCE SPEAKS"]
        lines += [f"  {one_line(conflict.text)}" for conflict in others]
    return "\n".join([*lines, "", status_line(draft), ""])


def evidence_lines(sentence: Sentence, analysis: Analysis) -> list[str]:
    """Return one line a feature that a sentence stands on, or that a person wrote or edited it."""
    if note := author_note(sentence):
        return [f"[{note}]"]
    active = {feature.id: feature for feature in analysis.features}
    rewritten = origin_note(sentence)
    return [f"[{rewritten}]"] * bool(rewritten) + [
        f"[feature {ident}] {active[ident].description} (activation {active[ident].activation:.2f}, "
        f"percentile {active[ident].percentile:.0f}, label score {active[ident].label_score:.2f})"
        for ident in sentence.support
        if ident in active
    ]


def write_text(folder: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft) -> Path:
    """Write ``report.txt`` (UTF-8).

    Raises
    ------
    ExportError
        ``EXPORT_WRITE``.
    """
    return write_atomic(
        folder / "report.txt", report_text(radiograph, analysis, draft).encode("utf-8", errors="replace")
    )
