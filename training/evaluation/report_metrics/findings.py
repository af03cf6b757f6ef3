"""Precision, recall and F1 of the findings of reports: by observation, with the side, with the side and the place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np
import numpy.typing as npt

from engine.report.vocabulary import NO_FINDING, SIDES
from engine.text.findings import TextFinding
from engine.text.lexicon import Lexicon
from engine.text.similarity import compare_findings

Key = tuple[str, frozenset[str], frozenset[str]]


def finding_counts(
    candidate: Sequence[TextFinding], reference: Sequence[TextFinding], lexicon: Lexicon
) -> dict[str, npt.NDArray[np.float64]]:
    """Count one pair of reports in three ways; the counts of a corpus are their sums.

    Only what is stated or suspected counts. All findings of one observation in a report are one, with all their sides
    and places.

    Returns
    -------
    dict of str to ndarray, shape (3,)
        True positives, false positives and false negatives: "observation"; "side", where the sides must be the same as
        well; "place", where a common larger place is needed too, if the reference names one.
    """
    own, true = _merged(candidate, lexicon), _merged(reference, lexicon)
    fits: dict[str, Callable[[Key, Key], bool]] = {
        "observation": lambda a, b: True,
        "side": lambda a, b: a[1] == b[1],
        "place": lambda a, b: a[1] == b[1] and (not b[2] or bool(a[2] & b[2])),
    }
    counts = {}
    for name, fit in fits.items():
        hits = sum(key in own and fit(own[key], value) for key, value in true.items())
        counts[name] = np.array([hits, len(own) - hits, len(true) - hits], dtype=np.float64)
    return counts


def graded_counts(
    candidate: Sequence[TextFinding], reference: Sequence[TextFinding], lexicon: Lexicon
) -> npt.NDArray[np.float64]:
    """Return credit, findings of the candidate and of the reference: see `engine.text.similarity`."""
    found = compare_findings(candidate, reference, lexicon)
    return np.array([found.credit, found.candidate, found.reference], dtype=np.float64)


def graded_f1(counts: npt.NDArray[np.float64]) -> float:
    """Return the graded F1 of summed counts; NaN where neither side states anything."""
    credit, candidate, reference = counts
    return float(2 * credit / (candidate + reference)) if candidate + reference else float("nan")


def _merged(findings: Iterable[TextFinding], lexicon: Lexicon) -> dict[str, Key]:
    merged: dict[str, Key] = {}
    for finding in findings:
        if finding.polarity == "absent" or finding.observation == NO_FINDING:
            continue
        name, sides, places = merged.get(finding.observation, (finding.observation, frozenset(), frozenset()))
        larger = frozenset(lexicon.larger(place) for place in finding.locations)
        merged[name] = (name, sides | SIDES[finding.laterality], places | larger)
    return merged
