"""Matching of drafts with truth, intervals, the pointing game."""

from __future__ import annotations

import numpy as np
import pytest

from engine.inference.analysis import FeatureMap
from engine.report.findings import Finding
from training.data.phantom.draw import draw_phantom
from training.data.phantom.types import PhantomFinding
from training.evaluation.bootstrap import interval
from training.evaluation.drafters import Answer
from training.evaluation.matching import Comparison, Stated, stated_by, truth_of

LEFT, RIGHT = frozenset({"left"}), frozenset({"right"})


def finding(observation: str, laterality: str = "none", polarity: str = "present", location: str = "") -> Finding:
    return Finding(observation, polarity, laterality, location, "none", "lungs", 0.9, (1,))  # type: ignore[arg-type]


def test_findings_of_one_kind_count_once_with_all_their_sides() -> None:
    truth = truth_of(
        [
            PhantomFinding("Lung Lesion", laterality="left"),
            PhantomFinding("Lung Lesion", laterality="right"),
            PhantomFinding("Support Devices", laterality="left", device="pacemaker"),
        ]
    )
    assert Stated(("Lung Lesion", ""), LEFT | RIGHT) in truth
    assert Stated(("Support Devices", "pacemaker"), frozenset()) in truth


def test_denials_and_no_finding_are_not_counted_as_stated() -> None:
    stated = stated_by([finding("Edema", polarity="absent"), finding("No Finding"), finding("Edema", "bilateral")])
    assert stated == [Stated(("Edema", ""), LEFT | RIGHT)]


def test_counts_with_and_without_side() -> None:
    comparison = Comparison()
    truth = [Stated(("Pleural Effusion", ""), LEFT), Stated(("Cardiomegaly", ""), frozenset())]
    stated = [Stated(("Pleural Effusion", ""), RIGHT), Stated(("Edema", ""), frozenset())]
    comparison.add(stated, truth)
    p, s = comparison.presence, comparison.with_side
    assert (p.hits, p.extra, p.missed) == (1, 1, 1)
    assert (s.hits, s.extra, s.missed) == (0, 2, 2)
    assert p.f1 == pytest.approx(0.5)


def test_an_implied_observation_is_neither_right_nor_wrong() -> None:
    comparison = Comparison()
    comparison.add([Stated(("Lung Opacity", ""), LEFT)], [Stated(("Consolidation", ""), LEFT)])
    assert (comparison.presence.hits, comparison.presence.extra, comparison.presence.missed) == (0, 0, 1)


def test_what_a_drawing_leaves_open_is_neither_right_nor_wrong() -> None:
    comparison = Comparison()
    pneumonia = Stated(("Pneumonia", ""), LEFT)
    comparison.add([pneumonia], [Stated(("Consolidation", ""), LEFT)])
    assert (comparison.presence.hits, comparison.presence.extra, comparison.presence.missed) == (0, 0, 1)
    comparison.add([pneumonia], [Stated(("Pleural Effusion", ""), LEFT)])
    assert (comparison.presence.hits, comparison.presence.extra, comparison.presence.missed) == (0, 1, 2)


def test_nothing_to_measure_is_a_dash() -> None:
    assert str(interval(lambda rows: float("nan"), ["a", "b"])) == "–"


def test_intervals_resample_groups() -> None:
    values = np.array([0.0, 0.0, 1.0, 1.0])
    result = interval(lambda rows: float(values[rows].mean()), ["a", "a", "b", "b"])
    assert (result.value, result.low, result.high) == (0.5, 0.0, 1.0)


def test_the_peak_is_looked_for_in_the_mask_of_its_own_finding(tmp_path: object) -> None:
    from training.data.phantom.dataset import PhantomRecord
    from training.evaluation.phantoms import score_answer

    phantom = draw_phantom(3, 128, findings=[PhantomFinding("Pleural Effusion", laterality="left", severity="large")])
    rows, columns = np.nonzero(phantom.masks[0])
    values = np.zeros((16, 16), dtype=np.float32)
    row, column = int(np.median(rows)) // 8, int(np.median(columns)) // 8
    values[row, column] = 1.0

    class Record(PhantomRecord):
        def load(self) -> object:  # type: ignore[override]
            return phantom

    record = Record(None, None, phantom.findings, "", "PA", "test", "procedural", "g", 3)  # type: ignore[arg-type]
    key = ("Pleural Effusion", "")
    box = (0.0, 0.0, 128.0, 128.0)
    right = Answer((Stated(key, LEFT),), {key: FeatureMap(0, values, 0.0, 0.0, "", box)})
    mirrored = Answer((Stated(key, LEFT),), {key: FeatureMap(0, values[:, ::-1], 0.0, 0.0, "", box)})
    assert score_answer(right, record, {}).hits == 1
    assert score_answer(mirrored, record, {}).hits == 0
    assert (score_answer(right, record, {}).near, score_answer(mirrored, record, {}).near) == (1, 0)


def test_a_peak_within_one_patch_of_a_thin_mask_is_near() -> None:
    from training.evaluation.phantoms import within

    tube = np.zeros((64, 64), dtype=np.bool_)
    tube[10:50, 30:32] = True
    assert within(tube, (20, 30), 4.0)
    assert within(tube, (20, 35), 4.0)
    assert not within(tube, (20, 36), 4.0)
    assert not within(tube, (60, 31), 4.0)
    assert not within(np.zeros_like(tube), (20, 30), 4.0)


def test_the_pack_is_judged_on_nih_by_its_own_readouts() -> None:
    from engine.pack.manifest import Readout
    from training.evaluation.nih import own_scores
    from training.evaluation.probe import DenseProbe
    from training.labelling.cases import Attribute

    activations = np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 0.0]], dtype=np.float32)
    tokens = np.array([[1.0, 0.0], [0.0, 1.0]], dtype=np.float32)
    common = {"threshold": 0.5, "absence_threshold": 0.1, "reportable": True}
    readouts = [
        Readout(observation="Edema", feature_ids=(0, 2), weights=(1.0, 0.5), bias=-1.0, **common),
        Readout(observation="Edema", laterality="left", feature_ids=(1,), weights=(9.0,), bias=0.0, **common),
    ]
    targets = (Attribute("Edema"), Attribute("Edema", laterality="left"))
    probe = DenseProbe(targets, np.array([[2.0, -2.0], [7.0, 7.0]]), np.array([0.5, 0.0]), {})
    own, dense = own_scores(readouts, probe, activations, tokens).of("Edema")
    assert own.tolist() == [1.0, -1.0]
    assert dense.tolist() == [2.5, -1.5]
