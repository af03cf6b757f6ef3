"""What is to be found on an image, and which active features speak of it."""

from __future__ import annotations

import csv
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from engine.inference.analysis import Analysis
from engine.pack.manifest import Readout
from engine.report.compose import compose
from engine.report.vocabulary import SECTIONS
from training.data.phantom.dataset import PhantomRecord
from training.data.splits import split_of_group
from training.encoder.outputs import NIH_OBSERVATIONS
from training.evaluation.heat_maps.measures import Mask
from training.evaluation.matching import Key, truth_of
from training.evaluation.phantoms import masks_of
from training.labelling.cases import DEVICES

BOX_LABELS = {**NIH_OBSERVATIONS, "Infiltrate": NIH_OBSERVATIONS["Infiltration"]}
"""Labels of the NIH boxes, one of which is spelt in another way than the images' labels."""
LUNG_MASKS = ("v7", "lungVAE")
"""Masks of a picture, the drawn ones before those made by a model."""


@dataclass(frozen=True, eq=False)
class Target:
    """A place on an image and the features whose summed map should be there.

    Attributes
    ----------
    name : str
        Finding, for tables.
    ids : tuple of int
        Active features; empty where none speaks of it, and nothing can be measured.
    mask : ndarray of bool, shape (rows, columns)
    """

    name: str
    ids: tuple[int, ...]
    mask: Mask


@dataclass(frozen=True)
class RealRow:
    """A row of ``cxrtrain.csv`` with boxes by label, or with a lung mask."""

    path: Path
    group: str
    split: str
    boxes: dict[str, tuple[tuple[float, float, float, float], ...]]
    lungs: Path | None


def phantom_targets(record: PhantomRecord, analysis: Analysis) -> list[Target]:
    """Return the drawn findings that the draft states, with the features that it cites for each."""
    cited: dict[Key, dict[int, None]] = {}
    for section in compose(analysis).sections:
        for sentence in section.sentences if section.name != "impression" else ():
            for finding in sentence.findings:
                if finding.polarity == "present":
                    key = (finding.observation, finding.location if finding.observation == DEVICES else "")
                    cited.setdefault(key, {}).update(dict.fromkeys(finding.evidence))
    masks = masks_of(record)
    truth = truth_of(record.findings)
    return [Target(item.name, tuple(cited[item.key]), masks[item.key]) for item in truth if item.key in cited]


def box_targets(row: RealRow, analysis: Analysis, readouts: Sequence[Readout], size: tuple[int, int]) -> list[Target]:
    """Return the boxes of an image, those of one label as one, with the active features that speak for the finding."""
    targets = []
    active = {feature.id for feature in analysis.features}
    for label, boxes in row.boxes.items():
        speaking = {
            ident: None
            for readout in readouts
            if readout.observation in BOX_LABELS[label] and readout.laterality == "none" and not readout.location
            for ident, weight in zip(readout.feature_ids, readout.weights, strict=True)
            if weight > 0.0 and ident in active
        }
        mask = np.zeros(size, dtype=np.bool_)
        for left, top, width, height in boxes:
            mask[round(top) : round(top + height), round(left) : round(left + width)] = True
        targets.append(Target(label, tuple(speaking), mask))
    return targets


def lung_target(row: RealRow, analysis: Analysis) -> Target:
    """Return the lungs of an image, with the active features that mean something present in lungs or pleura."""
    assert row.lungs is not None
    ids = tuple(
        feature.id
        for feature in analysis.features
        if feature.polarity == "present" and SECTIONS.get(feature.observation) in ("lungs", "pleura")
    )
    with Image.open(row.lungs) as opened:
        mask = np.asarray(opened.convert("L")) > 0
    return Target("lungs", ids, mask)


def rows_with_boxes(folder: Path) -> list[RealRow]:
    """Return the NIH images with boxes."""
    return [row for source, row in _rows(folder) if source == "nih" and row.boxes]


def rows_with_lungs(folder: Path) -> list[RealRow]:
    """Return the frontal images with a lung mask, in an order that has nothing to do with what they show."""
    found = [row for _, row in _rows(folder) if row.lungs is not None]
    return sorted(found, key=lambda row: (zlib.crc32(row.path.name.encode()), row.path.name))


def _rows(folder: Path) -> Iterator[tuple[str, RealRow]]:
    """Yield frontal images of known patients, with their source."""
    csv.field_size_limit(1 << 24)
    with (folder / "cxrtrain.csv").open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["patient_known"] != "1" or row["view"].upper().startswith("L"):
                continue
            boxes: dict[str, list[tuple[float, float, float, float]]] = {}
            for box in json.loads(row["boxes"] or "[]"):
                left, top, width, height = box["bbox_xywh"]
                boxes.setdefault(box["label"], []).append((left, top, width, height))
            masks = json.loads(row["masks"] or "{}")
            lungs = next((folder / masks[name] for name in LUNG_MASKS if name in masks), None)
            grouped = {label: tuple(each) for label, each in boxes.items()}
            yield (
                row["source"],
                RealRow(folder / row["file"], row["group"], split_of_group(row["group"]), grouped, lungs),
            )
