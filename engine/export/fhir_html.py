"""The report as HTML in a DiagnosticReport: a sentence links to the Observation that holds its region (IHE IMR)."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from engine.dicom.radiograph import Radiograph
from engine.export.basis import indication_rows
from engine.export.identity import (
    author_note,
    composing_rows,
    confirmation_rows,
    features_note,
    identity_rows,
    model_rows,
    one_line,
    state_note,
    status_line,
)
from engine.inference.analysis import Analysis
from engine.report.draft import Draft, Sentence
from engine.report.findings import Finding
from engine.report.phrases import Phrases, phrases_of
from engine.report.wording import notices_of


def report_html(radiograph: Radiograph, analysis: Analysis, draft: Draft, links: Mapping[Finding, str]) -> str:
    """Return a page without scripts, styles or outside resources, which a reader may show as it is.

    Parameters
    ----------
    links : mapping of Finding to str
        The ``fullUrl`` of the Observation of each finding, which the sentences that state it link to.
    """
    notices = notices_of(draft)
    status = f"<p><strong>{_text(status_line(draft))}</strong></p>"
    say = phrases_of(draft.language)
    rows = [*identity_rows(radiograph, draft.language), *model_rows(analysis, draft.language)]
    rows += [*composing_rows(draft), *confirmation_rows(draft), *indication_rows(draft, analysis)]
    parts = [status, "<table>", *(f"<tr><th>{_text(k)}</th><td>{_text(v)}</td></tr>" for k, v in rows), "</table>"]
    for section in draft.sections:
        parts.append(f"<h2>{_text(section.title)}</h2>")
        if notice := notices.notice(section):
            parts.append(f"<p><em>{_text(notice)}</em></p>")
        parts += [f"<p>{_sentence(s, links, say)}</p>" for s in section.sentences if s.state != "removed"]
    title = _text(status_line(draft))
    head = f'<head><meta charset="utf-8"/><title>{title}</title></head>'
    return (
        f'<!DOCTYPE html>\n<html lang="{_text(draft.language)}">{head}<body>{"".join([*parts, status])}</body></html>\n'
    )


def _sentence(sentence: Sentence, links: Mapping[Finding, str], say: Phrases) -> str:
    text = _text(sentence.text)
    targets = [links[claim] for claim in sentence.claims if claim in links]
    if targets:
        text = f'<a href="{targets[0]}">{text}</a>'
        text += "".join(f' <a href="{target}">[{number}]</a>' for number, target in enumerate(targets[1:], 2))
    basis = author_note(sentence, say) or features_note(sentence, say)
    return f"{text} <small>[{_text(basis)}; {_text(state_note(sentence, say))}]</small>"


def _text(value: str) -> str:
    return escape(one_line(value))
