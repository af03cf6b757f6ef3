"""Describe features and say how good the descriptions are: what one feature's label needs, and no other feature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.pack.features import FeatureRecord
from training.labelling.cases import Attribute, Case
from training.labelling.choose import Choice, Chooser, Marks, Rules
from training.labelling.describe import Wording
from training.labelling.evidence import near_misses, quantiles
from training.labelling.score import Sample, detection_samples, detection_scores, precision_bounds, truth_of

FloatArray = npt.NDArray[np.float32]
STYLE_SHARE = 0.9
CHANCE = 0.5


@dataclass(frozen=True)
class ScoreRules:
    """When a draft may cite a description.

    Attributes
    ----------
    detection : float
        Balanced accuracy on held-out images that a positive description must reach.
    precision : float
        Lower bound of a denial's precision on held-out images.
    minimum_scored : int
        Held-out firing images that a score needs.
    """

    detection: float = 0.58
    precision: float = 0.85
    minimum_scored: int = 5


@dataclass(frozen=True, eq=False)
class Activity:
    """Some features on some images; each array has the shape (images, features).

    Attributes
    ----------
    activations : ndarray of float32
        Zero where a feature is off.
    margin : ndarray of float32
        Pre-activation less threshold.
    fires, near : ndarray of bool
        Where features fire, and the silent images that come closest to firing them.
    """

    activations: FloatArray
    margin: FloatArray
    fires: Marks
    near: Marks

    def column(self, feature: int) -> tuple[FloatArray, FloatArray]:
        """Return activations and margins of one feature."""
        return self.activations[:, feature], self.margin[:, feature]


def activity(preactivations: FloatArray, threshold: FloatArray) -> Activity:
    """Return what features do, from their pre-activations (images, features) and thresholds (features,)."""
    margin = preactivations - threshold
    activations = np.where(preactivations > threshold, preactivations, np.float32(0.0))
    return Activity(activations, margin, activations > 0, near_misses(activations, margin))


@dataclass(frozen=True)
class Verdict:
    """A feature's description and how well it does.

    Attributes
    ----------
    choice : Choice or None
        What the description says; None where the evidence supports nothing.
    description : str
    score : float
        Balanced accuracy on held-out images; NaN where there are too few.
    precision : float
        Lower bound of the share of held-out firing images of which the description is true.
    reportable : bool
        Whether a draft may cite it.
    sample : Sample or None
        Held-out images that it was scored on.
    """

    choice: Choice | None
    description: str
    score: float
    precision: float
    reportable: bool
    sample: Sample | None = None

    @property
    def scored(self) -> bool:
        """Whether there were enough held-out images for a score."""
        return not np.isnan(self.score)

    @property
    def attribute(self) -> Attribute:
        """What the description says; an attribute without an observation where it says nothing."""
        return self.choice.attribute if self.choice is not None else Attribute("", "normal")


class Judge:
    """Describes features by training images and scores the descriptions on held-out ones.

    Parameters
    ----------
    train_cases, held_out_cases : sequence of Case
    wording : Wording
    rules : Rules
    scoring : ScoreRules
    """

    def __init__(
        self,
        train_cases: Sequence[Case],
        held_out_cases: Sequence[Case],
        *,
        wording: Wording,
        rules: Rules,
        scoring: ScoreRules,
    ) -> None:
        self._chooser = Chooser(train_cases, rules)
        self._sources = [case.source for case in train_cases]
        self._everywhere = Counter(self._sources)
        self._held_out_cases = held_out_cases
        self._wording, self._scoring = wording, scoring

    def verdicts(self, train: Activity, held_out: Activity, rngs: Iterable[np.random.Generator]) -> list[Verdict]:
        """Judge features; `rngs` as in `training.labelling.score.detection_samples`."""
        choices = self._chooser.choose(train.fires, train.near)
        attributes = [choice.attribute if choice is not None else None for choice in choices]
        truths, least = truth_of(attributes, self._held_out_cases), self._scoring.minimum_scored
        samples = detection_samples(attributes, held_out.fires, held_out.near, truths, minimum_firing=least, rngs=rngs)
        scores = detection_scores(attributes, samples, truths).tolist()
        bounds = precision_bounds(attributes, held_out.fires, truths).tolist()
        found = []
        for feature, (choice, score, bound) in enumerate(zip(choices, scores, bounds, strict=True)):
            style = self._style(train.fires[:, feature]) if choice is None else ""
            description = self._wording.describe(attributes[feature], style)
            found.append(
                Verdict(choice, description, score, bound, self._reliable(choice, score, bound), samples[feature])
            )
        return found

    def record(self, ident: int, verdict: Verdict, activations: FloatArray, group: int) -> FeatureRecord:
        """Return a feature as a pack has it, from its activations on the training images, shape (images,)."""
        attribute = verdict.attribute
        return FeatureRecord(
            id=ident,
            description=verdict.description,
            observation=attribute.observation,
            polarity=attribute.polarity,
            laterality=attribute.laterality,
            location=attribute.location,
            severity=attribute.severity,
            section=self._wording.section(attribute if verdict.choice is not None else None),
            label_score=rounded(verdict.score),
            reportable=verdict.reportable,
            firing_rate=round(float((activations > 0).mean()), 6),
            quantiles=quantiles(activations),
            duplicate_group=group,
        )

    def _reliable(self, choice: Choice | None, score: float, precision: float) -> bool:
        if choice is None:
            return False
        if choice.attribute.polarity == "present":
            return rounded(score) >= self._scoring.detection
        return precision >= self._scoring.precision

    def _style(self, fires: npt.NDArray[np.bool_]) -> str:
        """Return the source that nearly all firing images come from, if it is not that of nearly all images."""
        sources = Counter(self._sources[int(i)] for i in np.flatnonzero(fires))
        source, count = sources.most_common(1)[0]
        everywhere = self._everywhere[source] / len(self._sources)
        return source if count / sum(sources.values()) >= STYLE_SHARE > everywhere else ""


def rounded(score: float) -> float:
    """Return a score as labels state it; chance where it is not known."""
    return round(CHANCE if np.isnan(score) else score, 4)
