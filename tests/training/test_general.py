"""General statements take their threshold from the images on which no specific one is made."""

from __future__ import annotations

import numpy as np
import pytest

from engine.pack.manifest import Readout
from training.general import NEVER, is_specific, lowest_precise, narrow_general, probabilities
from training.labelling.cases import Case, Claim

OPACITY, CONSOLIDATION = "Lung Opacity", "Consolidation"


def readout(observation: str, feature: int, *, location: str = "", reportable: bool = True) -> Readout:
    return Readout(
        observation=observation,
        location=location,
        feature_ids=(feature,),
        weights=(8.0,),
        bias=-4.0,
        threshold=0.5,
        absence_threshold=0.2,
        reportable=reportable,
    )


def case(index: int, source: str, claims: tuple[str, ...]) -> Case:
    named = tuple(Claim(name) for name in claims)
    known = frozenset({OPACITY, CONSOLIDATION})
    return Case(f"{source}/{index}", source, "val", f"{source}{index}", named, known, not claims, sided=True, text="")


def world(*, faint_true: int, faint_false: int, source: str = "phantom") -> tuple[np.ndarray, list[Case]]:
    """Return images with plain consolidations, and faint opacities of which some are none."""
    rows = [((1.0, 1.0), (OPACITY, CONSOLIDATION))] * 40 + [((0.0, 0.0), ())] * 40
    rows += [((0.75, 0.1), (OPACITY, CONSOLIDATION))] * faint_true + [((0.7, 0.0), ())] * faint_false
    activations = np.array([values for values, _ in rows], dtype=np.float32)
    return activations, [case(i, source, claims) for i, (_, claims) in enumerate(rows)]


READOUTS = (readout(OPACITY, 0), readout(CONSOLIDATION, 1))


def narrowed(activations: np.ndarray, cases: list[Case], precision: float = 0.8) -> tuple[Readout, ...]:
    return narrow_general(READOUTS, activations, cases, precision=precision, minimum=10)


def test_a_general_statement_is_right_where_it_is_made() -> None:
    # Over all images 0.5 would be right 50 times in 60; where no consolidation is stated, 10 times in 20.
    activations, cases = world(faint_true=10, faint_false=10)
    general, specific = narrowed(activations, cases)
    assert specific == READOUTS[1]
    said = probabilities(general, activations) >= general.threshold
    alone = said & (probabilities(specific, activations) < specific.threshold)
    assert alone.sum() == 10 and all(cases[i].claims for i in np.flatnonzero(alone))
    assert general.absence_threshold == READOUTS[0].absence_threshold


def test_a_threshold_that_is_right_already_stays() -> None:
    activations, cases = world(faint_true=20, faint_false=2)
    assert narrowed(activations, cases)[0].threshold == READOUTS[0].threshold


def test_what_is_never_right_alone_is_never_said_alone() -> None:
    activations, cases = world(faint_true=0, faint_false=15)
    assert narrowed(activations, cases)[0].threshold == NEVER


def test_every_source_is_asked() -> None:
    good, bad = world(faint_true=30, faint_false=1), world(faint_true=10, faint_false=10, source="nih")
    activations, cases = np.concatenate([good[0], bad[0]]), [*good[1], *bad[1]]
    assert narrowed(*good)[0].threshold == 0.5
    assert narrowed(activations, cases)[0].threshold == narrowed(*bad)[0].threshold > 0.5


def test_what_makes_a_general_statement_superfluous() -> None:
    device, tube = readout("Support Devices", 0), readout("Support Devices", 1, location="endotracheal tube")
    silent = readout(CONSOLIDATION, 1, reportable=False)
    assert is_specific(tube, device) and not is_specific(device, tube)
    assert is_specific(READOUTS[1], READOUTS[0]) and not is_specific(silent, READOUTS[0])
    assert not is_specific(readout("Pneumothorax", 1), READOUTS[0])


def test_the_lowest_precise_threshold() -> None:
    probability, y = np.array([0.9, 0.8, 0.7, 0.6]), np.array([1.0, 0.0, 1.0, 0.0])
    assert lowest_precise(probability, y, 0.6) == pytest.approx(0.65)
    assert lowest_precise(probability, y, 0.9) == pytest.approx(0.85)
    assert lowest_precise(probability, np.zeros(4), 0.5) == NEVER
