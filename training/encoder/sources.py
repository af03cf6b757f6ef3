"""From the data on disk to the encoder's training images: phantoms with masks, real images without."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.pack.manifest import EncoderSpec
from training.data.phantom.dataset import PhantomRecord, read_phantoms
from training.data.splits import split_of_group
from training.encoder.block import LAYER_NORM_EPS
from training.encoder.config import PIXEL_MEAN, PIXEL_STD, EncoderTrainingConfig, TrainingData
from training.encoder.dataset import MASKS_EMPTY, MASKS_UNKNOWN, ImageSet, join, preprocess_all
from training.encoder.outputs import NO_FINDING, nih_targets, output_names, set_view, unknown_targets
from training.encoder.real import RealImage, read_grey, read_table
from training.encoder.truth import MASK_GRID, channel_names, mask_array, phantom_targets, phantom_truth
from training.encoder.vit import VitConfig

CACHE_SIZE = 224
"""Side in pixels at which images are kept for training."""

THIN = frozenset({"central venous line", "endotracheal tube", "Lung Lesion"})
"""Findings of few pixels, whose phantoms are a kind of their own to be drawn more often."""

PROCEDURAL = "procedural"
"""Background of a phantom whose anatomy is drawn too."""


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


def cached(
    cache: Path | None, kind: str, identity: Sequence[str], make: Callable[[], npt.NDArray[np.uint8]]
) -> npt.NDArray[np.uint8]:
    """Return what ``make`` makes, kept in the folder ``cache`` under a hash of everything it depends on."""
    if cache is None:
        return make()
    file = cache / f"{kind}-{hashlib.sha256(chr(10).join(identity).encode()).hexdigest()[:20]}.npy"
    if file.is_file():
        kept: npt.NDArray[np.uint8] = np.load(file)
        return kept
    made = make()
    cache.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(".partial.npy")
    np.save(temporary, made)
    temporary.replace(file)
    return made


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
    """Return real images as a training set (``spec`` at CACHE_SIZE); the folder ``cache`` keeps the pixels."""
    identity = [spec.model_dump_json(), *(f"{image.path} {image.path.stat().st_size}" for image in images)]
    normal = [image.source == "nih" and image.labels == (NO_FINDING,) for image in images]
    return ImageSet(
        images=cached(
            cache,
            "real",
            identity,
            lambda: preprocess_all([partial(read_grey, image.path) for image in images], spec),
        ),
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
    """Return phantoms as a training set (``spec`` at CACHE_SIZE); the folder ``cache`` keeps pixels and masks.

    A phantom drawn on a real radiograph is left out where its patient belongs to another split of the real images.
    """
    chosen = [r for r in records if r.background == PROCEDURAL or split_of_group(r.group) == r.split]
    drawn = [f"{r.image_path} {r.seed} {r.findings} {r.image_path.stat().st_size}" for r in chosen]
    readers = [partial(read_grey, r.image_path) for r in chosen]
    pixels = cached(cache, "phantoms", [spec.model_dump_json(), *drawn], lambda: preprocess_all(readers, spec))
    masks = cached(
        cache,
        "masks",
        [*channels, *drawn],
        lambda: np.stack([mask_array(r.findings, r.load().masks, channels) for r in chosen]),
    )
    targets = np.stack([phantom_targets(names, r.findings) for r in chosen])
    normal = targets[:, list(names).index(NO_FINDING)] == 1.0
    thin = np.array([any((f.device or f.observation) in THIN for f in r.findings) for r in chosen])
    return ImageSet(
        images=pixels,
        targets=targets,
        mask_rows=np.arange(len(chosen), dtype=np.int64),
        masks=masks,
        kinds=np.where(thin, "phantom-thin", np.where(normal, "phantom-normal", "phantom-finding")),
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
    sets = [phantom_set(records, names, channels, spec, cache)]
    if real is not None:
        images = read_table(real)
        sets.append(real_set(images, names, channels, spec, cache))
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
