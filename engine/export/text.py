"""The report as plain text."""

from __future__ import annotations

import textwrap
from pathlib import Path

from engine.dicom.radiograph import Radiograph
from engine.export.atomic import write_atomic
from engine.export.basis import basis_lines, conflict_line, indication_rows, other_conflicts
from engine.export.identity import (
    author_note,
    composing_rows,
    confirmation_rows,
    identity_rows,
    model_rows,
    origin_note,
    rewriting_rows,
    status_line,
)
from engine.inference.analysis import ActiveFeature, Analysis
from engine.report.conflicts import conflicts_of
from engine.report.draft import Draft, Sentence
from engine.report.phrases import Phrases, phrases_of
from engine.report.wording import notices_of

WIDTH = 100


def report_text(radiograph: Radiograph, analysis: Analysis, draft: Draft) -> str:
    """Return header, sections, and under each sentence the features it stands on."""
    notices, say = notices_of(draft), phrases_of(draft.language)
    lines = [status_line(draft), "=" * len(status_line(draft)), ""]
    head = [*identity_rows(radiograph, draft.language), *model_rows(analysis, draft.language), *rewriting_rows(draft)]
    head += [*composing_rows(draft), *confirmation_rows(draft)]
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
                lines.append(f"      [{say('not confirmed by a person')}]")
            lines += [f"      {line}" for line in evidence_lines(sentence, analysis, say)]
            lines += [f"      [{line}]" for line in basis_lines(sentence, analysis, say)]
            lines += [
                f"      [{say('contradiction: {text}', text=conflict_line(c, say))}]"
                for c in conflicts_of(section.name, sentence, draft.conflicts)
            ]
    if others := other_conflicts(draft):
        lines += ["", say("CONTRADICTIONS OF FEATURES OF WHICH NO SENTENCE SPEAKS")]
        lines += [f"  {conflict_line(conflict, say)}" for conflict in others]
    return "\n".join([*lines, "", status_line(draft), ""])


def evidence_lines(sentence: Sentence, analysis: Analysis, say: Phrases) -> list[str]:
    """Return one line a feature that a sentence stands on, or that a person wrote or edited it."""
    if note := author_note(sentence, say):
        return [f"[{note}]"]
    active = {feature.id: feature for feature in analysis.features}
    rewritten = origin_note(sentence, say)
    return [f"[{rewritten}]"] * bool(rewritten) + [
        _feature_line(active[ident], say) for ident in sentence.support if ident in active
    ]


def _feature_line(feature: ActiveFeature, say: Phrases) -> str:
    return say(
        "[feature {id}] {description} (activation {activation}, percentile {percentile}, label score {score})",
        id=feature.id,
        description=feature.description,
        activation=f"{feature.activation:.2f}",
        percentile=f"{feature.percentile:.0f}",
        score=f"{feature.label_score:.2f}",
    )


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
