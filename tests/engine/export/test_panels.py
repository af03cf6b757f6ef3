"""Each positive finding has one panel, which sums all features that it cites and leaves none out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.export.panels import HeatSum, heat_sum, panel_of_finding, panels_of
from engine.inference.heat_scale import FULL_SCALE, THRESHOLD, density_unit
from engine.report.compose import compose
from tests.engine.report.factories import analysis, busy, feature, feature_map, probabilities


def test_a_finding_has_one_panel_however_often_it_is_said() -> None:
    draft = compose(busy())
    panels = panels_of(busy(), draft)
    assert [(p.number, p.sentence.text, p.cited) for p in panels] == [
        (1, "There is a moderate right pleural effusion at the base.", (11,)),
        (2, "Device present: left pacemaker.", (12,)),
    ]
    impression = [s for s in draft.sentences() if s.key.startswith("impression")]
    numbers = panel_of_finding(panels)
    assert [[numbers[f] for f in s.claims] for s in impression] == [[1], [2]]


def test_a_finding_that_only_the_impression_says_keeps_its_panel() -> None:
    draft = compose(busy())
    first = next(s for s in draft.sentences() if 11 in s.evidence)
    panels = panels_of(busy(), draft.remove(first.key))
    assert sorted(p.cited for p in panels) == [(11,), (12,)]


def test_denials_removed_and_edited_sentences_have_no_panel() -> None:
    made = busy()
    assert all(p.cited not in ((13,), (14,)) for p in panels_of(made, compose(made)))
    removed = edited = compose(made)
    for sentence in list(removed.sentences()):
        removed, edited = removed.remove(sentence.key), edited.edit(sentence.key, f"{sentence.text} Or not.")
    assert panels_of(made, removed) == panels_of(made, edited) == []


def test_all_cited_features_are_summed_and_the_strongest_named_first() -> None:
    features = tuple(feature(i, "Edema", activation=3.0 - 0.1 * (i - 20)) for i in (25, 20, 23, 21, 30, 28, 22, 27, 29))
    made = analysis(features, probabilities(Edema=0.9))
    (panel,) = panels_of(made, compose(made))
    assert panel.cited == (20, 21, 22, 23, 25, 27, 28, 29, 30) and panel.mapped == 9
    assert panel.heat is not None
    whole = sum(made.maps[i].values.astype(np.float64) for i in panel.cited)
    assert np.allclose(panel.heat.map.values, whole, atol=1e-5)
    summed = panel.heat.map
    assert float(summed.values.sum()) + summed.remainder == pytest.approx(summed.preactivation, abs=1e-3)


def test_a_feature_without_a_map_is_counted_all_the_same() -> None:
    made = analysis((feature(1, "Edema"), feature(2, "Edema")), probabilities(Edema=0.9))
    made.maps.pop(2)
    (panel,) = panels_of(made, compose(made))
    assert (set(panel.cited), panel.mapped) == ({1, 2}, 1)
    made.maps.pop(1)
    (panel,) = panels_of(made, compose(made))
    assert (set(panel.cited), panel.mapped, panel.heat) == ({1, 2}, 0, None)


def test_the_scale_is_that_of_the_features_not_of_the_image() -> None:
    first, second = feature(1, "Edema"), feature(2, "Edema")
    made = analysis((first, second))
    one, both = heat_sum([first], made), heat_sum([first, second], made)
    assert one is not None and both is not None
    assert np.allclose(one.density, both.density)  # the same said twice is no stronger
    assert np.allclose(one.density, made.maps[1].values / density_unit(2.0, 1.0, 256))
    made.maps[1] = replace(feature_map(1), values=made.maps[1].values * 2)
    doubled = heat_sum([first], made)
    assert doubled is not None and np.allclose(doubled.density, 2 * one.density)
    unknown = heat_sum([replace(first, typical=0.0)], made)
    assert unknown is not None and np.allclose(unknown.density, made.maps[1].values * 256 / first.activation)


def test_a_peak_that_smoothing_takes_below_the_threshold_is_not_drawn() -> None:
    values = np.zeros((8, 8), dtype=np.float32)
    values[4, 4] = 1.2 * THRESHOLD * FULL_SCALE
    lone = HeatSum(replace(feature_map(1), values=values), unit=1.0)
    assert not lone.is_drawn
    assert HeatSum(replace(lone.map, values=values * 4), unit=1.0).is_drawn
