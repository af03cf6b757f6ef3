"""What a report may say and how observations relate: sections, hierarchy and sides of the CheXpert names."""

from __future__ import annotations

from collections.abc import Iterable

from engine.pack.manifest import OBSERVATIONS, Laterality, Section

NO_FINDING = "No Finding"
DEVICES = "Support Devices"

PARENTS: dict[str, str] = {
    "Cardiomegaly": "Enlarged Cardiomediastinum",
    "Lung Lesion": "Lung Opacity",
    "Edema": "Lung Opacity",
    "Consolidation": "Lung Opacity",
    "Pneumonia": "Lung Opacity",
    "Atelectasis": "Lung Opacity",
}
"""Observation → the more general one that it implies (Irvin et al. 2019, figure 1)."""

SECTIONS: dict[str, Section] = {
    "No Finding": "other",
    "Enlarged Cardiomediastinum": "heart",
    "Cardiomegaly": "heart",
    "Lung Opacity": "lungs",
    "Lung Lesion": "lungs",
    "Edema": "lungs",
    "Consolidation": "lungs",
    "Pneumonia": "lungs",
    "Atelectasis": "lungs",
    "Pneumothorax": "pleura",
    "Pleural Effusion": "pleura",
    "Pleural Other": "pleura",
    "Fracture": "bones",
    "Support Devices": "devices",
}
"""Report section of each CheXpert observation."""

MIDLINE = frozenset({"No Finding", "Enlarged Cardiomediastinum", "Cardiomegaly"})
"""Observations of which no side is ever stated."""

NORMAL_OF_SECTION: dict[str, str] = {
    "lungs": "Lung Opacity",
    "heart": "Enlarged Cardiomediastinum",
    "bones": "Fracture",
}
"""The observation whose absence a feature means that calls a section normal without naming an observation."""

NORMAL_NEEDS: tuple[frozenset[str], ...] = (
    frozenset({"Lung Opacity"}),
    frozenset({"Pleural Effusion", "Pneumothorax"}),
    frozenset({"Cardiomegaly", "Enlarged Cardiomediastinum"}),
)
"""Lungs, pleura, heart: one of each must be denied as a whole before denials alone may call an image normal.

Of the lungs only the general observation counts, since denying it denies all that imply it; "no nodule" leaves
consolidation open, as "no effusion" leaves the heart."""

SIDES: dict[str, frozenset[str]] = {
    "left": frozenset({"left"}),
    "right": frozenset({"right"}),
    "bilateral": frozenset({"left", "right"}),
    "none": frozenset(),
}
"""Laterality → the patient's sides that it names; "none" names no side and contradicts none."""

assert set(SECTIONS) == set(OBSERVATIONS)


def implies(specific: str, general: str) -> bool:
    """Whether an image with `specific` has `general` by definition (also true of an observation and itself)."""
    return specific == general or PARENTS.get(specific) == general


def related(first: str, second: str) -> bool:
    """Whether one of two observations implies the other."""
    return implies(first, second) or implies(second, first)


def laterality_of(sides: Iterable[str]) -> Laterality:
    """Return the laterality that names exactly these sides."""
    found = frozenset(sides)
    if found >= {"left", "right"}:
        return "bilateral"
    if "left" in found:
        return "left"
    return "right" if "right" in found else "none"


def compatible(claim: str, feature: str) -> bool:
    """Whether a feature of one laterality may stand behind a claim of another: they name a common side, or one none."""
    return not SIDES[claim] or not SIDES[feature] or bool(SIDES[claim] & SIDES[feature])
