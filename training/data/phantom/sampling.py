"""Which findings a phantom gets: common companions more often together, but never only together."""

from __future__ import annotations

import numpy as np

from engine.pack.manifest import Laterality, Severity
from training.data.phantom.types import PhantomFinding

NORMAL_SHARE = 0.25
DEVICE_SHARE = 0.40
"""Among the phantoms that are not normal, so that about 30 % of all carry a device."""

WEIGHT = {
    "Pleural Effusion": 1.0,
    "Cardiomegaly": 0.85,
    "Pneumothorax": 0.85,
    "Consolidation": 1.0,
    "Lung Lesion": 1.0,
    "Atelectasis": 0.65,
    "Edema": 0.55,
}
COMPANIONS = {
    "Cardiomegaly": {"Edema": 2.0, "Pleural Effusion": 1.4},
    "Edema": {"Cardiomegaly": 2.0, "Pleural Effusion": 1.6},
    "Consolidation": {"Pleural Effusion": 1.5, "Atelectasis": 1.3},
    "Pleural Effusion": {"Atelectasis": 1.5},
}
DEVICE_WEIGHT = {"pacemaker": 0.30, "endotracheal tube": 0.25, "central venous line": 0.25, "nasogastric tube": 0.20}
SEVERITIES: tuple[Severity, ...] = ("small", "moderate", "large")
ZONES = ("upper zone", "middle zone", "lower zone")


def sample_findings(rng: np.random.Generator) -> tuple[PhantomFinding, ...]:
    """Findings of one phantom; empty for about a quarter."""
    if rng.random() < NORMAL_SHARE:
        return ()
    devices = _devices(rng) if rng.random() < DEVICE_SHARE else ()
    count = int(rng.choice(4, p=[0.48, 0.31, 0.15, 0.06])) + 1
    count = min(count, 4 - len(devices))
    if devices and rng.random() < 0.3:
        count = 0
    weight = dict(WEIGHT)
    found: list[PhantomFinding] = []
    while len(found) < count:
        names = list(weight)
        p = np.array([weight[name] for name in names])
        name = names[int(rng.choice(len(names), p=p / p.sum()))]
        del weight[name]
        for companion, factor in COMPANIONS.get(name, {}).items():
            if companion in weight:
                weight[companion] *= factor
        found.append(describe(name, rng))
        if name == "Lung Lesion" and len(found) < count and rng.random() < 0.15:
            found.append(describe(name, rng))
    return tuple(_settle(found)) + devices


def describe(name: str, rng: np.random.Generator) -> PhantomFinding:
    """Side, place and severity for an observation."""
    severity = SEVERITIES[int(rng.choice(3, p=[0.34, 0.38, 0.28]))]
    side: Laterality = "right" if rng.random() < 0.5 else "left"
    zone = ZONES[int(rng.integers(3))]
    places: dict[str, tuple[Laterality, str]] = {
        "Cardiomegaly": ("none", "heart"),
        "Pleural Effusion": (_maybe_both(side, 0.3, rng), "costophrenic angle" if severity == "small" else "base"),
        "Pneumothorax": (side, "apex"),
        "Consolidation": (_maybe_both(side, 0.15, rng), zone),
        "Lung Lesion": (side, zone),
        "Atelectasis": (_maybe_both(side, 0.3, rng), "base"),
        "Edema": ("bilateral", "perihilar"),
    }
    laterality, location = places[name]
    return PhantomFinding(name, laterality=laterality, location=location, severity=severity)


def describe_device(device: str, rng: np.random.Generator) -> PhantomFinding:
    """A device with the side it enters from."""
    side: Laterality = "none"
    if device == "pacemaker":
        side = "left" if rng.random() < 0.85 else "right"
    elif device == "central venous line":
        side = "right" if rng.random() < 0.7 else "left"
    return PhantomFinding("Support Devices", laterality=side, location=device, device=device)


def _devices(rng: np.random.Generator) -> tuple[PhantomFinding, ...]:
    weight = dict(DEVICE_WEIGHT)
    chosen: list[PhantomFinding] = []
    for _ in range(int(rng.choice(3, p=[0.6, 0.27, 0.13])) + 1):
        names = list(weight)
        p = np.array([weight[name] for name in names])
        name = names[int(rng.choice(len(names), p=p / p.sum()))]
        del weight[name]
        if name == "endotracheal tube" and "nasogastric tube" in weight:
            weight["nasogastric tube"] *= 2.5
        chosen.append(describe_device(name, rng))
    return tuple(chosen)


def _maybe_both(side: Laterality, share: float, rng: np.random.Generator) -> Laterality:
    return "bilateral" if rng.random() < share else side


def _settle(found: list[PhantomFinding]) -> list[PhantomFinding]:
    """Drop what an earlier, larger finding of the same place would hide."""
    kept: list[PhantomFinding] = []
    for finding in found:
        if not any(_hides(other, finding) or _hides(finding, other) for other in kept):
            kept.append(finding)
    return kept


def _hides(one: PhantomFinding, other: PhantomFinding) -> bool:
    same_side = bool(set(one.sides) & set(other.sides))
    if one.observation == "Pleural Effusion" and one.severity != "small":
        low = other.location in ("lower zone", "base") or (one.severity == "large" and other.location == "middle zone")
        return same_side and low and other.observation != one.observation
    if one.observation == "Pneumothorax":
        fluid = other.observation == "Pleural Effusion" and other.severity == "large"
        upper = other.location == "upper zone" or (one.severity == "large" and other.location in ZONES)
        return same_side and (upper or fluid)
    if one.observation == "Consolidation" and one.severity == "large":
        return same_side and other.observation == "Lung Lesion" and one.location == other.location
    return (
        one.observation == "Cardiomegaly"
        and one.severity == "large"
        and "left" in other.sides
        and other.observation in ("Consolidation", "Lung Lesion", "Atelectasis")
        and other.location in ("lower zone", "base")
    )
