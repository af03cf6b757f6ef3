"""What the model said of one image: immutable, bound to that image and to one pack (design §3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.errors import InferenceError
from engine.pack.precision import Precision

Verdict = Literal["suitable", "warning", "refused"]


@dataclass(frozen=True)
class GateVerdict:
    """Whether the image is one the pack was made for.

    Attributes
    ----------
    code : str
        ``OK`` or the reason, such as ``NOT_A_RADIOGRAPH``, ``NOT_A_CHEST``, ``LATERAL_VIEW``, ``OUT_OF_DISTRIBUTION``.
    message : str
        One sentence for the person.
    """

    verdict: Verdict
    code: str
    message: str


@dataclass(frozen=True)
class ActiveFeature:
    """A feature that fired: its activation (unit of the SAE) and percentile within its own distribution (0..100).

    ``typical`` is its median activation on the training images where it is active, the unit of its heat map's colour
    scale; 0 when that is not known.
    """

    id: int
    description: str
    activation: float
    percentile: float
    observation: str
    polarity: str
    laterality: str
    location: str
    severity: str
    section: str
    label_score: float
    reportable: bool
    typical: float = 0.0


@dataclass(frozen=True, eq=False)
class FeatureMap:
    """Where the class token read one feature from.

    Attributes
    ----------
    values : ndarray of float32, shape (patch_rows, patch_columns)
        Contribution of each patch to the feature's pre-activation (signed, unit of the pre-activation).
    remainder : float
        The part of the pre-activation that no patch carries; values.sum() + remainder = preactivation.
    method : str
        Name shown in the legend.
    box : tuple of float
        (left, top, right, bottom) of the patch grid in image pixels (column, row), from the resize rule.
    """

    feature_id: int
    values: npt.NDArray[np.float32]
    preactivation: float
    remainder: float
    method: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class ObservationProbability:
    """Calibrated probability of an observation (laterality "none" = the observation at all).

    ``reportable`` is the readout's own flag: a draft neither states nor denies what is False here.
    """

    observation: str
    laterality: str
    location: str
    probability: float
    threshold: float
    absence_threshold: float
    feature_ids: tuple[int, ...]
    reportable: bool = True


@dataclass(frozen=True, eq=False)
class Analysis:
    """The model's answer for one image.

    ``features`` are sorted by percentile, then activation, both descending. A refused image has no features,
    observations, or maps. ``warnings`` say what a person should know of how it was computed, such as another device
    than the one asked for. ``precision`` is that of the encoder's graph. ``pack_sha256`` is the hash of the pack's
    manifest, which lists those of its files; name and version alone do not tell two builds of a pack apart.
    """

    sop_instance_uid: str
    pixel_sha256: str
    pack_name: str
    pack_version: str
    provider: str
    gate: GateVerdict
    features: tuple[ActiveFeature, ...]
    observations: tuple[ObservationProbability, ...]
    maps: dict[int, FeatureMap]
    explained_variance: float
    timing_ms: dict[str, float]
    warnings: tuple[str, ...] = ()
    pack_sha256: str = ""
    precision: Precision = "fp32"

    def require_image(self, sop_instance_uid: str, pixel_sha256: str) -> None:
        """Refuse to be used beside another image.

        Raises
        ------
        InferenceError
            ``WRONG_IMAGE`` when either identity differs.
        """
        if (sop_instance_uid, pixel_sha256) != (self.sop_instance_uid, self.pixel_sha256):
            raise InferenceError("WRONG_IMAGE", "this analysis belongs to another image", "analyse the image shown")
