"""Decide what a feature stands for, from statistics alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from training.labelling.association import Z_ONE_SIDED_95, Array, Tables, conditional_log_odds, count
from training.labelling.cases import NORMAL, Attribute, Case, concept_attributes, refinements, truth_matrix

LOG_TWO = float(np.log(2.0))
Marks = npt.NDArray[np.bool_]


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


@dataclass(frozen=True)
class Choice:
    """What a feature stands for, and how strongly the training images say so.

    Attributes
    ----------
    attribute : Attribute
        With its side, severity and location; the figures are those of the statement without them.
    odds_ratio, bound : float
        Odds ratio of the statement among firing images against all others, and its lower bound (one-sided 95 %).
    share : float
        Lower bound of the share of firing images of which it is true.
    p_value : float
        Of Fisher's exact test, one-sided, times the number of statements that were considered.
    """

    attribute: Attribute
    odds_ratio: float
    bound: float
    share: float
    p_value: float


class Chooser:
    """Chooses what features stand for; made once from what is known of the images, used for any features on them.

    A finding must be over-represented among the firing images against all others and against the near misses (odds
    ratio above 2 with 95 % confidence), must stay so within the images with and without every other finding
    (Mantel-Haenszel), and must be present on most of the firing images. Among those that qualify, the one that best
    predicts firing wins; it is refined by side, severity and location where these are over-represented in turn. Only
    then is a normal chest, or the absence of a finding, considered.

    Parameters
    ----------
    cases : sequence of Case
        What is known of the images.
    rules : Rules
    """

    def __init__(self, cases: Sequence[Case], rules: Rules) -> None:
        self.rules = rules
        self.concepts = concept_attributes(cases, rules.minimum_images)
        self._columns = [*self.concepts, Attribute(NORMAL, "normal")]
        self._truth = truth_matrix(self._columns, cases)
        self._details = [_Details(concept, cases, rules.minimum_images) for concept in self.concepts]

    def choose(self, fires: Marks, near: Marks) -> list[Choice | None]:
        """Choose what each feature stands for.

        Parameters
        ----------
        fires, near : ndarray of bool, shape (images, features)
            Where features fire, and the silent images that come closest to firing them, in the order of the cases.

        Returns
        -------
        list of Choice or None
            One per feature; None where the evidence supports nothing.
        """
        table = count(fires, self._truth)
        overall, spread = table.log_odds()
        floor = np.minimum(overall - Z_ONE_SIDED_95 * spread, _near_log_odds(fires, near, self._truth))
        ceiling = overall + Z_ONE_SIDED_95 * spread
        for index, given in enumerate(self.concepts):
            others = [i for i, other in enumerate(self._columns) if other != given and other.polarity == "present"]
            estimate, error = conditional_log_odds(fires, self._truth[:, others], self._truth[:, index])
            floor[:, others] = np.minimum(floor[:, others], estimate - Z_ONE_SIDED_95 * error)
        share = table.share_of_firing()
        absent_share = table.negated().share_of_firing()
        quality = table.balanced_accuracy()
        tables = [details.table(fires) for details in self._details]
        chosen: list[Choice | None] = []
        n, rules = len(self.concepts), self.rules
        for feature, firing in enumerate(fires.sum(0).tolist()):
            present = (floor[feature, :n] > LOG_TWO) & (share[feature, :n] >= rules.majority)
            absent = (ceiling[feature, :n] < -LOG_TWO) & (absent_share[feature, :n] >= rules.absence)
            if firing < rules.minimum_firing:
                chosen.append(None)
            elif present.any():
                best = int(np.argmax(np.where(present, quality[feature, :n], -1.0)))
                bound, part = (column[feature] for column in tables[best])
                attribute = self._details[best].refine(bound, part, rules.detail_majority)
                chosen.append(self._choice(attribute, table, feature, best))
            elif floor[feature, n] > LOG_TWO and share[feature, n] >= rules.majority:
                chosen.append(self._choice(self._columns[n], table, feature, n))
            elif absent.any():
                best = int(np.argmin(np.where(absent, quality[feature, :n], 2.0)))
                chosen.append(self._choice(replace(self.concepts[best], polarity="absent"), table, feature, best))
            else:
                chosen.append(None)
        return chosen

    def _choice(self, attribute: Attribute, table: Tables, feature: int, column: int) -> Choice:
        one = table.only(feature, column)
        if attribute.polarity == "absent":
            one = one.negated()
        log_odds, spread = (value.item() for value in one.log_odds())
        # Each finding may be over- or under-represented; a normal chest is looked for only.
        statements = 2 * len(self.concepts) + 1
        return Choice(
            attribute=attribute,
            odds_ratio=float(np.exp(log_odds)),
            bound=float(np.exp(log_odds - Z_ONE_SIDED_95 * spread)),
            share=one.share_of_firing().item(),
            p_value=min(1.0, statements * one.p_values().item()),
        )


def _near_log_odds(fires: Marks, near: Marks, truth: npt.NDArray[np.float32]) -> Array:
    """Return the lower bound of the log odds ratio of firing images against near misses only."""
    a, b = count(fires, truth), count(near, truth)
    log_odds, spread = Tables(a.both, a.fires_only, b.both, b.fires_only).log_odds()
    return log_odds - Z_ONE_SIDED_95 * spread + LOG_TWO  # a near miss shares much: any significant excess will do


class _Details:
    """Adds side, severity and location to a concept where the firing images have them beyond the others."""

    def __init__(self, concept: Attribute, cases: Sequence[Case], minimum_images: int) -> None:
        self._concept = concept
        self._rows = np.array([concept.holds(case) is True and case.sided for case in cases])
        self._options = refinements(concept, cases, minimum_images)
        members = [case for case, keep in zip(cases, self._rows, strict=True) if keep]
        self._truth = truth_matrix(self._options, members)

    def table(self, fires: Marks) -> tuple[Array, Array]:
        """Return the lower bound of the log odds ratio, and of the share, of each detail: (features, details)."""
        table = count(fires[self._rows], self._truth)
        estimate, spread = table.log_odds()
        return estimate - Z_ONE_SIDED_95 * spread, table.share_of_firing()

    def refine(self, floor: Array, share: Array, majority: float) -> Attribute:
        """Return the concept with every detail that a feature's firing images bear out, given its row of the table."""
        result, concept = self._concept, self._concept
        bears = (floor > LOG_TWO) & (share >= majority)
        for name in ("laterality", "severity", "location"):
            fitting = [
                (float(share[i]), i)
                for i, option in enumerate(self._options)
                if bears[i] and getattr(option, name) != getattr(concept, name)
            ]
            if not fitting:
                continue
            # "bilateral" entails left and right: it is chosen when most firing images have both sides.
            sides = {self._options[i].laterality: i for _, i in fitting}
            index = sides["bilateral"] if "bilateral" in sides else max(fitting)[1]
            result = replace(result, **{name: getattr(self._options[index], name)})
        return result
