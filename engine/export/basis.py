"""What a report says of its indication, and of what its statements stand on besides features."""

from __future__ import annotations

from collections.abc import Iterator

from engine.export.identity import one_line
from engine.inference.analysis import Analysis
from engine.report.conflicts import Conflict, conflicts_of
from engine.report.draft import Draft, Sentence
from engine.report.findings import Finding
from engine.report.readings import Readings
from engine.report.wording import load_wording, notices_of

_BASES = {
    "features": "features that say so",
    "calibrated_absence": "calibrated absence; the features speak of more than this",
}


def indication_rows(draft: Draft, analysis: Analysis) -> list[tuple[str, str]]:
    """Return the labelled indication with its source, and what it asks that the draft leaves open; none without one."""
    if not draft.indication:
        return []
    notices = notices_of(draft)
    source = notices.from_header if draft.indication_source == "header" else notices.typed
    rows = [(notices.indication, f"{one_line(draft.indication)} ({source})")]
    if draft.unanswered:
        names, readings = load_wording(draft.language).observations, Readings(analysis)
        open_ = [(names[name].name, readings.overall(name)) for name in draft.unanswered]
        rows.append(
            (notices.unanswered, ", ".join(f"{name} ({r.probability:.2f})" if r else name for name, r in open_))
        )
    return rows


def basis_lines(sentence: Sentence, analysis: Analysis) -> Iterator[str]:
    """Yield what each denial or normal statement of a sentence stands on, with its probability and limit."""
    for finding in sentence.claims:
        if finding.basis:
            yield f"basis: {_BASES[finding.basis]} ({_limit(finding, analysis)})"


def _limit(finding: Finding, analysis: Analysis) -> str:
    readings = Readings(analysis)
    placed = readings.placed(finding.observation, finding.location) if finding.section == "devices" else []
    readout = placed[0] if placed else readings.overall(finding.observation)
    said = f"probability of {finding.observation} {finding.probability:.2f}"
    if readout is None:
        return said
    if finding.polarity == "present":
        return f"{said}, stated from {readout.threshold:.2f}"
    return f"{said}, denied below {min(readout.absence_threshold, readout.threshold):.2f}"


def other_conflicts(draft: Draft) -> list[Conflict]:
    """Return the contradictions of which no sentence speaks: undecided ones, and those of removed or edited text."""
    told = {
        c
        for part in draft.sections
        for s in part.sentences
        if s.state != "removed"
        for c in conflicts_of(part.name, s, draft.conflicts)
    }
    return [conflict for conflict in draft.conflicts if conflict not in told]
