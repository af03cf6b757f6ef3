"""The measures of reports as a page, as lines and as one JSON object."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from training.evaluation.bootstrap import Interval
from training.evaluation.report_metrics.agreement import STATUSES, JudgeAgreement
from training.evaluation.report_metrics.official import Scores

Measured = Mapping[str, Mapping[str, Interval]]


@dataclass(frozen=True)
class Evaluation:
    """What was measured, on how many reports, how far the judge can be trusted, and what official packages say."""

    reports: int
    groups: int
    resamples: int
    measured: Measured
    agreement: JudgeAgreement
    lexicon: str
    command: str
    official: Mapping[str, Scores] = field(default_factory=dict)


def as_json(evaluation: Evaluation) -> dict[str, object]:
    """Return one object; null where there is nothing to measure."""
    agreement = evaluation.agreement
    return {
        "reports": evaluation.reports,
        "groups": evaluation.groups,
        "resamples": evaluation.resamples,
        "lexicon": evaluation.lexicon,
        "judge_agreement": {
            "sentences": agreement.sentences,
            "entailed": agreement.entailed,
            "kappa": agreement.kappa,
            "three_way": agreement.three_way,
        },
        "measures": {
            family: {name: _plain(found) for name, found in values.items()}
            for family, values in evaluation.measured.items()
        },
        "official": {name: dict(scores) for name, scores in evaluation.official.items()},
    }


def as_lines(evaluation: Evaluation) -> str:
    """Return the measures for a terminal."""
    lines = [
        f"{evaluation.reports} reports; 95 % intervals over {evaluation.resamples} resamples of {_groups(evaluation)}"
    ]
    for family, values in evaluation.measured.items():
        lines += ["", family, *(f"  {name:<32} {found}" for name, found in values.items())]
    for name, scores in evaluation.official.items():
        lines += ["", f"{name}, the official package", *(f"  {key:<32} {value:.3f}" for key, value in scores.items())]
    return "\n".join([*lines, "", f"{evaluation.agreement}"])


def as_markdown(evaluation: Evaluation) -> str:
    """Return the page."""
    lines = [
        "# Evaluation of reports",
        "",
        "Written by the command that measured it; do not edit by hand:",
        "",
        f"    {evaluation.command}",
        "",
        f"{evaluation.reports} reports; in brackets 95 % intervals over {evaluation.resamples} resamples of "
        f"{_groups(evaluation)}. Words of reports: {evaluation.lexicon}. What each measure means: "
        "docs/report-evaluation.md.",
    ]
    for family, values in evaluation.measured.items():
        lines += ["", f"## {family}", "", "| measure | value |", "| --- | --- |"]
        lines += [f"| {name} | {found} |" for name, found in values.items()]
    for name, scores in evaluation.official.items():
        lines += ["", f"## {name}, the official package", "", "| measure | value |", "| --- | --- |"]
        lines += [f"| {key} | {value:.3f} |" for key, value in scores.items()]
    lines += ["", "## The judge", "", f"On sentences that people labelled, {evaluation.agreement}."]
    lines += ["", "| human label | entailment | neutral | contradiction |", "| --- | --- | --- | --- |"]
    counts = evaluation.agreement.counts
    for human in STATUSES:
        lines.append(f"| {human} | {' | '.join(str(counts[human, own]) for own in STATUSES)} |")
    return "\n".join(lines) + "\n"


def _groups(evaluation: Evaluation) -> str:
    if evaluation.groups == evaluation.reports:
        return "reports"
    return f"the {evaluation.groups} patients"


def _plain(found: Interval) -> dict[str, float | None]:
    values = {"value": found.value, "low": found.low, "high": found.high}
    return {name: None if math.isnan(value) else value for name, value in values.items()}
