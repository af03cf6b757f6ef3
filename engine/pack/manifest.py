"""The manifest of a model pack (``pack.json``): the one contract between training and the engine (design §2)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from engine.pack.descriptor import Descriptor
from engine.pack.precision import PrecisionProfile
from engine.pack.reliability import ReliabilityBin

SCHEMA_VERSION = 1

OBSERVATIONS: tuple[str, ...] = (
    "No Finding",
    "Enlarged Cardiomediastinum",
    "Cardiomegaly",
    "Lung Opacity",
    "Lung Lesion",
    "Edema",
    "Consolidation",
    "Pneumonia",
    "Atelectasis",
    "Pneumothorax",
    "Pleural Effusion",
    "Pleural Other",
    "Fracture",
    "Support Devices",
)
"""The 14 CheXpert observations (Irvin et al. 2019), in the labeler's order."""

Polarity = Literal["present", "absent", "normal"]
Laterality = Literal["left", "right", "bilateral", "none"]
Severity = Literal["small", "moderate", "large", "none"]
Section = Literal["lungs", "pleura", "heart", "bones", "devices", "other"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EncoderSpec(_Strict):
    """How pixels become ``pixel_values`` and how patches lie on the image.

    Attributes
    ----------
    resize_rule : {"stretch", "shortest_side_center_crop", "shortest_edge_bicubic"}
        The last is the reference processor of the DINOv2 family (`engine.inference.bicubic`).
    resize_edge : int, optional
        Pixels of the shorter side before the crop; given for "shortest_edge_bicubic" alone, and then at least the
        input's sides.
    """

    source: str
    licence: str
    architecture: str
    input_height: Annotated[int, Field(ge=14, le=2048)]
    input_width: Annotated[int, Field(ge=14, le=2048)]
    patch_rows: Annotated[int, Field(ge=1, le=256)]
    patch_columns: Annotated[int, Field(ge=1, le=256)]
    d_model: Annotated[int, Field(ge=1, le=8192)]
    n_heads: Annotated[int, Field(ge=1, le=128)]
    layer_norm_eps: float
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    resize_rule: Literal["stretch", "shortest_side_center_crop", "shortest_edge_bicubic"]
    resize_edge: Annotated[int, Field(ge=14, le=2048)] | None = None
    intensity_rule: Literal["display", "percentile"]
    intensity_percentiles: tuple[float, float] = (1.0, 99.0)

    @model_validator(mode="after")
    def _edge_fits(self) -> EncoderSpec:
        """Only the bicubic rule has an edge, which holds the crop."""
        if (self.resize_edge is not None) != (self.resize_rule == "shortest_edge_bicubic"):
            raise ValueError("resize_edge belongs to the rule shortest_edge_bicubic, and to no other")
        if self.resize_edge is not None and self.resize_edge < max(self.input_height, self.input_width):
            raise ValueError("resize_edge is smaller than the input")
        return self

    @model_serializer(mode="wrap")
    def _without_none(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A field without a value is left out: hashes of specifications from before it existed stay what they are."""
        return {name: value for name, value in handler(self).items() if value is not None}


class SaeSpec(_Strict):
    """The sparse autoencoder (design §6)."""

    architecture: Literal["gated", "jumprelu", "topk", "batchtopk", "matryoshka", "relu"]
    variant: str = ""
    d_model: Annotated[int, Field(ge=1, le=8192)]
    n_features: Annotated[int, Field(ge=1, le=4_000_000)]
    mean_l0: float
    explained_variance: float


class GateSpec(_Strict):
    """Input gate, fitted on the pack's training images.

    The weights lie in ``gate.safetensors`` where a pack has one; these are the thresholds. A missing value means that
    check is not made by this pack.

    Attributes
    ----------
    descriptor : {"class_token", "regions"}
        What the distance and the frontal classifier are computed from: the class token alone, or with it the patch
        tokens' standard deviation and their means over a 4 x 4 grid (:mod:`engine.pack.descriptor`).
    """

    descriptor: Descriptor = "class_token"
    mahalanobis_warning: float | None = None
    mahalanobis_refusal: float | None = None
    reconstruction_warning: float | None = None
    reconstruction_refusal: float | None = None
    frontal_probability_refusal: float | None = None


class Readout(_Strict):
    """Calibrated probability of one finding from named features: sigmoid(bias + Σ weight·activation).

    Attributes
    ----------
    reliability : tuple of ReliabilityBin
        How its probabilities held on validation; empty where nothing was fitted, and in packs from before it was kept.
    """

    observation: str
    laterality: Laterality = "none"
    location: str = ""
    feature_ids: tuple[int, ...]
    weights: tuple[float, ...]
    bias: float
    threshold: Annotated[float, Field(ge=0, le=1)]
    absence_threshold: Annotated[float, Field(ge=0, le=1)] = 0.0
    reportable: bool = True
    reliability: tuple[ReliabilityBin, ...] = ()

    @property
    def title(self) -> str:
        """The finding in words, for example "Pleural Effusion left"."""
        side = "" if self.laterality == "none" else self.laterality
        return " ".join(filter(None, (self.observation, side, self.location)))

    @model_serializer(mode="wrap")
    def _without_none(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out the bins where there are none: such a readout is read by older programs too."""
        return {name: value for name, value in handler(self).items() if name != "reliability" or value}


class Calibration(_Strict):
    """Readouts fitted on the training split and calibrated on the validation split."""

    method: str
    split: str
    readouts: tuple[Readout, ...]


class DataSource(_Strict):
    """One data set the pack was trained on."""

    name: str
    licence: str
    images: int
    attribution: str = ""


class LanguageModel(_Strict):
    """The language model in whose words some descriptions are.

    Attributes
    ----------
    name, licence : str
        As the file says; empty where it says nothing.
    file, sha256 : str
        Of the GGUF file.
    prompt : str
        Strategy and version.
    descriptions, refused : int
        In its words; and those that it was asked for and which stayed in the words of templates.
    """

    name: str
    licence: str
    file: str
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    prompt: str
    descriptions: Annotated[int, Field(ge=0)]
    refused: Annotated[int, Field(ge=0)]


class Provenance(_Strict):
    """Where the pack came from; `worded_by` is None where all descriptions are in the words of templates."""

    created: str
    code_revision: str
    command: str
    seed: int
    sources: tuple[DataSource, ...]
    splits: dict[str, int]
    worded_by: LanguageModel | None = None


class FileEntry(_Strict):
    """Hash and size of one file of the pack."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    size: Annotated[int, Field(ge=0)]


class Manifest(_Strict):
    """``pack.json``.

    Attributes
    ----------
    profiles : tuple of PrecisionProfile
        Further graphs of the encoder; a pack without them has no such field and is read by older programs too.
    """

    schema_version: Literal[1]
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
    version: Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+([.-][0-9A-Za-z.-]+)?$")]
    title: str
    intended_use: str
    limits: tuple[str, ...]
    encoder: EncoderSpec
    sae: SaeSpec
    gate: GateSpec
    calibration: Calibration
    provenance: Provenance
    metrics: dict[str, float]
    files: dict[str, FileEntry]
    profiles: tuple[PrecisionProfile, ...] = ()

    @model_serializer(mode="wrap")
    def _without_none(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Leave out the profiles where there are none: such a manifest stays what it was before they existed."""
        return {name: value for name, value in handler(self).items() if name != "profiles" or value}
