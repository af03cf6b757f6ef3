"""Real normal radiographs to draw on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

from training.data.phantom.anatomy import Anatomy, measure
from training.data.phantom.lungfields import estimate_lungs
from training.data.phantom.tone import Tone
from training.data.phantom.types import Bools, Floats


@dataclass(frozen=True)
class Background:
    """A normal radiograph with estimated lung fields.

    Attributes
    ----------
    image : uint8 [N, N]
        Squeezed to a square.
    right, left, body : bool [N, N]
        Lung fields of the patient's sides; everything that is not air around the patient.
    lung_level, soft_level : float
        Brightness of aerated lung and of the mediastinum, 0..1.
    """

    name: str
    image: NDArray[np.uint8]
    right: Bools
    left: Bools
    body: Bools
    lung_level: float
    soft_level: float


def load_background(path: Path) -> Background | None:
    """Read an image as a background; None where the lung fields cannot be told with confidence.

    Raises
    ------
    OSError
        When the file is not an image Pillow can read.
    """
    with Image.open(path) as opened:
        picture = opened.convert("L")
    side = min(512, max(picture.size))
    image = np.asarray(picture.resize((side, side), Image.Resampling.BICUBIC), np.uint8)
    estimate = estimate_lungs(image)
    if estimate is None:
        return None
    right, left = estimate
    values = image.astype(np.float32) / 255
    body = _body(values)
    anatomy = measure(right, left, None, body)
    inner = ndimage.binary_erosion(anatomy.lungs, iterations=3)
    soft = float(np.median(values[anatomy.heart]))
    lung = float(np.median(values[inner])) if inner.any() else 1.0
    # The exposure must leave room between lung and mediastinum, and between mediastinum and white.
    if soft - lung < 0.16 or soft > 0.97 or lung < 0.02:
        return None
    if _foreign(values, inner, soft - lung):
        return None
    if not 0.34 < anatomy.cardiothoracic_ratio() < 0.49:
        return None
    return Background(path.name, image, right, left, body, lung, soft)


def pose_background(background: Background, rng: np.random.Generator, size: int) -> tuple[Floats, Anatomy, Tone]:
    """Resample a background with a small random turn, zoom and shift: attenuation, anatomy and its own tone."""
    angle = float(np.clip(rng.normal(0, 0.02), -0.05, 0.05))
    zoom = float(rng.uniform(1.0, 1.10))
    shift = rng.normal(0, 0.01, 2)
    side = background.image.shape[0]
    cos, sin = np.cos(angle) / zoom * side / size, np.sin(angle) / zoom * side / size
    cx, cy = side * (0.5 + float(shift[0])), side * (0.5 + float(shift[1]))
    matrix = (cos, sin, cx - (cos + sin) * size / 2, -sin, cos, cy - (cos - sin) * size / 2)

    method = Image.Resampling.BILINEAR if size <= side else Image.Resampling.BICUBIC

    def resample(values: NDArray[np.uint8]) -> Floats:
        picture = Image.fromarray(values).transform((size, size), Image.Transform.AFFINE, matrix, method)
        return np.asarray(picture, np.float32) / np.float32(255)

    image = resample(_shrink(background.image, size, zoom))
    fields = (background.right, background.left, background.body)
    masks = [resample(np.where(mask, 255, 0).astype(np.uint8)) > 0.5 for mask in fields]
    tone = Tone(background.lung_level, background.soft_level)
    attenuation = (image - tone.lung) / np.float32(tone.soft - tone.lung)
    return attenuation, measure(masks[0], masks[1], None, masks[2]), tone


def _shrink(image: NDArray[np.uint8], size: int, zoom: float) -> NDArray[np.uint8]:
    """Low-pass an image that is about to be shrunk, so that ribs and vessels do not alias."""
    ratio = image.shape[0] / (size * zoom)
    if ratio <= 1.2:
        return image
    return np.asarray(ndimage.gaussian_filter(image, 0.45 * ratio), np.uint8)


def _foreign(values: Floats, inner: Bools, contrast: float) -> bool:
    """Whether something small and as bright as metal lies in the lung fields (ports, wires, buttons)."""
    pixels = max(3, round(0.03 * values.shape[0]) | 1)
    small = values - ndimage.grey_opening(values, (pixels, pixels))
    return bool(np.quantile(small[inner], 0.998) > 0.65 * contrast)


def _body(values: Floats) -> Bools:
    """Everything brighter than air outside the patient, with holes filled."""
    bright = ndimage.gaussian_filter(values, 2) > 0.06
    labels, count = ndimage.label(bright)
    if count == 0:
        return np.ones(values.shape, np.bool_)
    sizes = np.bincount(labels.ravel())[1:]
    body: Bools = ndimage.binary_fill_holes(labels == int(sizes.argmax()) + 1)
    return body
