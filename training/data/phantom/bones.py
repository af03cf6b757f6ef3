"""Ribs, spine, clavicles and scapulae of the drawn chest; each a smooth band of added attenuation."""

from __future__ import annotations

import numpy as np

from training.data.phantom.raster import sigmoid
from training.data.phantom.types import Floats


def add_bones(
    attenuation: Floats,
    frame: tuple[Floats, Floats],
    half: float,
    apex: float,
    body: Floats,
    *,
    rng: np.random.Generator,
) -> Floats:
    """Add the skeleton of a chest with inner half width `half` and lung apex `apex`; `frame`: X and Y."""
    X, Y = frame
    u = rng.uniform
    side = np.abs(X) / np.float32(half)
    strength = float(u(0.10, 0.2))
    spacing = float(u(0.066, 0.078))
    wall = sigmoid((1.10 - side) / 0.03) * body
    # Posterior ribs leave the spine nearly level and fall towards the side.
    fall = side**2 * np.float32(u(0.04, 0.09)) - np.float32(0.012) * np.sin(side * np.float32(3.0))
    posterior = _band(Y - apex - fall + 0.02, spacing, 0.26) * wall * sigmoid((side - 0.1) / 0.05)
    # Anterior ribs fall steeply towards the middle and end in cartilage.
    rise = _anterior(side, float(u(0.2, 0.3)))
    anterior = _band(Y - apex - rise - spacing * 0.4, spacing * 1.12, 0.24) * wall * sigmoid((side - 0.5) / 0.05)
    window = sigmoid((Y - apex + 0.01) / 0.01) * sigmoid((apex + 0.72 - Y) / 0.03)
    attenuation = attenuation + window * (strength * posterior + 0.75 * strength * anterior)
    discs = 1 + 0.45 * np.cos(Y * np.float32(2 * np.pi / 0.047))
    attenuation += 0.10 * sigmoid((0.055 - np.abs(X)) / 0.006) * discs * body
    attenuation += float(u(0.18, 0.3)) * _clavicles(X, Y, half, apex, rng) * body
    attenuation += float(u(0.03, 0.1)) * _scapulae(side, Y, apex) * body
    return np.asarray(attenuation, np.float32)


def _anterior(side: Floats, drop: float) -> Floats:
    inward = np.clip(1.05 - side, 0, 1)
    return np.asarray(np.float32(drop) * inward * (1.2 - 0.5 * inward) + np.float32(0.03), np.float32)


def _band(position: Floats, spacing: float, width: float) -> Floats:
    """Periodic bands with slightly denser rims, as cortical bone has."""
    phase = position / np.float32(spacing)
    phase = np.abs(phase - np.round(phase))
    core = sigmoid((width - phase) / 0.035)
    return np.asarray(core * (0.75 + 0.5 * (phase / width) ** 2), np.float32)


def _clavicles(X: Floats, Y: Floats, half: float, apex: float, rng: np.random.Generator) -> Floats:
    total = np.zeros(np.broadcast_shapes(X.shape, Y.shape), np.float32)
    for sign in (-1, 1):
        along = sign * X / np.float32(half)
        middle = apex + float(rng.uniform(0.03, 0.07)) - float(rng.uniform(0.06, 0.12)) * along
        middle = middle + np.float32(0.012) * np.sin(along * np.float32(4.5))
        thick = np.float32(0.013) + np.float32(0.005) * (along - 0.5) ** 2
        inside = sigmoid((along - 0.12) / 0.015) * sigmoid((1.25 - along) / 0.03)
        away = np.abs(Y - middle) / thick
        total += inside * sigmoid((1 - away) / 0.15) * (0.7 + 0.4 * np.minimum(away, 1.2) ** 2)
    return total


def _scapulae(side: Floats, Y: Floats, apex: float) -> Floats:
    edge = np.float32(0.98) + np.float32(0.5) * (Y - apex - 0.12)
    return np.asarray(
        sigmoid((side - edge) / 0.02) * sigmoid((1.5 - side) / 0.1) * sigmoid((apex + 0.30 - Y) / 0.02)
        * sigmoid((Y - apex - 0.02) / 0.02), np.float32,
    )  # fmt: skip
