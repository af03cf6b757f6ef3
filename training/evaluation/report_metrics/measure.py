"""All measures of a set of reports, each with its interval over resampled patients."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.pack.manifest import OBSERVATIONS
from engine.text.chexpert import FIVE, chexpert_labels
from engine.text.extract import extract_findings
from engine.text.lexicon import Lexicon
from training.evaluation.bootstrap import Interval, Resamples
from training.evaluation.report_metrics.bleu import bleu, bleu_counts
from training.evaluation.report_metrics.findings import finding_counts, graded_counts, graded_f1
from training.evaluation.report_metrics.labels import label_counts, macro, micro
from training.evaluation.report_metrics.meteor import meteor
from training.evaluation.report_metrics.pairs import ReportPair
from training.evaluation.report_metrics.radfact import OneWay, judge_one_way
from training.evaluation.report_metrics.rouge import rouge_l
from training.evaluation.report_metrics.words import words_of

RESAMPLES = 500

Values = npt.NDArray[np.float64]
Statistic = Callable[[Values], float]

_PARTS = ("precision", "recall", "F1")
RADFACT = "RadFact, judged by rules"


@dataclass(frozen=True, eq=False)
class Measure:
    """A number that follows from the sum of counts over reports.

    Attributes
    ----------
    rows : ndarray, shape (reports, counts)
    statistic : callable
        Takes the sum over reports, shape (counts,).
    """

    family: str
    name: str
    rows: Values
    statistic: Statistic


def measure_reports(
    pairs: Sequence[ReportPair], lexicon: Lexicon, *, seed: int = 0, resamples: int = RESAMPLES
) -> dict[str, dict[str, Interval]]:
    """Return every measure by family and name, with 95 % intervals over whole patients or reports."""
    drawn = Resamples([pair.group for pair in pairs], seed, resamples)
    measured: dict[str, dict[str, Interval]] = {}
    for measure in measures(pairs, lexicon):
        found = drawn.of(measure.rows, measure.statistic).interval()
        measured.setdefault(measure.family, {})[measure.name] = found
    return measured


def measures(pairs: Sequence[ReportPair], lexicon: Lexicon) -> Iterator[Measure]:
    """Yield every measure of some pairs, with its counts of each pair."""
    own = [extract_findings(pair.candidate, lexicon) for pair in pairs]
    true = [extract_findings(pair.reference, lexicon) for pair in pairs]
    labels = [(chexpert_labels(a, lexicon), chexpert_labels(b, lexicon)) for a, b in zip(own, true, strict=True)]
    for size, names in ((14, OBSERVATIONS), (5, FIVE)):
        rows = np.array([label_counts(a, b, names) for a, b in labels])
        for kind, statistic in (("micro", micro), ("macro", macro)):
            yield from _three(f"CheXpert labels, {size}", kind, rows, statistic)
    counts = [finding_counts(a, b, lexicon) for a, b in zip(own, true, strict=True)]
    for kind, title in (("observation", "findings"), ("side", "with side"), ("place", "with side and place")):
        yield from _three("Findings", title, np.array([count[kind] for count in counts]), micro)
    graded = np.array([graded_counts(a, b, lexicon) for a, b in zip(own, true, strict=True)])
    yield Measure("Findings", "graded F1", graded, graded_f1)
    yield from _judged(pairs, lexicon)
    yield from _words(pairs)


def _three(
    family: str, title: str, rows: Values, statistic: Callable[[Values], tuple[float, float, float]]
) -> Iterator[Measure]:
    for i, part in enumerate(_PARTS):
        yield Measure(family, f"{title} {part}", rows, _part(statistic, i))


def _part(statistic: Callable[[Values], tuple[float, float, float]], i: int) -> Statistic:
    return lambda total: statistic(total)[i]


def _judged(pairs: Sequence[ReportPair], lexicon: Lexicon) -> Iterator[Measure]:
    """Yield RadFact's measures, means over reports; those of boxes where there are any."""
    ways = {
        "precision": [judge_one_way(p.candidate_phrases, p.reference_phrases, lexicon) for p in pairs],
        "recall": [judge_one_way(p.reference_phrases, p.candidate_phrases, lexicon) for p in pairs],
    }
    boxed = any(way.boxed for way in (*ways["precision"], *ways["recall"]))
    kinds: dict[str, Callable[[OneWay], float]] = {"logical": lambda way: way.logical}
    if boxed:
        kinds |= {"grounding": lambda way: way.grounding, "spatial": lambda way: way.spatial}
    for kind, value in kinds.items():
        parts = [_mean(RADFACT, f"{kind} {part}", [value(way) for way in found]) for part, found in ways.items()]
        yield from parts
        yield Measure(RADFACT, f"{kind} F1", np.concatenate([part.rows for part in parts], axis=1), _harmonic)


def _harmonic(total: Values) -> float:
    """Return the harmonic mean of the means of precision and recall."""
    means = [float(total[i] / total[i + 1]) if total[i + 1] else float("nan") for i in (0, 2)]
    return 2 * means[0] * means[1] / sum(means) if sum(means) else 0.0 if sum(means) == 0 else float("nan")


def _words(pairs: Sequence[ReportPair]) -> Iterator[Measure]:
    words = [(words_of(pair.candidate), words_of(pair.reference)) for pair in pairs]
    rows = np.array([bleu_counts(a, b) for a, b in words])
    for n in range(1, 5):
        yield Measure("Words", f"BLEU-{n}", rows, _bleu(n))
    yield _mean("Words", "ROUGE-L", [rouge_l(a, b) for a, b in words])
    yield _mean("Words", "METEOR", [meteor(a, b) for a, b in words])


def _bleu(order: int) -> Statistic:
    return lambda total: bleu(total, order)


def _mean(family: str, name: str, values: Sequence[float]) -> Measure:
    """Return the mean over the reports of which there is a value."""
    array = np.array(values)
    there = ~np.isnan(array)
    rows = np.stack([np.where(there, array, 0.0), there], axis=1).astype(np.float64)
    return Measure(family, name, rows, lambda total: float(total[0] / total[1]) if total[1] else float("nan"))
