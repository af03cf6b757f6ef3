"""One judge for all writers: read every report, compare it with the phantom and with the phantom's own report."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.report.vocabulary import DEVICES
from engine.text.extract import extract_findings
from engine.text.lexicon import Lexicon
from training.data.phantom.dataset import PhantomRecord
from training.data.phantom.types import DEVICES as NAMED_DEVICES
from training.data.phantom.types import OBSERVATIONS
from training.evaluation.baselines.written import WrittenReport, reference_report
from training.evaluation.bootstrap import Resampled, Resamples
from training.evaluation.matching import Comparison, Counts, stated_in, truth_of
from training.evaluation.report_metrics.agreement import JudgeAgreement, measure_agreement, read_pairs
from training.evaluation.report_metrics.labels import micro
from training.evaluation.report_metrics.measure import RESAMPLES, Measure, measures
from training.evaluation.report_metrics.pairs import ReportPair
from training.evaluation.report_metrics.radfact import GroundedPhrase, phrases_of

Name = tuple[str, str]
"""Family and name of a measure."""
Values = npt.NDArray[np.float64]

TRUTH = "Truth of the phantoms"
NAMES = (*(name for name in OBSERVATIONS if name != DEVICES), *NAMED_DEVICES)
"""What can be true of a phantom; anything else that is stated is wrong."""
REFERENCE = "the phantoms' own reports"
"""Read by the same judge, they show what it makes of reports without a fault."""
_PARTS = ("precision", "recall", "F1")


@dataclass(frozen=True, eq=False)
class JudgedSystem:
    """What the judge says of one writer.

    Attributes
    ----------
    values : dict
        Each measure with its resamples, which are the same for all writers.
    by_name : dict of str to Counts
        Stated rightly, wrongly and missed, by finding.
    boxed : bool
        Whether it says where its findings lie.
    sentences, cited : int
        Sentences, and those that name a feature they stand on.
    """

    values: dict[Name, Resampled]
    by_name: dict[str, Counts]
    boxed: bool
    sentences: int
    cited: int


@dataclass(frozen=True, eq=False)
class JudgedReports:
    """All writers, the first of which is the one in question.

    Attributes
    ----------
    agreement : JudgeAgreement
        Of the judge with people who labelled sentences.
    readback : JudgedSystem
        The phantoms' own reports, compared with the phantoms alone.
    """

    reports: int
    groups: int
    systems: dict[str, JudgedSystem]
    readback: JudgedSystem
    agreement: JudgeAgreement


def judge_reports(
    written: Mapping[str, Sequence[WrittenReport]],
    records: Sequence[PhantomRecord],
    lexicon: Lexicon,
    progress: Callable[[str, float], None],
    *,
    seed: int = 0,
) -> JudgedReports:
    """Measure the reports of every writer on the same phantoms with the same resamples.

    Parameters
    ----------
    written : mapping of str to sequence of WrittenReport
        One report a phantom, by writer.
    """
    groups = [record.group for record in records]
    drawn = Resamples(groups, seed, RESAMPLES)
    references = []
    for index, record in enumerate(records, start=1):
        references.append(reference_report(record))
        progress("reading the phantoms' reports", index / len(records))
    systems = {}
    for index, (title, reports) in enumerate(written.items(), start=1):
        pairs = [
            _pair(own, true, record, lexicon) for own, true, record in zip(reports, references, records, strict=True)
        ]
        systems[title] = _judged(reports, records, lexicon, drawn, measures(pairs, lexicon))
        progress("judging reports", index / len(written))
    return JudgedReports(
        reports=len(records),
        groups=len(set(groups)),
        systems=systems,
        readback=_judged(references, records, lexicon, drawn, iter(())),
        agreement=measure_agreement(read_pairs(), lexicon),
    )


def _pair(own: WrittenReport, true: WrittenReport, record: PhantomRecord, lexicon: Lexicon) -> ReportPair:
    return ReportPair(
        record.image_path.stem,
        record.group,
        own.text,
        true.text,
        _phrases(own, lexicon),
        _phrases(true, lexicon),
    )


def _phrases(report: WrittenReport, lexicon: Lexicon) -> tuple[GroundedPhrase, ...]:
    return tuple(
        replace(item, boxes=report.boxes_of(item.phrase.findings[0])) for item in phrases_of(report.text, lexicon)
    )


def _judged(
    reports: Sequence[WrittenReport],
    records: Sequence[PhantomRecord],
    lexicon: Lexicon,
    drawn: Resamples,
    others: Iterator[Measure],
) -> JudgedSystem:
    compared = [_comparison(report, record, lexicon) for report, record in zip(reports, records, strict=True)]
    by_name: dict[str, Counts] = {}
    for comparison in compared:
        for name, counts in comparison.by_name.items():
            by_name.setdefault(name, Counts()).add(counts)
    values = {
        (measure.family, measure.name): drawn.of(measure.rows, measure.statistic)
        for measure in (*_against_truth(compared), *others)
    }
    boxed = any(report.places is not None for report in reports)
    if not boxed:
        values = {name: value for name, value in values.items() if not name[1].startswith(("grounding", "spatial"))}
    return JudgedSystem(values, by_name, boxed, sum(r.sentences for r in reports), sum(r.cited for r in reports))


def _comparison(report: WrittenReport, record: PhantomRecord, lexicon: Lexicon) -> Comparison:
    comparison = Comparison()
    comparison.add(stated_in(extract_findings(report.text, lexicon)), truth_of(record.findings))
    return comparison


def _against_truth(compared: Sequence[Comparison]) -> Iterator[Measure]:
    """Yield what the findings of the texts are worth against what was drawn, whatever words a report chose for it."""
    rows = np.stack([_counts(comparison.by_name) for comparison in compared])
    sided = np.stack([_triple(comparison.with_side) for comparison in compared])
    for i, part in enumerate(_PARTS):
        yield Measure(TRUTH, f"finding {part}", rows, _part(micro, i))
        yield Measure(TRUTH, f"finding macro {part}", rows, _part(_macro, i))
        yield Measure(TRUTH, f"with side {part}", sided, _part(micro, i))


def _part(statistic: Callable[[Values], tuple[float, float, float]], i: int) -> Callable[[Values], float]:
    return lambda total: statistic(total)[i]


def _counts(by_name: Mapping[str, Counts]) -> Values:
    """Return hits, extras and misses of every name, and as one more those of all others; shape (3 · names,)."""
    columns = [_triple(by_name.get(name, Counts())) for name in NAMES]
    others = [_triple(counts) for name, counts in by_name.items() if name not in NAMES]
    return np.stack([*columns, np.sum(others, axis=0) if others else np.zeros(3)], axis=1).ravel()


def _triple(counts: Counts) -> Values:
    return np.array([counts.hits, counts.extra, counts.missed], dtype=np.float64)


def _macro(total: Values) -> tuple[float, float, float]:
    """Return the means over the findings that are true of some phantom; what is never stated has a precision of 0."""
    hits, extra, missed = total.reshape(3, -1)[:, : len(NAMES)]
    there = hits + missed > 0
    if not there.any():
        return float("nan"), float("nan"), float("nan")
    parts = ((hits, hits + extra), (hits, hits + missed), (2 * hits, 2 * hits + extra + missed))
    precision, recall, f1 = (
        float(np.divide(upper, lower, out=np.zeros_like(upper), where=lower > 0)[there].mean())
        for upper, lower in parts
    )
    return precision, recall, f1
