"""What is selected: a feature or a sentence, and what that marks on the other side."""

from __future__ import annotations

from dataclasses import dataclass

from engine.inference.analysis import Analysis
from engine.report.draft import Draft, Sentence


@dataclass(frozen=True)
class Selection:
    """Selected features and sentence.

    Attributes
    ----------
    feature_id : int or None
        Feature chosen in the panel.
    sentence_key : str or None
        Sentence chosen in the draft; at most one of the two is set.
    """

    feature_id: int | None = None
    sentence_key: str | None = None


NOTHING = Selection()


def is_positive(sentence: Sentence) -> bool:
    """Whether a sentence states that something is present: only those carry a map."""
    return any(finding.has_place for finding in sentence.findings)


def maps_of(sentence: Sentence, analysis: Analysis) -> tuple[int, ...]:
    """Features whose maps belong to a sentence: those behind its positive findings that have a map."""
    wanted: list[int] = []
    for finding in sentence.findings:
        if finding.has_place:
            wanted += [i for i in finding.evidence if i in analysis.maps and i not in wanted]
    return tuple(wanted)


def sentences_of(feature_id: int, draft: Draft) -> tuple[str, ...]:
    """Keys of the sentences that stand on a feature, in reading order."""
    return tuple(s.key for s in draft.sentences() if feature_id in s.evidence)
