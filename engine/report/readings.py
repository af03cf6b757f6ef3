"""What composition may rely on in an analysis: its reportable active features and its calibrated probabilities."""

from __future__ import annotations

from collections.abc import Callable

from engine.inference.analysis import ActiveFeature, Analysis, ObservationProbability
from engine.report.unsupportable import may_speak
from engine.report.vocabulary import NO_FINDING, NORMAL_OF_SECTION, PARENTS, implies


class Readings:
    """Look-ups in one analysis.

    Attributes
    ----------
    features : tuple of ActiveFeature
        Reportable features that are active, strongest first; nothing else may reach a sentence. One whose label speaks
        of change, comparison or history is none of them, whatever its pack says.
    """

    def __init__(self, analysis: Analysis) -> None:
        usable = [feature for feature in analysis.features if feature.reportable and feature.activation > 0.0]
        usable = [feature for feature in usable if may_speak(feature)]
        self.features = tuple(sorted(usable, key=lambda feature: (-feature.activation, feature.id)))
        self._readouts = {(r.observation, r.laterality, r.location): r for r in analysis.observations}

    def overall(self, observation: str) -> ObservationProbability | None:
        """Return the readout of an observation at all."""
        return self._readouts.get((observation, "none", ""))

    def side(self, observation: str, side: str, location: str = "") -> ObservationProbability | None:
        """Return the readout of an observation on one side, for a device that of its name."""
        return self._readouts.get((observation, side, location))

    def placed(self, observation: str, location: str) -> list[ObservationProbability]:
        """Return the readouts of an observation in one location, on any side."""
        return [
            r for r in self._readouts.values() if r.observation == observation and r.location == location and location
        ]

    def observed(self) -> list[str]:
        """Return the observations with a readout of their own, in the analysis' order."""
        return [name for name, laterality, location in self._readouts if laterality == "none" and not location]

    def suspected(self, observation: str) -> bool:
        """Whether any readout of this observation, or of one that implies it, reaches its threshold."""
        return any(passes(r) for r in self._readouts.values() if implies(r.observation, observation))

    def anything_suspected(self) -> bool:
        """Whether any readout but that of No Finding reaches its threshold."""
        return any(passes(r) for r in self._readouts.values() if r.observation != NO_FINDING)

    def supporters(self, observation: str) -> list[ActiveFeature]:
        """Return the features that say the observation is present; failing these, those of one that implies it."""
        own = self._select(lambda f: f.polarity == "present" and f.observation == observation)
        return own or self._select(lambda f: f.polarity == "present" and implies(f.observation, observation))

    def deniers(self, observation: str) -> list[ActiveFeature]:
        """Return the features that say the observation is absent, or its structure normal."""
        return self._select(lambda f: f.polarity in ("absent", "normal") and denied_observation(f) == observation)

    def general_deniers(self, observation: str) -> list[ActiveFeature]:
        """Return the features that deny something more general on the whole image, or call that image normal."""
        parent = PARENTS.get(observation, "")
        overall = self.overall(parent)
        general = self.deniers(parent) if overall is not None and excluded(overall) else []
        whole = [f for f in general if f.laterality in ("none", "bilateral") and not f.location]
        return whole or self._select(says_normal)

    def _select(self, wanted: Callable[[ActiveFeature], bool]) -> list[ActiveFeature]:
        return [feature for feature in self.features if wanted(feature)]


def passes(readout: ObservationProbability) -> bool:
    """Whether a readout reaches its threshold and its pack lets it speak."""
    return readout.reportable and readout.probability >= readout.threshold


def excluded(readout: ObservationProbability) -> bool:
    """Whether a readout is low enough to state absence."""
    return readout.reportable and readout.probability < min(readout.absence_threshold, readout.threshold)


def says_normal(feature: ActiveFeature) -> bool:
    """Whether a feature says by itself that the image shows no finding."""
    return feature.observation == NO_FINDING and feature.polarity in ("present", "normal")


def denied_observation(feature: ActiveFeature) -> str:
    """Return the observation whose absence a negative feature means."""
    if feature.observation:
        return feature.observation
    return NORMAL_OF_SECTION.get(feature.section, "") if feature.polarity == "normal" else ""
