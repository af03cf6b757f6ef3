"""Compile an analysis into a draft report by rules; every sentence names the features it stands on (design §3)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from engine.errors import DraftError
from engine.inference.analysis import Analysis
from engine.report.contradictions import contradictions
from engine.report.draft import Draft, IndicationSource, ReportSection, Sentence
from engine.report.findings import Finding
from engine.report.negatives import absent_findings, no_finding
from engine.report.positives import present_findings
from engine.report.questions import asked_about
from engine.report.readings import Readings
from engine.report.relevance import relevant
from engine.report.style import load_style
from engine.report.vocabulary import DEVICES
from engine.report.wording import Wording


def compose(
    analysis: Analysis,
    *,
    indication: str = "",
    source: IndicationSource = "header",
    language: str | None = None,
    own_style: Path | None = None,
) -> Draft:
    """Compose the draft report of one analysis.

    A finding is stated when its calibrated probability reaches its threshold and an active, reportable feature says
    so; its absence when the probability is below the absence threshold and a feature says that. Nothing is compared
    with earlier images, since the model sees one. Where active features contradict each other the probability decides,
    and the draft keeps what lost.

    Parameters
    ----------
    indication : str
        Clinical question, kept as given. It influences no finding; it decides which negatives are worth a sentence
        (`engine.report.questions`), all of them where it asks nothing known.
    source : {"header", "typed"}
        Where the indication comes from.
    language : str, optional
        Two letters; None takes that of the own style, English without one.
    own_style : Path, optional
        File or folder that changes the shipped words (`engine.report.style`).

    Raises
    ------
    DraftError
        ``REFUSED`` for a refused analysis; ``WORDING_LANGUAGE``, ``WORDING_INVALID`` or ``STYLE_...`` from the
        words.
    """
    if analysis.gate.verdict == "refused":
        raise DraftError(
            "REFUSED",
            f"no draft is made of a refused image ({analysis.gate.code}: {analysis.gate.message})",
            "use a frontal chest radiograph of an adult",
        )
    style = load_style(language, own_style)
    wording = style.wording
    asked = asked_about(indication, style.questions)
    readings = Readings(analysis)
    present = present_findings(readings)
    absent = absent_findings(readings, present, asked)
    present.sort(key=lambda finding: (wording.rank(finding.observation), -finding.probability))
    normal = no_finding(readings, present, absent)
    stated = relevant(absent, asked)
    sentences: list[tuple[str, Sentence]] = [
        (f.section, _sentence(f.section, wording.sentence(f), [f])) for f in [*present, *stated]
    ]
    sentences += [("impression", sentence) for sentence in _impression(wording, present, normal)]
    left_out: Counter[str] = Counter(finding.section for finding in absent if finding not in stated)
    return Draft(
        sop_instance_uid=analysis.sop_instance_uid,
        pixel_sha256=analysis.pixel_sha256,
        pack_name=analysis.pack_name,
        pack_version=analysis.pack_version,
        pack_sha256=analysis.pack_sha256,
        sections=_sections(wording, sentences, left_out),
        indication=indication.strip(),
        indication_source=source,
        language=wording.language,
        asked=asked,
        conflicts=contradictions(readings, present, absent),
        notices=wording.notices,
    )


def _impression(wording: Wording, present: Sequence[Finding], normal: Finding | None) -> list[Sentence]:
    """Summarise what is present, most important first, all devices in one line; or say that nothing was found."""
    if normal is not None:
        return [_sentence("impression", wording.impression.normal, [normal])]
    lines = [_sentence("impression", wording.summary(f), [f]) for f in present if f.observation != DEVICES]
    devices = [finding for finding in present if finding.observation == DEVICES]
    if devices:
        lines.append(_sentence("impression", wording.device_summary(devices), devices))
    return lines


def _sentence(section: str, text: str, findings: Sequence[Finding]) -> Sentence:
    evidence = tuple(dict.fromkeys(feature for finding in findings for feature in finding.evidence))
    first = findings[0]
    device = first.location if section == "devices" else ""
    key = "-".join(filter(None, (section, _slug(first.observation), _slug(device), first.polarity)))
    return Sentence(key=key, text=text, findings=tuple(findings), evidence=evidence, ai_text=text)


def _sections(
    wording: Wording, sentences: Iterable[tuple[str, Sentence]], left_out: Mapping[str, int]
) -> tuple[ReportSection, ...]:
    """Sort sentences into sections; the same text twice becomes one sentence with the evidence of both."""
    merged: dict[str, tuple[str, Sentence]] = {}
    for section, sentence in sentences:
        text = sentence.text.casefold()
        if text not in merged:
            merged[text] = section, sentence
            continue
        place, first = merged[text]
        evidence = tuple(dict.fromkeys(first.evidence + sentence.evidence))
        merged[text] = place, replace(first, findings=first.findings + sentence.findings, evidence=evidence)
    keys: dict[str, int] = {}
    placed: dict[str, list[Sentence]] = {name: [] for name in wording.section_order}
    for section, sentence in merged.values():
        count = keys[sentence.key] = keys.get(sentence.key, 0) + 1
        placed[section].append(sentence if count == 1 else replace(sentence, key=f"{sentence.key}-{count}"))
    return tuple(
        ReportSection(name, wording.sections[name], tuple(placed[name]), left_out.get(name, 0))
        for name in wording.section_order
        if placed[name] or name != "other"
    )


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
