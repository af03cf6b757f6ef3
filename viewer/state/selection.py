"""What is selected: a feature or a sentence, and what that marks on the other side."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from engine.inference.analysis import Analysis
from engine.report.draft import Draft, Sentence


@dataclass(frozen=True)
class Selection:
    """Selected features and sentence.

    Attributes
    ----------
    features : tuple of int
        Features chosen in the panel: one, or all of a group.
    sentence_key : str or None
        Sentence chosen in the draft; at most one of the two is set.
    """

    features: tuple[int, ...] = ()
    sentence_key: str | None = None


NOTHING = Selection()


def is_positive(sentence: Sentence) -> bool:
    """Whether a sentence states that something is present: only those carry a map."""
    return any(finding.has_place for finding in sentence.claims)


def maps_of(sentence: Sentence, analysis: Analysis) -> tuple[int, ...]:
    """Features whose maps belong to a sentence: those behind its positive findings that have a map."""
    wanted: list[int] = []
    for finding in sentence.claims:
        if finding.has_place:
            wanted += [i for i in finding.evidence if i in analysis.maps and i not in wanted]
    return tuple(wanted)


def sentences_of(features: Collection[int], draft: Draft) -> tuple[str, ...]:
    """Keys of the sentences that stand on one of some features, in reading order."""
    return tuple(s.key for s in draft.sentences() if any(i in features for i in s.support))
