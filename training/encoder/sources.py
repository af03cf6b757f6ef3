"""From the data on disk to the encoder's training images: phantoms with masks, real images without."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.pack.manifest import EncoderSpec
from training.data.phantom.dataset import PhantomRecord, read_phantoms
from training.data.phantom.types import PhantomFinding
from training.encoder.dataset import MASKS_EMPTY, MASKS_UNKNOWN, ImageSet, join, preprocess_all
from training.encoder.outputs import (
    NO_FINDING,
    FindingTruth,
    complete_targets,
    nih_targets,
    output_names,
    set_view,
    unknown_targets,
)
from training.encoder.real import RealImage, read_grey, read_table, split_of_group
from training.encoder.train import PIXEL_MEAN, PIXEL_STD, EncoderTrainingConfig, TrainingData
from training.encoder.vit import LAYER_NORM_EPS, VitConfig

CACHE_SIZE = 224
"""Side in pixels at which images are kept for training."""

MASK_GRID = 32
"""Cells along one side of the masks kept for training."""

PROCEDURAL = "procedural"
"""Background of a phantom whose anatomy is drawn too."""

OPACITIES = ("Consolidation", "Edema", "Atelectasis", "Lung Lesion")
"""Findings that CheXpert counts as lung opacity too."""


def encoder_spec(config: VitConfig, mean: float, std: float, *, size: int | None = None) -> EncoderSpec:
    """Return the manifest's description of the demo encoder; ``size`` overrides the input's side."""
    return EncoderSpec(
        source="trained from scratch on drawn phantoms and openly licensed radiographs",
        licence="Apache-2.0",
        architecture=f"convolutional stem and ViT, {config.depth} blocks, width {config.width}, supervised",
        input_height=size or config.image_size,
        input_width=size or config.image_size,
        patch_rows=config.grid,
        patch_columns=config.grid,
        d_model=config.width,
        n_heads=config.heads,
        layer_norm_eps=LAYER_NORM_EPS,
        mean=(mean, mean, mean),
        std=(std, std, std),
        resize_rule="stretch",
        intensity_rule="percentile",
    )


def _cached(
    cache: Path | None, readers: Sequence[Callable[[], npt.NDArray[np.float32]]], spec: EncoderSpec
) -> npt.NDArray[np.uint8]:
    if cache is not None and cache.is_file():
        images: npt.NDArray[np.uint8] = np.load(cache)
        if len(images) == len(readers):
            return images
    images = preprocess_all(readers, spec)
    if cache is not None:
        cache.parent.mkdir(parents=True, exist_ok=True)
        np.save(cache, images)
    return images


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


def phantom_targets(names: Sequence[str], findings: Sequence[PhantomFinding]) -> npt.NDArray[np.float32]:
    """Return a phantom's targets; what its drawing leaves open (pneumonia behind an opacity) is unknown."""
    row = complete_targets(names, phantom_truth(findings))
    observations = {finding.observation for finding in findings}
    open_names = set()
    if observations & set(OPACITIES):
        open_names.add("Pneumonia")
    if "Cardiomegaly" in observations:
        open_names.add("Enlarged Cardiomediastinum")
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


def real_kind(image: RealImage) -> str:
    """Return the unit of balancing of a real image."""
    normal = image.labels == (NO_FINDING,)
    if image.source == "nih":
        return "nih-normal" if normal else "nih-abnormal"
    return "rsna-normal" if image.source == "rsna" and normal else "other"


def real_targets(names: Sequence[str], image: RealImage) -> npt.NDArray[np.float32]:
    """Return a real image's targets.

    A diagnosis such as COVID-19 is no finding and leaves all but the view unknown. The pixels of rsna may be used for a
    model that ships, its labels may not: they are never targets (its normals serve evaluation and as backgrounds).
    """
    row = nih_targets(names, image.labels) if image.source == "nih" else unknown_targets(names)
    set_view(row, names, image.view)
    return row


def real_set(
    images: Sequence[RealImage], names: Sequence[str], channels: Sequence[str], spec: EncoderSpec, cache: Path | None
) -> ImageSet:
    """Return real images as a training set (``spec`` at CACHE_SIZE); ``cache`` keeps the preprocessed pixels."""
    normal = [image.source == "nih" and image.labels == (NO_FINDING,) for image in images]
    return ImageSet(
        images=_cached(cache, [partial(read_grey, image.path) for image in images], spec),
        targets=np.stack([real_targets(names, image) for image in images]),
        mask_rows=np.where(normal, MASKS_EMPTY, MASKS_UNKNOWN).astype(np.int64),
        masks=np.zeros((0, len(channels), MASK_GRID, MASK_GRID), dtype=np.uint8),
        kinds=np.array([real_kind(image) for image in images]),
        splits=np.array([image.split for image in images]),
        groups=np.array([image.group for image in images]),
        may_flip=np.array([image.source == "nih" for image in images]),
    )


def phantom_set(
    records: Sequence[PhantomRecord],
    names: Sequence[str],
    channels: Sequence[str],
    spec: EncoderSpec,
    cache: Path | None,
) -> ImageSet:
    """Return phantoms as a training set (``spec`` at CACHE_SIZE); ``cache`` is a folder that keeps pixels and masks.

    A phantom drawn on a real radiograph is left out where its patient belongs to another split of the real images.
    """
    chosen = [r for r in records if r.background == PROCEDURAL or split_of_group(r.group) == r.split]
    mask_file = cache / "masks.npy" if cache else None

    def image(record: PhantomRecord) -> npt.NDArray[np.float32]:
        return read_grey(record.image_path)

    pixels = _cached(cache / "images.npy" if cache else None, [partial(image, r) for r in chosen], spec)
    masks: npt.NDArray[np.uint8] = np.zeros(0, dtype=np.uint8)
    if mask_file is not None and mask_file.is_file():
        masks = np.load(mask_file)
    if len(masks) != len(chosen):
        masks = np.stack([mask_array(r.findings, r.load().masks, channels) for r in chosen])
        if mask_file is not None:
            np.save(mask_file, masks)
    targets = np.stack([phantom_targets(names, r.findings) for r in chosen])
    normal = targets[:, list(names).index(NO_FINDING)] == 1.0
    return ImageSet(
        images=pixels,
        targets=targets,
        mask_rows=np.arange(len(chosen), dtype=np.int64),
        masks=masks,
        kinds=np.where(normal, "phantom-normal", "phantom-finding"),
        splits=np.array([r.split for r in chosen]),
        groups=np.array([r.group for r in chosen]),
        may_flip=np.zeros(len(chosen), dtype=np.bool_),
    )


def training_data(
    phantoms: Path, real: Path | None, config: EncoderTrainingConfig, *, cache: Path | None = None, minimum: int = 40
) -> TrainingData:
    """Read everything that the demo encoder is trained and validated on.

    Parameters
    ----------
    phantoms : Path
        Folder written by ``write_phantoms``.
    real : Path or None
        Folder of ``cxrtrain.csv``; None: phantoms only.
    cache : Path, optional
        Folder for preprocessed pixels, so that a second run starts at once.
    minimum : int
        Phantoms of the training split that must show a detail before it becomes an output.
    """
    records = read_phantoms(phantoms)
    findings = [record.findings for record in records]
    train = [phantom_truth(r.findings) for r in records if r.split == "train"]
    names, channels = output_names(train, minimum), channel_names(findings)
    spec = encoder_spec(config.vit, PIXEL_MEAN, PIXEL_STD, size=CACHE_SIZE)
    sets = [phantom_set(records, names, channels, spec, cache / "phantom" if cache else None)]
    if real is not None:
        images = read_table(real)
        sets.append(real_set(images, names, channels, spec, cache / "real.npy" if cache else None))
    everything = join(sets)
    return TrainingData(
        train=everything.select(everything.splits == "train"),
        validation=everything.select(thinned(everything, "val")),
        outputs=names,
        channels=channels,
    )


def thinned(data: ImageSet, split: str, most: int = 300) -> npt.NDArray[np.bool_]:
    """Choose at most ``most`` images of each kind of a split, evenly spread, to validate quickly."""
    chosen = np.zeros(len(data), dtype=np.bool_)
    for kind in np.unique(data.kinds):
        rows = np.flatnonzero((data.kinds == kind) & (data.splits == split))
        chosen[rows[:: max(1, -(-len(rows) // most))]] = True
    return chosen
