"""Decide what a feature stands for, from statistics alone, and word it from templates."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.pack.manifest import Section
from training.labelling.association import Z_ONE_SIDED_95, Tables, conditional_log_odds, count
from training.labelling.cases import DEVICES, NORMAL, Attribute, Case, concept_attributes, refinements, truth_matrix

LOG_TWO = float(np.log(2.0))


@dataclass(frozen=True)
class Rules:
    """How much evidence a statement needs.

    Attributes
    ----------
    minimum_images : int
        Images with an attribute before it is considered at all.
    minimum_firing : int
        Training images a feature must fire on.
    majority : float
        Lower 95 % bound of the share of firing images that have the finding.
    detail_majority : float
        The same for a side, severity or location, among firing images that have the finding.
    absence : float
        The same for the absence of a finding.
    """

    minimum_images: int = 15
    minimum_firing: int = 8
    majority: float = 0.5
    detail_majority: float = 0.6
    absence: float = 0.9


def choose_attributes(
    fires: npt.NDArray[np.bool_], near: npt.NDArray[np.bool_], cases: Sequence[Case], rules: Rules
) -> list[Attribute | None]:
    """Choose what each feature stands for.

    A finding must be over-represented among the firing images against all others and against the near misses (odds
    ratio above 2 with 95 % confidence), must stay so within the images with and without every other finding
    (Mantel-Haenszel), and must be present on most of the firing images. Among those that qualify, the one that best
    predicts firing wins; it is refined by side, severity and location where these are over-represented in turn. Only
    then is a normal chest, or the absence of a finding, considered.

    Parameters
    ----------
    fires, near : ndarray of bool, shape (images, features)
        Where features fire, and the silent images that come closest to firing them.
    cases : sequence of Case
        What is known of the images, in the same order.

    Returns
    -------
    list of Attribute or None
        One per feature; None where the evidence supports nothing.
    """
    concepts = concept_attributes(cases, rules.minimum_images)
    normal = Attribute(NORMAL, "normal")
    columns = [*concepts, normal]
    truth = truth_matrix(columns, cases)
    table = count(fires, truth)
    overall, spread = table.log_odds()
    against_near = _near_log_odds(fires, near, truth)
    floor = np.minimum(overall - Z_ONE_SIDED_95 * spread, against_near)
    ceiling = overall + Z_ONE_SIDED_95 * spread
    for index, given in enumerate(concepts):
        others = [i for i, other in enumerate(columns) if other != given and other.polarity == "present"]
        estimate, error = conditional_log_odds(fires, truth[:, others], truth[:, index])
        floor[:, others] = np.minimum(floor[:, others], estimate - Z_ONE_SIDED_95 * error)
    share = table.share_of_firing()
    absent_share = Tables(table.fires_only, table.both, table.neither, table.holds_only).share_of_firing()
    quality = table.balanced_accuracy()
    enough = fires.sum(0) >= rules.minimum_firing
    detail = {concept: _Refiner(concept, fires, cases, rules) for concept in concepts}
    chosen: list[Attribute | None] = []
    n = len(concepts)
    for feature in range(fires.shape[1]):
        if not enough[feature]:
            chosen.append(None)
            continue
        present = (floor[feature, :n] > LOG_TWO) & (share[feature, :n] >= rules.majority)
        absent = (ceiling[feature, :n] < -LOG_TWO) & (absent_share[feature, :n] >= rules.absence)
        if present.any():
            best = int(np.argmax(np.where(present, quality[feature, :n], -1.0)))
            chosen.append(detail[concepts[best]].refine(feature))
        elif floor[feature, n] > LOG_TWO and share[feature, n] >= rules.majority:
            chosen.append(normal)
        elif absent.any():
            best = int(np.argmin(np.where(absent, quality[feature, :n], 2.0)))
            chosen.append(replace(concepts[best], polarity="absent"))
        else:
            chosen.append(None)
    return chosen


def _near_log_odds(
    fires: npt.NDArray[np.bool_], near: npt.NDArray[np.bool_], truth: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """Return the lower bound of the log odds ratio of firing images against near misses only."""
    a, b = count(fires, truth), count(near, truth)
    log_odds, spread = Tables(a.both, a.fires_only, b.both, b.fires_only).log_odds()
    return log_odds - Z_ONE_SIDED_95 * spread + LOG_TWO  # a near miss shares much: any significant excess will do


class _Refiner:
    """Adds side, severity and location to a concept where the firing images have them beyond the others."""

    def __init__(self, concept: Attribute, fires: npt.NDArray[np.bool_], cases: Sequence[Case], rules: Rules) -> None:
        self.concept = concept
        self.rules = rules
        rows = np.array([concept.holds(case) is True and case.sided for case in cases])
        self.options = refinements(concept, cases, rules.minimum_images)
        self._fires = fires[rows]
        members = [case for case, keep in zip(cases, rows, strict=True) if keep]
        self._truth = truth_matrix(self.options, members)
        table = count(self._fires, self._truth)
        estimate, spread = table.log_odds()
        self._floor = estimate - Z_ONE_SIDED_95 * spread
        self._share = table.share_of_firing()

    def refine(self, feature: int) -> Attribute:
        """Return the concept with every detail that the feature's firing images bear out."""
        if not self.options:
            return self.concept
        result = self.concept
        bears = (self._floor[feature] > LOG_TWO) & (self._share[feature] >= self.rules.detail_majority)
        for fields in (("laterality",), ("severity",), ("location",)):
            fitting = [
                (float(self._share[feature, i]), i)
                for i, option in enumerate(self.options)
                if bears[i] and all(getattr(option, name) != getattr(self.concept, name) for name in fields)
            ]
            if not fitting:
                continue
            # "bilateral" entails left and right: it is chosen when most firing images have both sides.
            sides = {self.options[i].laterality: i for _, i in fitting}
            index = sides["bilateral"] if "bilateral" in sides else max(fitting)[1]
            result = replace(result, **{name: getattr(self.options[index], name) for name in fields})
        return result


class Wording:
    """Turns an attribute into words.

    Parameters
    ----------
    path : Path
        ``resources/labelling/<language>.toml``.
    """

    def __init__(self, path: Path) -> None:
        self._data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))

    def section(self, attribute: Attribute | None) -> Section:
        """Return the report section that speaks of it."""
        if attribute is None:
            return "other"
        entry = self._data["observation"].get(attribute.observation)
        section: Section = entry["section"] if entry else "other"
        return section

    def describe(self, attribute: Attribute | None, style_of: str = "") -> str:
        """Return the description; `style_of` names a source whose images fire a feature without a finding."""
        if attribute is None:
            fallback = self._data["fallback"]
            return str(fallback["style"]).format(source=style_of) if style_of else str(fallback["none"])
        if attribute.polarity == "normal":
            return str(self._data["fallback"]["normal"])
        entry = self._data["observation"].get(attribute.observation)
        if entry is None:
            lead = "no " if attribute.polarity == "absent" else ""
            return f"{lead}{attribute.observation.lower()}"
        severities = entry.get("severities", self._data["severity"])
        location = attribute.location
        if attribute.observation == DEVICES:
            location = location or entry["unnamed"]
        elif location:
            location = self._data["location"].get(location, f"in the {location}")
        sign = entry.get("signs", {}).get(attribute.severity, "") if attribute.polarity == "present" else ""
        text = str(entry["absent" if attribute.polarity == "absent" else "present"]).format(
            severity=severities.get(attribute.severity, ""),
            side=self._data["side"].get(attribute.laterality, ""),
            location="" if sign and attribute.location else location,
        )
        text = re.sub(r"\s+", " ", text).strip()
        return f"{text}, {sign}" if sign else text
