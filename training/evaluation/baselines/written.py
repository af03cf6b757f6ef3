"""A report as any system writes it: the text that is judged, and where on the image its findings are said to lie."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from engine.inference.analysis import FeatureMap
from engine.inference.attribution import upsample
from engine.report.draft import Draft, Sentence
from engine.report.vocabulary import SIDES
from engine.text.findings import TextFinding
from training.data.phantom.dataset import PhantomRecord
from training.evaluation.drafters import Answer
from training.evaluation.heat_maps.measures import above_half
from training.evaluation.matching import Key, key_of
from training.evaluation.report_metrics.boxes import Box
from training.evaluation.report_metrics.pairs import report_body

LEAST_PART = 0.1
"""Area of a part of a mask, as a share of its largest part, below which it gets no box of its own."""


@dataclass(frozen=True)
class Place:
    """Where a finding lies: what it is, its sides (none: not told), boxes of its parts."""

    key: Key
    sides: frozenset[str]
    boxes: tuple[Box, ...]


@dataclass(frozen=True)
class WrittenReport:
    """What a system wrote of one image.

    Attributes
    ----------
    text : str
        Findings, then impression; no headings.
    places : tuple of Place, optional
        None from a system that has no boxes.
    sentences, cited : int
        Sentences, and those of them that name a feature they stand on.
    """

    text: str
    places: tuple[Place, ...] | None = None
    sentences: int = 0
    cited: int = 0

    def boxes_of(self, finding: TextFinding) -> tuple[Box, ...] | None:
        """Return the boxes of a stated finding; None where it is denied, or has no place here."""
        if self.places is None or finding.polarity == "absent":
            return None
        key, sides = key_of(finding), SIDES[finding.laterality]
        boxes = [
            box
            for place in self.places
            if place.key == key and not (sides and place.sides and not sides & place.sides)
            for box in place.boxes
        ]
        return tuple(boxes) or None


def written_draft(answer: Answer, size: tuple[int, int], *, boxed: bool) -> WrittenReport:
    """Return a system's draft as a text, its boxes around what its maps mark above half of their peak.

    A refused image has no draft: an empty report.

    Parameters
    ----------
    size : tuple of int
        Rows and columns of the image.
    boxed : bool
        Whether the system has maps.
    """
    if answer.draft is None:
        return WrittenReport("", () if boxed else None)
    sentences = list(answer.draft.sentences())
    places = [
        Place(item.key, item.sides, map_boxes(answer.maps[item.key], size))
        for item in answer.stated
        if item.key in answer.maps
    ]
    cited = sum(bool(sentence.evidence) for sentence in sentences)
    return WrittenReport(draft_text(answer.draft), tuple(places) if boxed else None, len(sentences), cited)


def draft_text(draft: Draft) -> str:
    """Return the sentences of a draft: findings in reading order, then the impression."""
    parts = {False: list[Sentence](), True: list[Sentence]()}
    for section in draft.sections:
        parts[section.name == "impression"] += [s for s in section.sentences if s.state != "removed"]
    return "\n\n".join(" ".join(s.text for s in part) for part in parts.values() if part)


def reference_report(record: PhantomRecord) -> WrittenReport:
    """Return a phantom's own report, with boxes of its masks."""
    phantom = record.load()
    places = [
        Place((finding.observation, finding.device), frozenset(finding.sides), mask_boxes(mask))
        for finding, mask in zip(phantom.findings, phantom.masks, strict=True)
    ]
    return WrittenReport(report_body(record.report), tuple(places))


def map_boxes(feature_map: FeatureMap, size: tuple[int, int]) -> tuple[Box, ...]:
    """Return boxes around what a heat map marks on an image of so many rows and columns."""
    return mask_boxes(above_half(upsample(feature_map, *size)))


def mask_boxes(mask: npt.NDArray[np.bool_]) -> tuple[Box, ...]:
    """Return a box around each connected part of a mask (rows, columns), small ones left out, largest first."""
    parts, count = ndimage.label(mask, structure=np.ones((3, 3)))
    areas = np.bincount(parts.ravel(), minlength=count + 1)[1:]
    slices: Sequence[tuple[slice, slice]] = ndimage.find_objects(parts)
    kept = [i for i in np.argsort(-areas, kind="stable").tolist() if areas[i] >= LEAST_PART * areas.max()]
    return tuple(_boxes((slices[i] for i in kept), mask.shape))


def _boxes(parts: Iterable[tuple[slice, slice]], shape: tuple[int, ...]) -> Iterable[Box]:
    for down, across in parts:
        yield Box(
            x_min=across.start / shape[1],
            y_min=down.start / shape[0],
            x_max=across.stop / shape[1],
            y_max=down.stop / shape[0],
        )
