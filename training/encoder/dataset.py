"""Preprocessed images in memory with targets and coarse masks, and batches balanced by source and label."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.inference.preprocess import encoder_image
from engine.pack.manifest import EncoderSpec
from training.encoder.augment import degrade, random_affine, warp

MASKS_UNKNOWN, MASKS_EMPTY = -1, -2


@dataclass(frozen=True)
class ImageSet:
    """Images of one or more sources.

    Attributes
    ----------
    images : ndarray of uint8, shape (N, S, S)
        The engine's preprocessing at S pixels, 0..255.
    targets : ndarray of float32, shape (N, K)
        1 present, 0 absent, NaN unknown.
    mask_rows : ndarray of int64, shape (N,)
        Row of ``masks``, or MASKS_UNKNOWN, or MASKS_EMPTY (known to have no finding anywhere).
    masks : ndarray of uint8, shape (R, C, G, G)
        Share of each cell covered by a finding of channel c, 0..255.
    kinds : ndarray of str, shape (N,)
        Unit of balancing, such as "phantom" or "nih-abnormal".
    splits : ndarray of str, shape (N,)
    groups : ndarray of str, shape (N,)
    may_flip : ndarray of bool, shape (N,)
        Whether mirroring contradicts no target.
    """

    images: npt.NDArray[np.uint8]
    targets: npt.NDArray[np.float32]
    mask_rows: npt.NDArray[np.int64]
    masks: npt.NDArray[np.uint8]
    kinds: npt.NDArray[np.str_]
    splits: npt.NDArray[np.str_]
    groups: npt.NDArray[np.str_]
    may_flip: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.images)

    def select(self, chosen: npt.NDArray[np.bool_]) -> ImageSet:
        """Return the chosen images; the masks stay shared."""
        return ImageSet(
            self.images[chosen],
            self.targets[chosen],
            self.mask_rows[chosen],
            self.masks,
            self.kinds[chosen],
            self.splits[chosen],
            self.groups[chosen],
            self.may_flip[chosen],
        )


def join(sets: Sequence[ImageSet]) -> ImageSet:
    """Return one set of all images."""
    offsets = np.cumsum([0] + [len(s.masks) for s in sets[:-1]])
    rows = [np.where(s.mask_rows >= 0, s.mask_rows + o, s.mask_rows) for s, o in zip(sets, offsets, strict=True)]
    return ImageSet(
        np.concatenate([s.images for s in sets]),
        np.concatenate([s.targets for s in sets]),
        np.concatenate(rows),
        np.concatenate([s.masks for s in sets]),
        np.concatenate([s.kinds for s in sets]),
        np.concatenate([s.splits for s in sets]),
        np.concatenate([s.groups for s in sets]),
        np.concatenate([s.may_flip for s in sets]),
    )


def preprocess_all(
    readers: Sequence[Callable[[], npt.NDArray[np.float32]]], spec: EncoderSpec
) -> npt.NDArray[np.uint8]:
    """Run the engine's preprocessing on every image: uint8 (N, input_height, input_width)."""
    out = np.zeros((len(readers), spec.input_height, spec.input_width), dtype=np.uint8)
    for index, read in enumerate(readers):
        out[index] = np.round(encoder_image(read(), spec) * 255.0).astype(np.uint8)
    return out


@dataclass(frozen=True)
class Batch:
    """A training batch.

    Attributes
    ----------
    pixels : Tensor of float32, shape (N, 1, H, W)
        Normalised by the pack's mean and standard deviation.
    targets : Tensor of float32, shape (N, K)
        NaN where unknown.
    masks : Tensor of float32, shape (N, C, P)
        Share of each patch covered by a finding, 0..1; zero where unknown.
    masks_known : Tensor of bool, shape (N,)
    """

    pixels: Tensor
    targets: Tensor
    masks: Tensor
    masks_known: Tensor


class BatchSampler:
    """Endless augmented batches with a fixed share of each kind of image.

    Parameters
    ----------
    data : ImageSet
        Training images.
    shares : dict of str to float
        Relative share of each kind in a batch; kinds that ``data`` does not hold are left out.
    size, grid : int
        Side of the network's input and of its patch grid.
    mean, std : float
        Normalisation of the single channel.
    """

    def __init__(
        self,
        data: ImageSet,
        shares: dict[str, float],
        *,
        size: int,
        grid: int,
        mean: float,
        std: float,
    ) -> None:
        present = {kind: np.flatnonzero(data.kinds == kind) for kind in shares}
        self.members = {kind: rows for kind, rows in present.items() if len(rows)}
        if not self.members:
            raise ValueError("no image of the kinds that the shares name")
        self.kinds = list(self.members)
        weights = np.array([shares[kind] for kind in self.kinds], dtype=np.float64)
        self.weights = weights / weights.sum()
        self.data, self.size, self.grid, self.mean, self.std = data, size, grid, mean, std

    def rows(self, count: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Draw the rows of a batch: kinds by share, then images of a kind alike."""
        kinds = rng.choice(len(self.kinds), size=count, p=self.weights)
        return np.array([rng.choice(self.members[self.kinds[k]]) for k in kinds], dtype=np.int64)

    def draw(self, count: int, seed: int) -> Batch:
        """Return one batch; the same seed gives the same batch, which is what makes a resumed run exact."""
        rng = np.random.default_rng(seed)
        generator = torch.Generator().manual_seed(int(rng.integers(2**31)))
        rows = self.rows(count, rng)
        data = self.data
        images = torch.from_numpy(data.images[rows]).float()[:, None] / 255.0
        flip = torch.from_numpy(data.may_flip[rows]) & (torch.rand(count, generator=generator) < 0.3)
        affine = random_affine(count, flip, generator)
        pixels = degrade(warp(images, affine, self.size, border=True), generator)
        mask_rows = data.mask_rows[rows]
        masks = torch.zeros(count, data.masks.shape[1], self.grid, self.grid)
        drawn = np.flatnonzero(mask_rows >= 0)
        if len(drawn):
            shares = torch.from_numpy(data.masks[mask_rows[drawn]]).float() / 255.0
            fine = warp(shares, affine[torch.from_numpy(drawn)], 2 * self.grid, border=False)
            masks[torch.from_numpy(drawn)] = torch.nn.functional.avg_pool2d(fine, 2)
        return Batch(
            pixels=((pixels - self.mean) / self.std).contiguous(memory_format=torch.channels_last),
            targets=torch.from_numpy(data.targets[rows]),
            masks=masks.flatten(2),
            masks_known=torch.from_numpy(mask_rows != MASKS_UNKNOWN),
        )


def plain_batches(
    data: ImageSet, batch_size: int, *, size: int, mean: float, std: float
) -> Iterator[tuple[Tensor, slice]]:
    """Give the images in order without augmentation as (N, 1, size, size), with the slice they come from."""
    for start in range(0, len(data), batch_size):
        part = slice(start, min(start + batch_size, len(data)))
        images = torch.from_numpy(data.images[part]).float()[:, None] / 255.0
        if images.shape[2] != size:
            images = torch.nn.functional.interpolate(
                images, size=(size, size), mode="bilinear", align_corners=False, antialias=True
            )
        yield ((images - mean) / std).contiguous(memory_format=torch.channels_last), part
