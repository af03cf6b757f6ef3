"""From attenuation to displayed brightness: exposure, contrast, grain and the markers burnt into real films."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from training.data.phantom.raster import grid, noise, resize
from training.data.phantom.types import Floats


@dataclass(frozen=True)
class Tone:
    """Linear display: brightness of aerated lung and of the mediastinum, 0..1."""

    lung: float
    soft: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Tone:
        """An exposure as found in practice."""
        lung = float(rng.uniform(0.14, 0.42))
        return cls(lung, min(0.92, lung + float(rng.uniform(0.30, 0.5))))


def finish(attenuation: Floats, tone: Tone, rng: np.random.Generator, grain: float) -> Floats:
    """Displayed brightness 0..1; every phantom, normal or not, real background or not, passes here.

    Parameters
    ----------
    attenuation : float32 [S, S]
    grain : float
        Deviation of the noise that is added, in displayed brightness.
    """
    size = attenuation.shape[0]
    shown = tone.lung + (tone.soft - tone.lung) * attenuation
    x, y = grid(size)
    shown = shown * (1 + float(rng.normal(0, 0.03)) * (x - 0.5) + float(rng.normal(0, 0.05)) * (y - 0.5))
    shown += np.float32(0.5 * grain) * noise(rng, size, 40, 2)
    # Grain has the same look at any size: white at the reference size of 256, correlated when larger.
    white = rng.standard_normal((min(size, 512),) * 2, dtype=np.float32)
    shown += np.float32(grain) * resize(white, size)
    knee = np.float32(0.86)
    over = np.maximum(shown - knee, 0) / (1 - knee)
    shown = np.minimum(shown, knee) + (1 - knee) * np.tanh(over)
    gamma = np.float32(np.exp(rng.normal(0, 0.12)))
    return np.asarray(np.clip(shown, 0, 1) ** gamma, np.float32)


def burn_marker(shown: Floats, rng: np.random.Generator) -> Floats:
    """Burn a side marker (R or L on its own side) or a label into the image; independent of any finding."""
    size = shown.shape[0]
    side = "R" if rng.random() < 0.5 else "L"
    text = side if rng.random() < 0.8 else f"{side}  PA"
    height = float(rng.uniform(0.035, 0.065))
    x = float(rng.uniform(0.03, 0.12) if side == "R" else rng.uniform(0.85, 0.93) - (0.09 if len(text) > 1 else 0))
    y = float(rng.uniform(0.03, 0.2))
    layer = Image.new("L", (size, size))
    font = ImageFont.load_default(size=max(8, height * size))
    ImageDraw.Draw(layer).text((x * size, y * size), text, fill=255, font=font)
    if rng.random() < 0.4:
        layer = layer.rotate(float(rng.uniform(-20, 20)), center=(x * size, y * size))
    cover = np.asarray(layer, np.float32) / 255 * float(rng.uniform(0.6, 1.0))
    return np.asarray(shown * (1 - cover) + cover * 0.97, np.float32)
