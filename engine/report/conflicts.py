"""Where active features contradict each other: what was taken, what lost, and both probabilities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from engine.report.draft import Sentence

ConflictKind = Literal["polarity", "side", "severity"]


@dataclass(frozen=True)
class Conflict:
    """Two readings of one observation that cannot both be true.

    Attributes
    ----------
    kept, lost : str
        For polarity "present", "absent" or "undecided" (neither is stated); for a side "left" or "right"; for a
        severity its name, or "none" where none is named.
    kept_probability, lost_probability : float
        Calibrated where the pack has a readout: of presence p, of absence 1 - p, of a side that of its readout. Where
        it has none, as for severities, the probability of the observation divided by the activation of the features on
        either reading, which is said by `calibrated`.
    kept_features, lost_features : tuple of int
        Active features that say so.
    """

    kind: ConflictKind
    observation: str
    kept: str
    lost: str
    kept_probability: float
    lost_probability: float
    kept_features: tuple[int, ...]
    lost_features: tuple[int, ...]
    calibrated: bool = True


def conflicts_of(section: str, sentence: Sentence, conflicts: Sequence[Conflict]) -> list[Conflict]:
    """Return the contradictions about what a sentence claims; the impression repeats none."""
    named = {finding.observation for finding in sentence.claims}
    return [conflict for conflict in conflicts if section != "impression" and conflict.observation in named]
