"""Decide whether an image is one the pack was made for, from its header, its pixels and the model's own view of it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from engine.dicom.radiograph import Radiograph
from engine.inference.analysis import GateVerdict
from engine.pack.arrays import GateArrays
from engine.pack.manifest import GateSpec

UNEVEN = 0.04
"""Of neighbouring greys of a radiograph half differ at least, because of its grain; of a chart's one in fifty."""
SUITABLE = GateVerdict("suitable", "OK", "the image is one this pack was made for")
FloatImage = npt.NDArray[np.float32]
Vector = npt.NDArray[np.floating]


def refused(code: str, message: str) -> GateVerdict:
    """No features, observations, maps or draft."""
    return GateVerdict("refused", code, message)


def warning(code: str, message: str) -> GateVerdict:
    """Analysed, with a warning beside every result."""
    return GateVerdict("warning", code, message)


INVERTED = refused(
    "INVERTED_POLARITY",
    "black and white seem to be exchanged: only the image's negative looks like a frontal chest radiograph",
)


def combine(verdicts: Sequence[GateVerdict]) -> GateVerdict:
    """Return the first refusal, else all warnings in one (first code, every message), else suitable."""
    for verdict in verdicts:
        if verdict.verdict == "refused":
            return verdict
    warnings = [verdict for verdict in verdicts if verdict.verdict == "warning"]
    if not warnings:
        return SUITABLE
    return warning(warnings[0].code, "; ".join(dict.fromkeys(verdict.message for verdict in warnings)))


def weigh_view(header: GateVerdict, seen: GateVerdict) -> GateVerdict:
    """Decide between a header that refuses the view and what the model sees: no chest at all weighs more."""
    if seen.code != "NOT_A_CHEST":
        return header
    return refused(seen.code, f"{seen.message}, and {header.message}")


def refuses(verdicts: Sequence[GateVerdict]) -> bool:
    """Whether any of them is a refusal."""
    return any(verdict.verdict == "refused" for verdict in verdicts)


def polarity_verdict(radiograph: Radiograph) -> GateVerdict:
    """Refuse an image whose black and white are exchanged, and name the tag that contradicts its pixels.

    It is not turned round: what is analysed has to be what is shown, and on the word of a model nobody is shown
    another picture than the file's.
    """
    if not radiograph.is_dicom:
        return INVERTED
    tag = radiograph.acquisition.photometric
    if radiograph.grayscale.inverted != (tag == "MONOCHROME1"):
        tag = "presentation LUT"  # it overrules the other
    return refused(INVERTED.code, f"{INVERTED.message}, so the header's {tag} seems to be wrong")


def pixel_verdict(image: FloatImage) -> GateVerdict:
    """Refuse what no radiograph looks like: an empty frame, a page of text or a drawing.

    Parameters
    ----------
    image : ndarray of float32, shape (rows, columns)
        As displayed, 0 black to 1 white.
    """
    step = max(1, min(image.shape) // 512)
    sample = image[::step, ::step]
    low, high = (float(value) for value in np.percentile(sample, (1.0, 99.0)))
    if high - low < 0.02:
        return refused("NOT_A_RADIOGRAPH", "the image is blank as displayed")
    level = (sample - low) / (high - low)
    grey = (level > 0.1) & (level < 0.9)
    # Soft tissue, lung and air give a radiograph many greys between its black and its white; ink on paper has few.
    if float(np.mean(grey)) < 0.12:
        return refused(
            "NOT_A_RADIOGRAPH", "the image has almost no greys between black and white, like a page or a drawing"
        )
    if _share_uneven(level, grey) < UNEVEN:
        return refused("NOT_A_RADIOGRAPH", "the image's greys are flat areas, like those of a chart or a drawing")
    return SUITABLE


def _share_uneven(level: FloatImage, grey: npt.NDArray[np.bool_]) -> float:
    """Return of the neighbours that both are grey the share which differ at all."""
    beside = np.abs(np.diff(level, axis=1))[grey[:, 1:] & grey[:, :-1]]
    below = np.abs(np.diff(level, axis=0))[grey[1:] & grey[:-1]]
    pairs = beside.size + below.size
    # A quarter of the step between two of 256 greys.
    return (int(np.sum(beside > 0.001)) + int(np.sum(below > 0.001))) / max(1, pairs)


class ModelGate:
    """The pack's fitted checks on what its encoder made of an image.

    With x the image's descriptor and y = projection · x (y = x without one), the distance is
    sqrt((y - mean)ᵀ precision (y - mean)), and the frontal probability is sigmoid(frontal_weight · x + frontal_bias).
    The reconstruction error is the share of the class token's variance that the SAE leaves unexplained,
    |c - c_hat|² / |c - b_dec|². A threshold that the pack does not give is not checked.
    """

    def __init__(self, spec: GateSpec, arrays: GateArrays | None) -> None:
        self._spec = spec
        self._arrays = arrays

    def distance(self, descriptor: Vector) -> float:
        """Mahalanobis distance of one descriptor, shape (M,), from the training images; 0 when the pack has none."""
        if self._arrays is None:
            return 0.0
        place = descriptor.astype(np.float64)
        if self._arrays.projection is not None:
            place = self._arrays.projection.astype(np.float64) @ place
        offset = place - self._arrays.mean
        return math.sqrt(max(0.0, float(offset @ self._arrays.precision.astype(np.float64) @ offset)))

    def descriptor_verdict(self, descriptor: Vector, inverted: Vector | None = None) -> GateVerdict:
        """Judge by where the descriptor lies.

        Parameters
        ----------
        descriptor : ndarray, shape (M,)
        inverted : ndarray, shape (M,), optional
            That of the same image with black and white exchanged, given when the image itself is not suitable: when
            that one is, the polarity is the reason. One that would be analysed with a warning proves nothing, as the
            negative of a portrait would.
        """
        own = self._upright_verdict(descriptor)
        if inverted is None or own == SUITABLE or self._upright_verdict(inverted) != SUITABLE:
            return own
        if own.verdict == "refused" or self.distance(inverted) < 0.75 * self.distance(descriptor):
            return INVERTED
        return own

    def _upright_verdict(self, descriptor: Vector) -> GateVerdict:
        distance = _limits(
            self.distance(descriptor),
            self._spec.mahalanobis_warning,
            self._spec.mahalanobis_refusal,
            "the image is unlike the chest radiographs this pack was made from",
        )
        return combine([self._frontal_verdict(descriptor), distance])

    def reconstruction_verdict(self, unexplained: float) -> GateVerdict:
        """Judge by the share of the token that the SAE could not rebuild, 0 (all rebuilt) and up."""
        return _limits(
            unexplained,
            self._spec.reconstruction_warning,
            self._spec.reconstruction_refusal,
            "the features explain too little of what the encoder saw in this image",
        )

    def _frontal_verdict(self, descriptor: Vector) -> GateVerdict:
        limit, arrays = self._spec.frontal_probability_refusal, self._arrays
        if limit is None or arrays is None or arrays.frontal_weight is None:
            return SUITABLE
        logit = float(descriptor.astype(np.float64) @ arrays.frontal_weight) + arrays.frontal_bias
        if 1.0 / (1.0 + np.exp(-np.clip(logit, -500.0, 500.0))) < limit:
            return refused("NOT_A_CHEST", "the image does not look like an upright frontal chest radiograph")
        return SUITABLE


def _limits(value: float, first: float | None, second: float | None, message: str) -> GateVerdict:
    if second is not None and value > second:
        return refused("OUT_OF_DISTRIBUTION", message)
    if first is not None and value > first:
        return warning("OUT_OF_DISTRIBUTION", message)
    return SUITABLE
