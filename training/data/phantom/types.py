"""What a phantom is: a drawn radiograph and everything that is true of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.pack.manifest import Laterality, Severity

Floats = NDArray[np.floating[Any]]
Bools = NDArray[np.bool_]
Side = Literal["right", "left"]
"""The patient's side; the patient's right is on the image's left."""
PhantomPolarity = Literal["present", "absent"]

DEVICES = ("pacemaker", "endotracheal tube", "central venous line", "nasogastric tube")
OBSERVATIONS = (
    "Cardiomegaly",
    "Pleural Effusion",
    "Pneumothorax",
    "Consolidation",
    "Lung Lesion",
    "Atelectasis",
    "Edema",
    "Support Devices",
)


@dataclass(frozen=True)
class PhantomFinding:
    """One finding drawn into a phantom.

    Attributes
    ----------
    observation : str
        One of `OBSERVATIONS` (CheXpert names).
    polarity : str
        "present" for everything that is drawn.
    laterality : str
        The patient's side: "left", "right", "bilateral" or "none".
    location : str
        For example "lower zone", "apex", "costophrenic angle"; a device's name for Support Devices.
    severity : str
        "small", "moderate", "large" or "none".
    device : str
        One of `DEVICES`, or empty.
    """

    observation: str
    polarity: PhantomPolarity = "present"
    laterality: Laterality = "none"
    location: str = ""
    severity: Severity = "none"
    device: str = ""

    @property
    def sides(self) -> tuple[Side, ...]:
        """The sides it lies on; empty when it has none."""
        if self.laterality == "bilateral":
            return ("right", "left")
        return () if self.laterality == "none" else (self.laterality,)


@dataclass(frozen=True)
class Phantom:
    """A drawn radiograph with its truth.

    Attributes
    ----------
    image : uint8 [S, S] (uint16 with 12 bits when asked for)
        Displayed brightness; the patient's right on the image's left.
    findings : tuple of PhantomFinding
        What is present.
    masks : tuple of bool [S, S]
        Where each finding is visible, parallel to `findings`.
    lungs, heart : bool [S, S]
        Aerated lung fields without the heart's shadow, and the heart's silhouette.
    report : str
        "FINDINGS: … IMPRESSION: …".
    background : str
        "procedural", or the file name of the real radiograph drawn upon.
    """

    image: NDArray[np.uint8] | NDArray[np.uint16]
    findings: tuple[PhantomFinding, ...]
    masks: tuple[Bools, ...]
    lungs: Bools
    heart: Bools
    report: str
    view: str
    background: str
    seed: int
