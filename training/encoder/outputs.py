"""What the class token is taught to say: observations and, under each, side, location, severity and device."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.pack.manifest import OBSERVATIONS

NO_FINDING = "No Finding"
VIEWS = ("view|AP", "view|PA", "view|L")

NIH_OBSERVATIONS: dict[str, tuple[str, ...]] = {
    "Effusion": ("Pleural Effusion",),
    "Infiltration": ("Lung Opacity",),
    "Mass": ("Lung Lesion",),
    "Nodule": ("Lung Lesion",),
    "Pneumonia": ("Pneumonia", "Lung Opacity"),
    "Consolidation": ("Consolidation", "Lung Opacity"),
    "Edema": ("Edema", "Lung Opacity"),
    "Atelectasis": ("Atelectasis",),
    "Cardiomegaly": ("Cardiomegaly",),
    "Pneumothorax": ("Pneumothorax",),
    "Pleural_Thickening": ("Pleural Other",),
    "Emphysema": (),
    "Fibrosis": (),
    "Hernia": (),
}
"""NIH ChestX-ray14 labels (Wang et al., CVPR 2017) as CheXpert observations."""

NIH_SILENT = ("Enlarged Cardiomediastinum", "Fracture", "Support Devices")
"""Observations that NIH does not label: unknown, not absent."""


@dataclass(frozen=True)
class FindingTruth:
    """One finding of an image whose truth is known.

    Attributes
    ----------
    observation : str
        CheXpert name.
    details : tuple of str
        What else is known of it: "left", "right", "lower zone", "large", "pacemaker", …; "bilateral" is given as
        both sides.
    """

    observation: str
    details: tuple[str, ...] = ()

    def names(self) -> tuple[str, ...]:
        """Return the outputs that this finding makes true."""
        return (self.observation, *(f"{self.observation}|{detail}" for detail in self.details))


def output_names(truths: Iterable[Sequence[FindingTruth]], minimum: int) -> tuple[str, ...]:
    """Choose the outputs: the 14 observations, the views and every detail seen at least ``minimum`` times.

    A detail that goes without saying (every enlarged heart lies at "heart") is left out.
    """
    seen: Counter[str] = Counter()
    for findings in truths:
        seen.update({name for finding in findings for name in finding.names()})
    details = sorted(
        name for name, count in seen.items() if "|" in name and count >= minimum and count < seen[name.split("|")[0]]
    )
    return (*OBSERVATIONS, *VIEWS, *details)


def unknown_targets(names: Sequence[str]) -> npt.NDArray[np.float32]:
    """Return a row of targets in which nothing is known (NaN)."""
    return np.full(len(names), np.nan, dtype=np.float32)


def complete_targets(names: Sequence[str], findings: Sequence[FindingTruth]) -> npt.NDArray[np.float32]:
    """Return targets for an image whose findings are all known: 1 present, 0 absent, NaN for the view."""
    present = {name for finding in findings for name in finding.names()}
    # As in CheXpert, a device alone does not make an image abnormal.
    if all(finding.observation == "Support Devices" for finding in findings):
        present.add(NO_FINDING)
    row = np.array([float(name in present) for name in names], dtype=np.float32)
    row[[name in VIEWS for name in names]] = np.nan
    return row


def nih_targets(names: Sequence[str], labels: Sequence[str]) -> npt.NDArray[np.float32]:
    """Return targets for NIH labels: details of a positive observation are unknown, those of a negative one absent."""
    observations = {name for label in labels for name in NIH_OBSERVATIONS.get(label, ())}
    normal = list(labels) == [NO_FINDING]
    row = unknown_targets(names)
    for index, name in enumerate(names):
        observation = name.split("|")[0]
        if observation == "view" or observation in NIH_SILENT:
            continue
        if name == NO_FINDING:
            row[index] = float(normal)
        elif name in observations:
            row[index] = 1.0
        elif observation not in observations:
            # Labels mined from reports name the main finding only; an opacity of another cause may be unnamed.
            row[index] = np.nan if observation == "Lung Opacity" and not normal else 0.0
    return row


def set_view(row: npt.NDArray[np.float32], names: Sequence[str], view: str) -> None:
    """Write the view ("AP", "AP Supine", "PA", "L") into a row of targets; an unknown view leaves it as it is."""
    projection = view.partition(" ")[0]
    if f"view|{projection}" in VIEWS:
        for name in VIEWS:
            row[list(names).index(name)] = float(name == f"view|{projection}")
