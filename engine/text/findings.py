"""A finding as a report states it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from engine.pack.manifest import Laterality, Severity

TextPolarity = Literal["present", "absent", "uncertain"]


@dataclass(frozen=True)
class TextFinding:
    """What one sentence says of one observation.

    Attributes
    ----------
    observation : str
        One of the 14 CheXpert names, or an open name of ``resources/text``.
    laterality : {"left", "right", "bilateral", "none"}
        The patient's side, as stated; "none" where no side is.
    locations : tuple of str
        Canonical places, sorted ("base", "upper zone"); the device's name for Support Devices, where it is known.
    severity : {"small", "moderate", "large", "none"}
        Of an absent finding what alone is denied: "no large effusion".
    by_region : bool
        Whether it follows from what is said of a region ("the lungs are clear") instead of naming the observation.
    past : bool
        Whether it is told of the past: labelled as denied, as the CheXpert labeler does, it says nothing of this image.
    sentence : int
        Number of the sentence, from 0.
    phrase : str
        The words that name it, in lower case.
    """

    observation: str
    polarity: TextPolarity
    laterality: Laterality = "none"
    locations: tuple[str, ...] = ()
    severity: Severity = "none"
    by_region: bool = False
    past: bool = False
    sentence: int = 0
    phrase: str = ""
