"""Features that say the same thing are one line, one colour and one heat map."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.inference.heat_scale import PALETTE
from tests.viewer.factories import GRID, feature, finding, make_analysis, make_draft, make_radiograph, one_patch
from viewer.image.heatmap import density_map, sum_maps
from viewer.state.colours import give_colours
from viewer.state.groups import FeatureGroup, Order, cited_by, group_features, in_order
from viewer.state.overlay import OverlaySettings

PACE = {"description": "pacemaker in place", "observation": "Support Devices", "laterality": "none", "location": ""}


def keys(groups: tuple[FeatureGroup, ...]) -> list[int]:
    return [group.first.id for group in groups]


def test_features_with_one_description_are_one_group_the_strongest_first() -> None:
    groups = group_features(
        [
            feature(1, 90.0, activation=0.2, **PACE),
            feature(2, 10.0, activation=11.6),
            feature(3, 50.0, activation=0.7, **PACE),
            feature(4, 95.0, activation=0.1, **{**PACE, "description": "Pacemaker in place "}),
        ]
    )
    assert [group.ids for group in groups] == [(2,), (3, 1, 4)]
    pace = groups[1]
    # Both are of #3, which the line names: the highest percentile among the members is #4's.
    assert (pace.percentile, pace.activation) == (50.0, 0.7)
    assert pace.label((3, 1, 4)) == "#3 +2 pacemaker in place" and pace.label((4,)) == "#4 pacemaker in place"
    assert pace.fits("1 pacemaker") and pace.fits("DEVICES") and not pace.fits("7")


def test_what_differs_in_side_or_polarity_or_is_not_described_stays_apart() -> None:
    same = {"description": "effusion"}
    groups = group_features(
        [feature(1, **same), feature(2, laterality="right", **same), feature(3, polarity="absent", **same),
         feature(4, description=""), feature(5, description="")]
    )  # fmt: skip
    assert [group.ids for group in groups] == [(1,), (2,), (3,), (4,), (5,)]


def test_orders() -> None:
    groups = group_features(
        [feature(1, 90.0, activation=1.0, typical=4.0), feature(2, 10.0, activation=11.6, typical=12.0),
         feature(3, 50.0, activation=2.0, typical=0.5), feature(4, 20.0, activation=0.5)]
    )  # fmt: skip
    assert keys(in_order(groups, Order.CITED, {4, 1})) == [1, 4, 2, 3]
    assert keys(in_order(groups, Order.STRENGTH, ())) == [3, 4, 2, 1]
    assert keys(in_order(groups, Order.PERCENTILE, ())) == [1, 3, 4, 2]
    assert keys(in_order(groups, Order.ACTIVATION, ())) == [2, 3, 1, 4]


def test_orders_by_label_and_number() -> None:
    groups = group_features(
        [feature(7, activation=3.0, label_score=0.6), feature(2, activation=2.0, label_score=0.9),
         feature(5, activation=1.0, label_score=0.7), feature(9, activation=4.0, label_score=0.6)]
    )  # fmt: skip
    assert keys(in_order(groups, Order.LABEL_SCORE, ())) == [2, 5, 9, 7]
    assert keys(in_order(groups, Order.NUMBER, ())) == [2, 5, 7, 9]


def test_cited_are_the_features_of_sentences_that_are_there(tmp_path: Path) -> None:
    draft = make_draft(make_analysis(make_radiograph(tmp_path)))
    assert cited_by(draft) == {3, 5, 9}
    assert cited_by(draft.remove("s2")) == {3, 5} and cited_by(None) == frozenset()
    assert finding((3,)).evidence == (3,)


def test_no_colour_stands_twice_in_a_legend_and_a_shown_one_stays() -> None:
    shown = [f"g{n}" for n in range(40)]
    given = give_colours(shown[:8], {}, {})
    assert list(given.values()) == list(PALETTE)
    more = give_colours(shown, given, {})
    assert len(set(more.values())) == 40 and all(more[key] == colour for key, colour in given.items())
    # Whoever comes later gives way to who is shown, and gets its own colour back when that is free.
    alone = give_colours(["new"], given, {})
    assert alone["new"] == PALETTE[0]
    both = give_colours(["g0", "new"], alone, {})
    assert both["g0"] == PALETTE[0] and both["new"] != PALETTE[0]
    assert give_colours(["g0"], {}, {"g1": PALETTE[0]})["g0"] == PALETTE[0]
    assert give_colours(["g0", "g1"], {}, {"g1": PALETTE[0]})["g0"] == PALETTE[1]


def test_a_group_has_one_colour_while_any_of_it_is_shown() -> None:
    pace, other = group_features([feature(1, activation=3.0, **PACE), feature(2, **PACE), feature(3)])
    settings = OverlaySettings().switch((2,), True).with_colours_for((pace, other))
    assert settings.colour(pace) == PALETTE[0] and settings.colour(other) == ""
    assert settings.switch((3,), True).with_colours_for((pace, other)).colour(other) == PALETTE[1]
    assert settings.recolour(other.key, "#123456").colour(other) == "#123456"


def test_the_map_of_a_group_is_the_sum_in_the_sum_of_the_units() -> None:
    box = (0.0, 0.0, 300.0, 300.0)
    one = density_map(one_patch(1, 2, 5, box, 2.0), 300, 300, 0.5 / GRID**2)
    two = density_map(one_patch(2, 2, 5, box, 1.0), 300, 300, 1.0 / GRID**2)
    whole = density_map(one_patch(3, 2, 5, box, 3.0), 300, 300, 1.5 / GRID**2)
    total = sum_maps([one, two])
    assert np.allclose(total.density, whole.density, atol=1e-3) and total.unit == pytest.approx(whole.unit)
    assert np.abs(total.steps.astype(int) - whole.steps).max() <= 1
    assert sum_maps([one]) is one
    with pytest.raises(ValueError, match="one image"):
        sum_maps([one, replace(two, density=two.density[:10])])
