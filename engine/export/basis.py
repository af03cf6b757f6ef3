"""What a report says of its indication, and of what its statements stand on besides features."""

from __future__ import annotations

from collections.abc import Iterator

from engine.export.identity import one_line
from engine.inference.analysis import Analysis
from engine.report.conflicts import Conflict, conflicts_of
from engine.report.draft import Draft, Sentence
from engine.report.findings import Finding
from engine.report.phrases import Phrases
from engine.report.readings import Readings
from engine.report.wording import load_wording, notices_of


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


def basis_lines(sentence: Sentence, analysis: Analysis, say: Phrases) -> Iterator[str]:
    """Yield what each denial or normal statement of a sentence stands on, with its probability and limit."""
    bases = {
        "features": say("features that say so"),
        "calibrated_absence": say("calibrated absence; the features speak of more than this"),
    }
    for finding in sentence.claims:
        if finding.basis:
            yield say("basis: {what} ({limit})", what=bases[finding.basis], limit=_limit(finding, analysis, say))


def _limit(finding: Finding, analysis: Analysis, say: Phrases) -> str:
    readings = Readings(analysis)
    placed = readings.placed(finding.observation, finding.location) if finding.section == "devices" else []
    readout = placed[0] if placed else readings.overall(finding.observation)
    name = say.observation(finding.observation)
    said = say("probability of {name} {p}", name=name, p=f"{finding.probability:.2f}")
    if readout is None:
        return said
    if finding.polarity == "present":
        return f"{said}, " + say("stated from {limit}", limit=f"{readout.threshold:.2f}")
    return f"{said}, " + say("denied below {limit}", limit=f"{min(readout.absence_threshold, readout.threshold):.2f}")


def conflict_line(conflict: Conflict, say: Phrases) -> str:
    """Return what was taken, what lost, and both probabilities in one line."""
    values = {
        "name": say.observation(conflict.observation),
        "kept": reading(conflict.kept, say),
        "p": f"{conflict.kept_probability:.2f}",
        "own": ", ".join(map(str, conflict.kept_features)),
        "lost": reading(conflict.lost, say),
        "q": f"{conflict.lost_probability:.2f}",
        "ids": ", ".join(map(str, conflict.lost_features)),
    }
    if conflict.kept == "undecided":
        text = "{name}: undecided, nothing is stated: present {p} (feature {own}) against absent {q} (feature {ids})"
        line = say(text, **values)
    else:
        line = say("{name}: {kept} {p} outweighs {lost} {q} (feature {ids})", **values)
        line += "" if conflict.calibrated else ", " + say("shared by activation")
    return one_line(line)


def reading(name: str, say: Phrases) -> str:
    """Return one side of a contradiction in words: a polarity, a side or a severity."""
    words = {
        "present": say("present"),
        "absent": say("absent"),
        "left": say("left"),
        "right": say("right"),
        "bilateral": say("bilateral"),
        "small": say("small"),
        "moderate": say("moderate"),
        "large": say("large"),
        "none": say("none"),
    }
    return words.get(name, name)


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
