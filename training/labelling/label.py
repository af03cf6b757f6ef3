"""What `saerad-train label` knows of one feature: its description, the figures behind it, the images behind those."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.pack.features import N_QUANTILES, Evidence, FeatureRecord
from engine.pack.manifest import Laterality, Polarity, Section, Severity
from training.labelling.cases import Attribute
from training.labelling.evidence import excerpt

Share = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Witness(_Strict):
    """A training image on which a feature fires.

    Attributes
    ----------
    image : str
        ``source/name``.
    activation : float
    percentile : float
        Of the activation among those of all firing images, 0..100.
    text : str
        Beginning of its report, where it may ship with a pack.
    """

    image: str
    activation: float
    percentile: Annotated[float, Field(ge=0.0, le=100.0)]
    text: str = ""


class NearMiss(_Strict):
    """A training image on which a feature is silent, but close to firing; `margin` is what it lacks, 0 or less."""

    image: str
    margin: float


class Statistics(_Strict):
    """Figures behind a description; those of a statement are 0, or 1 for the p-values, where nothing is stated.

    Attributes
    ----------
    firing, held_out_firing : int
        Images on which the feature fires, of the training images and of the held-out ones.
    odds_ratio, bound, share, p_value
        See :class:`training.labelling.choose.Choice`.
    q_value : float
        The p-value corrected for all features that were looked at (Benjamini and Hochberg).
    precision : float
        Lower bound of the share of held-out firing images of which the description is true.
    scored : bool
        Whether there were enough held-out images for a score.
    rank : float
        Mean rank of the description among five, by the same images: 1 best, 3 chance; 0 where it was not ranked.
    """

    firing: Count
    held_out_firing: Count
    odds_ratio: float = 0.0
    bound: float = 0.0
    share: Share = 0.0
    p_value: Share = 1.0
    q_value: Share = 1.0
    precision: Share = 0.0
    scored: bool = False
    rank: Annotated[float, Field(ge=0.0, le=5.0)] = 0.0


class Words(_Strict):
    """Whose words a description is in.

    Attributes
    ----------
    by : {"templates", "model"}
        A language model's words are taken only where they say what the statistics bear out.
    proposed : str
        What a model proposed and was not taken.
    refused : str
        Why a model's words were not taken, or why it has none; empty where it was not asked.
    template : str
        The words by templates, where the model's were taken.
    """

    by: Literal["templates", "model"] = "templates"
    proposed: str = ""
    refused: str = ""
    template: str = ""


class FeatureLabel(_Strict):
    """One line of ``labels.jsonl``; fields without a description here are those of a pack's feature."""

    id: Count
    description: str
    observation: str
    polarity: Polarity
    laterality: Laterality
    location: str
    severity: Severity
    section: Section
    label_score: Share
    reportable: bool
    firing_rate: Share
    quantiles: Annotated[tuple[float, ...], Field(min_length=N_QUANTILES, max_length=N_QUANTILES)]
    duplicate_group: Count
    statistics: Statistics
    firing: tuple[Witness, ...]
    near_misses: tuple[NearMiss, ...]
    words: Words = Words()

    @property
    def attribute(self) -> Attribute | None:
        """What the description says; None where it names no finding."""
        if not self.observation:
            return None
        return Attribute(self.observation, self.polarity, self.laterality, self.location, self.severity)

    def record(self) -> FeatureRecord:
        """Return the feature as a pack has it."""
        return FeatureRecord(**{name: getattr(self, name) for name in FeatureRecord.__dataclass_fields__})

    def evidence(self) -> list[Evidence]:
        """Return the images that a pack may show for the feature, strongest first; none for one without a finding."""
        shown = [witness for witness in self.firing if witness.text] if self.observation else []
        return [Evidence(self.id, rank, w.image, w.activation, excerpt(w.text)) for rank, w in enumerate(shown)]


class ChunkLabels(_Strict):
    """The features of a chunk that fire on the training images.

    Attributes
    ----------
    number : int
        Of the chunk.
    labels : tuple of FeatureLabel
        By id, each in a group of its own and with a q-value of 1.
    fires : tuple of tuple of int
        For each label, the training images on which it fires, ascending.
    samples : tuple
        For each label, the held-out images that it was scored on: those that fire and silent ones; None without score.
    """

    number: Count
    labels: tuple[FeatureLabel, ...]
    fires: tuple[tuple[int, ...], ...]
    samples: tuple[tuple[tuple[int, ...], tuple[int, ...]] | None, ...]
