"""What a language model is told of one feature: the statement that the statistics bear out, and what lies behind it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from training.labelling.cases import DEVICES, Case, Claim
from training.labelling.evidence import excerpt
from training.labelling.images import LabelImages
from training.labelling.label import FeatureLabel

MOST_FINDINGS, MOST_DETAILS = 6, 4
TEXT = 240
"""Characters of a report; all reports of a question take about 1,200 tokens."""


@dataclass(frozen=True)
class Tally:
    """How often something is found: on images that fire a feature, on near misses, and on all training images.

    Attributes
    ----------
    firing, of_firing : int
        Firing images that have it, and firing images of which it is known.
    near, of_near : int
        The same of the near misses.
    everywhere : float
        Share of all training images of which it is known.
    """

    name: str
    firing: int
    of_firing: int
    near: int
    of_near: int
    everywhere: float


@dataclass(frozen=True)
class FeatureEvidence:
    """Everything that stands behind one label.

    Attributes
    ----------
    label : FeatureLabel
        With the statement and its wording by templates.
    findings : tuple of Tally
        Observations on the firing images, the most over-represented first; the stated one among them.
    sides, severities, places : tuple of (str, int)
        Of the stated observation on the firing images, the most frequent first.
    firing_texts, near_texts : tuple of str
        Beginnings of what may be shown of reports, strongest images first.
    """

    label: FeatureLabel
    findings: tuple[Tally, ...]
    sides: tuple[tuple[str, int], ...]
    severities: tuple[tuple[str, int], ...]
    places: tuple[tuple[str, int], ...]
    firing_texts: tuple[str, ...]
    near_texts: tuple[str, ...]


class EvidenceSource:
    """Collects the evidence of features from the training images.

    Parameters
    ----------
    images : LabelImages
    """

    def __init__(self, images: LabelImages) -> None:
        self._cases = images.train_cases
        self._by_key = {case.key: case for case in self._cases}
        self._everywhere = _count(self._cases)

    def of(self, label: FeatureLabel, fires: Sequence[int]) -> FeatureEvidence:
        """Return the evidence of a label; `fires` are the training images on which its feature fires."""
        firing = [self._cases[row] for row in fires]
        near = [self._by_key[miss.image] for miss in label.near_misses]
        claims = [claim for case in firing for claim in case.claims if _is_stated(label, claim)]
        return FeatureEvidence(
            label=label,
            findings=self._findings(label, firing, near),
            sides=_frequent(claims, lambda claim: claim.laterality, "none"),
            severities=_frequent(claims, lambda claim: claim.severity, "none"),
            places=_frequent(claims, lambda claim: claim.location, "") if label.observation != DEVICES else (),
            firing_texts=_texts(self._by_key[witness.image] for witness in label.firing),
            near_texts=_texts(near),
        )

    def _findings(self, label: FeatureLabel, firing: Sequence[Case], near: Sequence[Case]) -> tuple[Tally, ...]:
        here = _count(firing)
        close = _count(near, here)
        tallies = []
        for name, (count, known) in here.items():
            there, of_all = self._everywhere[name]
            tallies.append(Tally(name, count, known, *close[name], there / of_all))
        tallies.sort(key=lambda tally: (tally.name != label.observation, -_excess(tally), tally.name))
        return tuple(tallies[:MOST_FINDINGS])


def _is_stated(label: FeatureLabel, claim: Claim) -> bool:
    device = label.observation == DEVICES and label.location != ""
    return claim.observation == label.observation and (not device or claim.location == label.location)


def _count(cases: Sequence[Case], names: Iterable[str] = ()) -> dict[str, tuple[int, int]]:
    """Return how many cases have an observation and of how many that is known, for each that some have and `names`."""
    present: Counter[str] = Counter()
    absent: Counter[str] = Counter()
    for case in cases:
        here = {claim.observation for claim in case.claims}
        present.update(here)
        absent.update(case.known - here)
    return {name: (present[name], present[name] + absent[name]) for name in {**present, **dict.fromkeys(names)}}


def _excess(tally: Tally) -> float:
    """Return by how much more often something is found where the feature fires."""
    return (tally.firing / tally.of_firing - tally.everywhere) if tally.of_firing else 0.0


def _frequent(claims: Sequence[Claim], value: Callable[[Claim], str], nothing: str) -> tuple[tuple[str, int], ...]:
    counts = Counter(found for claim in claims if (found := value(claim)) != nothing)
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:MOST_DETAILS])


def _texts(cases: Iterable[Case]) -> tuple[str, ...]:
    return tuple(excerpt(case.text, TEXT) for case in cases if case.text)
