"""A phantom's findings as targets of the class token and as coarse masks."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import numpy.typing as npt

from training.data.phantom.types import PhantomFinding
from training.encoder.outputs import FindingTruth, complete_targets

MASK_GRID = 32
"""Cells along one side of the masks kept for training."""

OPACITIES = ("Consolidation", "Edema", "Atelectasis", "Lung Lesion")
"""Findings that CheXpert counts as lung opacity too."""


def finding_truth(finding: PhantomFinding) -> FindingTruth:
    """Return a drawn finding as outputs: observation with its sides, and severity, and location or device."""
    what = finding.device or finding.location
    severity = "" if finding.severity == "none" else finding.severity
    # A line's side is where it enters, not where it lies.
    sides = () if finding.device else finding.sides
    details = (*sides, severity, what)
    return FindingTruth(finding.observation, tuple(detail for detail in details if detail))


def phantom_truth(findings: Sequence[PhantomFinding]) -> list[FindingTruth]:
    """Return the truth of a phantom, with "Lung Opacity" where a drawn finding is one."""
    truth = [finding_truth(finding) for finding in findings]
    sides = {side for finding in findings if finding.observation in OPACITIES for side in finding.sides}
    if any(finding.observation in OPACITIES for finding in findings):
        truth.append(FindingTruth("Lung Opacity", tuple(sorted(sides))))
    return truth


def open_observations(observations: Collection[str]) -> set[str]:
    """Return what a drawing leaves open: its opacity may be a pneumonia, its big heart widens the mediastinum."""
    opened = {"Pneumonia"} if set(observations) & set(OPACITIES) else set()
    return opened | ({"Enlarged Cardiomediastinum"} if "Cardiomegaly" in observations else set())


def phantom_targets(names: Sequence[str], findings: Sequence[PhantomFinding]) -> npt.NDArray[np.float32]:
    """Return a phantom's targets; what its drawing leaves open (pneumonia behind an opacity) is unknown."""
    row = complete_targets(names, phantom_truth(findings))
    open_names = open_observations({finding.observation for finding in findings})
    row[[name in open_names for name in names]] = np.nan
    return row


def mask_channels(
    findings: Sequence[PhantomFinding], present: Sequence[npt.NDArray[np.bool_]]
) -> dict[str, npt.NDArray[np.bool_]]:
    """Return the masks by channel: observation, observation and side, or device; bilateral ones cut at the midline."""
    channels: dict[str, npt.NDArray[np.bool_]] = {}

    def add(name: str, mask: npt.NDArray[np.bool_]) -> None:
        channels[name] = channels[name] | mask if name in channels else mask

    for finding, mask in zip(findings, present, strict=True):
        bases = [finding.observation, *(["Lung Opacity"] if finding.observation in OPACITIES else [])]
        half = np.arange(mask.shape[1]) < mask.shape[1] / 2
        for base in bases:
            if finding.device:
                add(f"{base}|{finding.device}", mask)
            elif not finding.sides:
                add(base, mask)
            elif len(finding.sides) == 1:
                add(f"{base}|{finding.sides[0]}", mask)
            else:
                # The patient's right lies on the image's left.
                add(f"{base}|right", mask & half)
                add(f"{base}|left", mask & ~half)
    return channels


def coarse(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.uint8]:
    """Return the covered share of each cell of MASK_GRID x MASK_GRID cells, 0..255."""
    size = mask.shape[0] // MASK_GRID * MASK_GRID
    if mask.shape != (size, size):
        raise ValueError(f"a mask must be square with a side that is a multiple of {MASK_GRID}, not {mask.shape}")
    cell = size // MASK_GRID
    share = mask.reshape(MASK_GRID, cell, MASK_GRID, cell).mean(axis=(1, 3))
    counts: npt.NDArray[np.uint8] = np.round(share * 255.0).astype(np.uint8)
    return counts


def mask_array(
    findings: Sequence[PhantomFinding], masks: Sequence[npt.NDArray[np.bool_]], channels: Sequence[str]
) -> npt.NDArray[np.uint8]:
    """Return a phantom's coarse masks: uint8 (C, MASK_GRID, MASK_GRID)."""
    row = np.zeros((len(channels), MASK_GRID, MASK_GRID), dtype=np.uint8)
    for name, mask in mask_channels(findings, masks).items():
        row[list(channels).index(name)] = coarse(mask)
    return row


def channel_names(truths: Sequence[Sequence[PhantomFinding]]) -> tuple[str, ...]:
    """Return the mask channels that these findings need, sorted."""
    one = np.zeros((1, 2), dtype=np.bool_)
    return tuple(sorted({name for findings in truths for name in mask_channels(findings, [one] * len(findings))}))
