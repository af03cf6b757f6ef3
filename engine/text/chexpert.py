"""The fourteen labels of a report, as the CheXpert labeler gives them (Irvin et al. 2019)."""

from __future__ import annotations

from collections.abc import Iterable

from engine.pack.manifest import OBSERVATIONS
from engine.report.vocabulary import DEVICES, NO_FINDING
from engine.text.findings import TextFinding
from engine.text.lexicon import Lexicon, load_lexicon

PRESENT, ABSENT, UNCERTAIN = 1, 0, -1

FIVE: tuple[str, ...] = ("Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Pleural Effusion")
"""The five observations on which CheXpert's competition was judged."""

_VALUES = {"present": PRESENT, "absent": ABSENT, "uncertain": UNCERTAIN}
_BY_REGION = frozenset({"Cardiomegaly", "Enlarged Cardiomediastinum"})
_FAILURE = frozenset({"chf", "heart failure", "congestive heart failure"})


def chexpert_labels(findings: Iterable[TextFinding], lexicon: Lexicon | None = None) -> dict[str, int | None]:
    """Return the label of every observation: 1 present, 0 absent, -1 uncertain, None where nothing is said.

    Of several statements present outweighs uncertain, and uncertain absent. As in the labeler "clear lungs" labels
    nothing, a heart failure makes cardiomegaly uncertain, and "No Finding" is whatever report states and suspects
    nothing but devices.
    """
    words = lexicon or load_lexicon()
    harmless = {entry.name for entry in words.observation if entry.harmless} | {DEVICES, NO_FINDING}
    said: dict[str, set[int]] = {}
    healthy = True
    for finding in findings:
        value = _VALUES[finding.polarity]
        healthy &= value == ABSENT or finding.observation in harmless
        if finding.by_region and value == ABSENT and finding.observation not in _BY_REGION:
            continue
        said.setdefault(finding.observation, set()).add(value)
        if finding.phrase in _FAILURE and value != ABSENT:
            said.setdefault("Cardiomegaly", set()).add(UNCERTAIN)
    labels: dict[str, int | None] = {name: _outweighing(said.get(name, set())) for name in OBSERVATIONS}
    labels[NO_FINDING] = PRESENT if healthy else None
    return labels


def _outweighing(values: set[int]) -> int | None:
    return next((value for value in (PRESENT, UNCERTAIN, ABSENT) if value in values), None)
