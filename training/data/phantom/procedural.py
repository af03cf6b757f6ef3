"""A healthy chest drawn from nothing, in attenuation units (aerated lung about 0, mediastinum about 1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from training.data.phantom.anatomy import Anatomy, measure
from training.data.phantom.bones import add_bones
from training.data.phantom.raster import Points, curve, grid, noise, polygon, sigmoid, smooth
from training.data.phantom.types import Floats
from training.data.phantom.vessels import add_airways, add_vessels

# Outline of a normal heart and upper mediastinum: x in units of the heart's half widths (negative: right),
# y from 0 at the carina to 1 at the diaphragm.
HEART = (
    (-0.42, -0.75), (-0.50, -0.35), (-0.60, 0.0), (-0.72, 0.3), (-0.98, 0.66), (-0.96, 0.95), (-0.6, 1.2), (0.2, 1.25),
    (0.80, 1.2), (0.98, 1.0), (0.98, 0.84), (0.84, 0.56), (0.62, 0.30), (0.54, 0.12), (0.50, 0.0), (0.55, -0.14),
    (0.44, -0.26), (0.30, -0.5), (0.30, -0.75),
)  # fmt: skip


@dataclass(frozen=True)
class Build:
    """Build and pose of one person; lengths in fractions of the image's side."""

    half: float
    apex: float
    dome: float
    lift: float
    depth: float
    ratio: float
    fat: float
    breasts: float
    arms: float
    bubble: float
    tilt: float
    centre: tuple[float, float]
    zoom: float

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Build:
        """A random adult."""
        u = rng.uniform
        return cls(
            half=u(0.29, 0.36),
            apex=u(0.11, 0.19),
            dome=u(0.64, 0.76),
            lift=u(0.012, 0.035),
            depth=u(0.05, 0.11),
            ratio=u(0.39, 0.475),
            fat=u(0.03, 0.14),
            breasts=u(0.08, 0.25) if u() < 0.45 else 0.0,
            arms=u(1.5, 1.9),
            bubble=u(0.2, 0.5) if u() < 0.6 else 0.0,
            tilt=float(np.clip(rng.normal(0, 0.025), -0.07, 0.07)),
            centre=(0.5 + float(np.clip(rng.normal(0, 0.02), -0.05, 0.05)), 0.5),
            zoom=u(0.94, 1.08),
        )

    def to_frame(self, x: Floats, y: Floats) -> tuple[Floats, Floats]:
        """Image coordinates to the person's: X from the midline, Y downwards."""
        cos, sin = np.float32(np.cos(self.tilt) / self.zoom), np.float32(np.sin(self.tilt) / self.zoom)
        dx, dy = x - np.float32(self.centre[0]), y - np.float32(self.centre[1])
        return dx * cos + dy * sin, dy * cos - dx * sin + np.float32(0.5)

    def to_image(self, points: Points) -> Points:
        """The person's coordinates to the image's."""
        cos, sin = np.cos(self.tilt) * self.zoom, np.sin(self.tilt) * self.zoom
        px, py = points[:, 0], points[:, 1] - 0.5
        return np.stack([px * cos - py * sin + self.centre[0], px * sin + py * cos + self.centre[1]], 1)

    @property
    def carina(self) -> float:
        """Row of the carina in the person's frame."""
        return self.apex + 0.32 * (self.dome + self.depth - self.apex)


def draw_chest(rng: np.random.Generator, size: int) -> tuple[Floats, Anatomy]:
    """A healthy chest: its attenuation [S, S] and its anatomy."""
    build = Build.draw(rng)
    x, y = grid(size)
    X, Y = build.to_frame(x, y)
    skin = _skin(build, X, Y)
    body = sigmoid(skin / 0.004)
    field, diaphragm = _lung_depth(build, X, Y)
    heart_outline = heart_points(build.half * 2 * build.ratio, build.carina, build.dome + 0.02, rng)
    heart = smooth(polygon(build.to_image(heart_outline), size), 0.0015)
    aerated = sigmoid(field / 0.0035) * (1 - 0.94 * heart)

    tissue = body * (0.3 + 0.58 * (1 - np.exp(-np.maximum(skin, 0) / np.float32(0.06)))) - 0.85 * (1 - body)
    tissue += 0.30 * sigmoid((Y - diaphragm) / 0.006) * body * sigmoid((build.half * 1.25 - np.abs(X)) / 0.03)
    tissue += 0.14 * np.exp(-((X / 0.075) ** 2)) * body
    tissue += body * np.float32(0.03) * noise(rng, size, 5, 3)
    tissue += _breasts(build, X, Y, rng) * body
    depth = 1 - np.exp(-np.maximum(field, 0) / np.float32(0.045))
    attenuation = tissue - aerated * (0.52 + 0.30 * depth - 0.10 * (Y - 0.45))
    attenuation -= build.bubble * _bubble(build, X, Y, rng) * sigmoid((Y - diaphragm - 0.012) / 0.004)
    attenuation = add_bones(attenuation, (X, Y), build.half, build.apex, body, rng=rng)

    inside = (field > 0) & (heart < 0.5)
    anatomy = measure(inside & (X < 0), inside & (X >= 0), None, body > 0.5)
    anatomy = anatomy.with_heart((heart > 0.5) & (build.carina - 0.02 < Y))
    attenuation = add_vessels(attenuation, anatomy, aerated, rng)
    attenuation = add_airways(attenuation, anatomy, rng)
    return attenuation.astype(np.float32), anatomy


def heart_points(
    width: float, carina: float, base: float, rng: np.random.Generator, *, midline: float = 0.0, jitter: float = 0.04
) -> Points:
    """Outline of a heart of this transverse width, about a third of it right of the midline."""
    right = width * float(rng.uniform(0.29, 0.37))
    left = width - right
    upper = 0.14
    points = []
    for px, py in HEART:
        half = right if px < 0 else left
        # The great vessels keep their size when the heart grows.
        grown = half if py > 0.4 else min(half, upper * (0.55 if px < 0 else 0.8))
        blend = float(np.clip((py - 0.1) / 0.4, 0, 1))
        wide = px * (blend * half + (1 - blend) * grown) if py > 0.05 else px * min(half, 0.085 if px < 0 else 0.10)
        # The widest points stay, so that the width is what was asked for.
        uneven = 1 + jitter * float(rng.normal()) * (abs(px) < 0.95)
        points.append((midline + wide * uneven, carina + py * (base - carina)))
    return curve(points, closed=True)


def _skin(build: Build, X: Floats, Y: Floats) -> Floats:
    """Rough distance to the skin, positive inside; torso, neck and arms."""
    torso = np.float32(build.half + 0.03 + build.fat)
    shoulder = sigmoid((Y - (build.apex - 0.07) - 0.16 * (np.abs(X) - 0.1)) / 0.02)
    width = 0.095 + (1.9 * build.half - 0.095) * shoulder
    below = sigmoid((Y - 0.36) / 0.03)
    trunk = (width * (1 - below) + torso * (1 + 0.06 * np.sin(5 * Y)) * below) - np.abs(X)
    arm = 0.085 - np.abs(np.abs(X) - build.half * (build.arms + 0.25 * (Y - 0.2))) * np.float32(1)
    arm = np.where(build.apex + 0.06 < Y, arm, -1)
    return np.asarray(np.maximum(trunk, arm), np.float32)


def _lung_depth(build: Build, X: Floats, Y: Floats) -> tuple[Floats, Floats]:
    """Rough distance into the lung fields (positive inside), and the diaphragm's row for every pixel."""
    side = np.abs(X) / np.float32(build.half)
    dome = build.dome + np.float32(build.lift) * sigmoid(X / np.float32(0.03))
    # Steep towards the costophrenic angle, shallow towards the heart.
    reach = np.where(side > 0.48, (side - 0.48) / 0.52, 0.5 * (0.48 - side) / 0.48)
    diaphragm = dome + np.float32(build.depth) * reach ** np.float32(2.2)
    fall = np.clip((Y - build.apex) / (build.dome + build.depth - build.apex), 0, 1.2)
    outer = build.half * (0.60 + 0.40 * np.sin(np.minimum(fall / 0.8, 1) * np.float32(np.pi / 2)) ** np.float32(0.9))
    top = build.apex + np.float32(0.085) * ((side - 0.40) / 0.36) ** 2
    inner = build.half * (0.17 + 0.10 * np.exp(-(((fall - 0.5) / 0.3) ** 2)))
    sharp = np.float32(70)
    total = np.zeros_like(fall)
    for distance in (outer - np.abs(X), Y - top, diaphragm - Y, np.abs(X) - inner):
        total += np.exp(-sharp * np.clip(distance, -0.2, 0.6))
    return np.asarray(-np.log(total) / sharp, np.float32), np.asarray(diaphragm, np.float32)


def _breasts(build: Build, X: Floats, Y: Floats, rng: np.random.Generator) -> Floats:
    cx, cy = build.half * float(rng.uniform(0.55, 0.7)), build.dome - float(rng.uniform(-0.03, 0.06))
    if not build.breasts:
        return np.zeros(np.broadcast_shapes(X.shape, Y.shape), np.float32)
    radius = np.sqrt(((np.abs(X) - cx) / (0.62 * build.half)) ** 2 + ((Y - cy) / 0.14) ** 2)
    lower = sigmoid((1 - radius) / np.where(cy < Y, np.float32(0.06), np.float32(0.35)))
    return np.asarray(build.breasts * lower, np.float32)


def _bubble(build: Build, X: Floats, Y: Floats, rng: np.random.Generator) -> Floats:
    cx, cy = build.half * float(rng.uniform(0.35, 0.6)), build.dome + build.lift + float(rng.uniform(0.03, 0.06))
    width = float(rng.uniform(0.04, 0.08))
    return sigmoid((1 - np.sqrt(((X - cx) / width) ** 2 + ((Y - cy) / 0.035) ** 2)) / 0.15)
