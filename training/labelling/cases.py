"""Images with what is known of them, and the attributes that may be true of an image."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.pack.manifest import Laterality, Polarity, Severity

Split = Literal["train", "val", "test"]
DEVICES = "Support Devices"
NORMAL = "No Finding"


@dataclass(frozen=True)
class Claim:
    """A finding that is present on an image."""

    observation: str
    laterality: Laterality = "none"
    location: str = ""
    severity: Severity = "none"


@dataclass(frozen=True)
class Case:
    """One image and what its report, label list or drawing says.

    Attributes
    ----------
    key : str
        ``source/name``; unique.
    group : str
        Images that must stay in one split (a patient, a phantom).
    claims : tuple of Claim
        What is present.
    known : frozenset of str
        Observations whose absence from `claims` means that they are absent; others are unknown.
    normal : bool or None
        Whether nothing but devices is present; None where that is not known.
    sided : bool
        Whether the claims tell sides, severities and locations; a plain label list does not. Of a claim that leaves one
        out it is unknown.
    text : str
        Report or label list that may ship with a pack; empty where it may not.
    """

    key: str
    source: str
    split: Split
    group: str
    claims: tuple[Claim, ...]
    known: frozenset[str]
    normal: bool | None
    sided: bool
    text: str


@dataclass(frozen=True, order=True)
class Attribute:
    """A statement that is true, false or unknown of an image; empty fields ask for nothing.

    ``polarity`` "absent" is the negation; "normal" states that nothing but devices is present.
    """

    observation: str
    polarity: Polarity = "present"
    laterality: Laterality = "none"
    location: str = ""
    severity: Severity = "none"

    def holds(self, case: Case) -> bool | None:
        """Return whether the statement is true of the case; None where the case cannot tell."""
        if self.polarity == "normal":
            return case.normal
        matching = [claim for claim in case.claims if claim.observation == self.observation]
        if self.polarity == "absent":
            wanted = [claim for claim in matching if self.location in ("", claim.location)]
            return not wanted if self.observation in case.known else None
        detailed = self.laterality != "none" or self.severity != "none" or bool(self.location)
        if (detailed and matching and not case.sided) or (not matching and self.observation not in case.known):
            return None
        fitting = [
            claim
            for claim in matching
            if self.location in ("", claim.location) and self.severity in ("none", claim.severity)
        ]
        there = _on_side(self.laterality, {claim.laterality for claim in fitting})
        return None if not there and any(self._left_open(claim) for claim in matching) else there

    def _left_open(self, claim: Claim) -> bool:
        """Whether a claim of the observation does not tell a detail that is asked for, and contradicts none."""
        asked = (
            (self.laterality, claim.laterality, "none"),
            (self.severity, claim.severity, "none"),
            (self.location, claim.location, ""),
        )
        details = [(wanted, told, nothing) for wanted, told, nothing in asked if wanted != nothing]
        return any(told == nothing for _, told, nothing in details) and all(
            told in (wanted, nothing) for wanted, told, nothing in details
        )


def _on_side(side: Laterality, found: set[Laterality]) -> bool:
    """Return whether claims on these sides fulfil a statement about a side."""
    if side == "none":
        return bool(found)
    if side == "bilateral":
        return "bilateral" in found or {"left", "right"} <= found
    return side in found or "bilateral" in found


def concept_attributes(cases: Sequence[Case], minimum: int) -> list[Attribute]:
    """Return the presence of each observation, and of each device by name, with at least `minimum` images."""
    counts: Counter[Attribute] = Counter()
    for case in cases:
        counts.update(
            {
                Attribute(claim.observation, location=claim.location if claim.observation == DEVICES else "")
                for claim in case.claims
            }
        )
    return sorted(attribute for attribute, count in counts.items() if count >= minimum and attribute.observation)


def refinements(concept: Attribute, cases: Sequence[Case], minimum: int) -> list[Attribute]:
    """Return one-step refinements of a concept: by side, by severity, by location.

    A detail that all images with the concept share goes without saying (an enlarged heart lies at the heart).
    """
    counts: Counter[Attribute] = Counter()
    members = 0
    for case in cases:
        if not case.sided:
            continue
        found: set[Attribute] = set()
        for claim in case.claims:
            if claim.observation != concept.observation:
                continue
            if concept.location and claim.location != concept.location:
                continue
            sides: tuple[Laterality, ...] = (claim.laterality,)
            if claim.laterality == "bilateral":
                sides = ("left", "right", "bilateral")
            found.update(replace(concept, laterality=side) for side in sides)
            found.add(replace(concept, severity=claim.severity))
            found.add(replace(concept, location=claim.location))
        counts.update(found - {concept})
        members += bool(found)
    return sorted(attribute for attribute, count in counts.items() if minimum <= count < members)


def truth_matrix(attributes: Sequence[Attribute], cases: Sequence[Case]) -> npt.NDArray[np.float32]:
    """Return (cases, attributes): 1 true, 0 false, NaN unknown."""
    table = np.full((len(cases), len(attributes)), np.nan, dtype=np.float32)
    for row, case in enumerate(cases):
        for column, attribute in enumerate(attributes):
            value = attribute.holds(case)
            if value is not None:
                table[row, column] = float(value)
    return table
