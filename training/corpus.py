"""The images a pack is made from, each with a reader of its pixels and what is known of it."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt

from engine.errors import UsageError
from engine.pack.manifest import DataSource
from engine.report.vocabulary import PARENTS
from training.data.phantom.dataset import TABLE, PhantomRecord, read_phantoms
from training.data.phantom.types import OBSERVATIONS as PHANTOM_OBSERVATIONS
from training.data.phantom.types import PhantomFinding
from training.data.splits import SPLITS, split_of_group
from training.encoder.outputs import NIH_OBSERVATIONS, NIH_SILENT
from training.encoder.real import RealImage, read_grey, read_table
from training.labelling.cases import DEVICES, NORMAL, Case, Claim, Split

Reader = Callable[[], npt.NDArray[np.float32]]
OPACITY = "Lung Opacity"
PHANTOM_KNOWN = frozenset({*PHANTOM_OBSERVATIONS, OPACITY})
NIH_KNOWN = frozenset(name for names in NIH_OBSERVATIONS.values() for name in names) - set(NIH_SILENT)

ATTRIBUTIONS = {
    "phantom": (
        "drawn phantoms",
        "Apache-2.0",
        "drawn by this project; some on normal radiographs of the NIH rows below",
    ),
    "nih": (
        "NIH ChestX-ray14 (part)",
        "NIH Clinical Center, no restriction on use",
        "Wang et al., CVPR 2017; data provided by the NIH Clinical Center, https://nihcc.app.box.com/v/ChestXray-NIHCC",
    ),
    "rsna": (
        "NIH ChestX-ray14, pixels of the RSNA challenge's normals, without the challenge's labels",
        "NIH Clinical Center, no restriction on use",
        "Wang et al., CVPR 2017; data provided by the NIH Clinical Center",
    ),
    "hann": (
        "COVID-19 Image Repository",
        "CC BY 3.0",
        "Winther et al., Institute for Diagnostic and Interventional Radiology, Hannover Medical School, "
        "https://doi.org/10.6084/m9.figshare.12275009",
    ),
    "cov": (
        "covid-chestxray-dataset, only its CC BY and CC BY-SA rows",
        "CC BY 3.0, CC BY 4.0, CC BY-SA",
        "Cohen et al. 2020, https://github.com/ieee8023/covid-chestxray-dataset, and the authors of the cases it lists",
    ),
}


@dataclass(frozen=True)
class Sample:
    """An image of the corpus.

    Attributes
    ----------
    case : Case
        What is known of it.
    read : callable
        Returns displayed values: float32 (rows, columns), 0 black to 1 white.
    path : Path
        File that the engine's own reader opens.
    frontal : bool
        Whether it shows an upright frontal chest.
    labels : tuple of str
        The source's own labels.
    """

    case: Case
    read: Reader
    path: Path
    frontal: bool
    labels: tuple[str, ...] = ()


def phantom_case(key: str, split: Split, group: str, findings: Sequence[PhantomFinding], report: str) -> Case:
    """Return a phantom as a case: all its findings are known, and so is the absence of all others."""
    claims = {
        Claim(f.observation, f.laterality, f.device if f.observation == DEVICES else f.location, f.severity)
        for f in findings
    }
    implied = {
        Claim(OPACITY, claim.laterality, claim.location, claim.severity)
        for claim in claims
        if PARENTS.get(claim.observation) == OPACITY
    }
    ordered = sorted(claims | implied, key=lambda c: (c.observation, c.laterality, c.location, c.severity))
    normal = all(f.observation == DEVICES for f in findings)
    return Case(key, "phantom", split, group, tuple(ordered), PHANTOM_KNOWN, normal, sided=True, text=report)


def phantom_samples(folder: Path) -> list[Sample]:
    """Return the phantoms of a set, without those whose real background belongs to another split's patients.

    A picture of a test patient under a training phantom would be seen before it is tested on.

    Raises
    ------
    UsageError
        ``PHANTOM_NONE`` when the folder holds no set.
    """
    if not (folder / TABLE).is_file():
        raise UsageError("PHANTOM_NONE", f"{folder} holds no phantoms", "name a folder of 'saerad-train phantom'")
    samples = []
    for record in read_phantoms(folder):
        if _leaks(record):
            continue
        key = f"phantom/{record.image_path.stem}"
        case = phantom_case(key, record.split, record.group, record.findings, record.report)
        samples.append(Sample(case, _reader(record.image_path), record.image_path, frontal=True))
    return samples


def split_phantoms(folder: Path) -> list[Sample]:
    """Return `phantom_samples` of a set that has some of every split.

    Raises
    ------
    UsageError
        ``PHANTOM_NONE``, ``PHANTOM_SPLITS``; ``PHANTOM_FILES`` when pictures of the table are not there.
    """
    samples = phantom_samples(folder)
    if missing := [sample.path for sample in samples if not sample.path.is_file()]:
        raise UsageError(
            "PHANTOM_FILES",
            f"{len(missing)} of {len(samples)} pictures of {folder} are not there, the first is {missing[0].name}",
            "copy the whole set, or draw it again",
        )
    if lacking := set(SPLITS) - {sample.case.split for sample in samples}:
        raise UsageError(
            "PHANTOM_SPLITS",
            f"{folder} has no phantoms of the split {' and '.join(sorted(lacking))}",
            "draw more of them; from 12 on every split has one",
        )
    return samples


def _leaks(record: PhantomRecord) -> bool:
    return record.background != "procedural" and split_of_group(record.group) != record.split


def real_case(image: RealImage) -> Case:
    """Return a real image as a case; only NIH's own labels speak of findings.

    The RSNA challenge's labels may not go into a pack that ships; a diagnosis such as COVID-19 is no finding. Clinical
    notes are quoted as evidence, but nothing is read out of them.
    """
    key = f"{image.source}/{image.path.stem}"
    split = cast(Split, image.split)
    if image.source != "nih":
        text = image.text if image.source == "cov" else ""
        return Case(key, image.source, split, image.group, (), frozenset(), None, sided=False, text=text)
    return nih_case(key, split, image.group, image.labels)


def nih_case(key: str, split: Split, group: str, labels: Sequence[str]) -> Case:
    """Return an image of NIH ChestX-ray14 as a case, its labels for a text."""
    observations = {name for label in labels for name in NIH_OBSERVATIONS.get(label, ())}
    observations |= {OPACITY for name in observations if PARENTS.get(name) == OPACITY}
    normal = tuple(labels) == (NORMAL,)
    # Labels mined from reports name the main finding; an opacity of another cause may be unnamed.
    known = NIH_KNOWN if normal else NIH_KNOWN - {OPACITY}
    claims = tuple(Claim(name) for name in sorted(observations))
    text = "NIH labels: " + ", ".join(label.replace("_", " ") for label in labels)
    return Case(key, "nih", split, group, claims, known, normal, sided=False, text=text)


def real_samples(folder: Path) -> list[Sample]:
    """Return the real images of ``cxrtrain`` that a model which ships may be trained on.

    Of the RSNA challenge's many unlabelled pictures a quarter is taken, test split apart: they look alike, and all of
    them would outnumber the other real images six to one.
    """
    samples = []
    for image in read_table(folder):
        if image.source == "rsna" and image.split != "test" and zlib.crc32(image.group.encode()) % 4:
            continue
        read = _reader(image.path)
        frontal = not image.view.upper().startswith("L")
        samples.append(Sample(real_case(image), read, image.path, frontal, image.labels))
    return samples


def _reader(path: Path) -> Reader:
    return lambda: read_grey(path)


def data_sources(samples: Sequence[Sample]) -> tuple[DataSource, ...]:
    """Return the manifest's list of sources: what was trained on (training and validation split)."""
    counts = Counter(sample.case.source for sample in samples if sample.case.split != "test")
    sources = []
    for key, (name, licence, attribution) in ATTRIBUTIONS.items():
        if counts[key]:
            sources.append(DataSource(name=name, licence=licence, images=counts[key], attribution=attribution))
    return tuple(sources)
