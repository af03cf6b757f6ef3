"""Rules of hanging: what they choose, and what a mistake in a file says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from engine.dicom.radiograph import Identity
from engine.errors import HangingError
from tests.viewer.looking import Open, message
from tests.viewer.test_hanging import DOE, PRIOR, own
from viewer.settings import hanging
from viewer.state.hanging_choice import choose
from viewer.state.hanging_rules import read_rules, shipped_rules
from viewer.window import MainWindow


def image(study: str, view: str, day: str = "20260102", **changes: str) -> Identity:
    """An image of Anna."""
    named = {"patient_id": "T1", "patient_birth_date": "19600501", "modality": "DX", **changes}
    return Identity(f"{study}.{view}", study_instance_uid=study, view_position=view, study_date=day, **named)


CURRENT = {"pa": image("1", "PA"), "lat": image("1", "LL")}
PRIORS = {"old_pa": image("2", "PA", "20200101"), "new_pa": image("3", "AP", "20240101")}


@pytest.mark.parametrize(
    ("shown", "images", "expected"),
    [
        ("pa", CURRENT, ("Frontal and lateral", "1x2", ("pa", "lat"), 0)),
        ("lat", CURRENT, ("Frontal and lateral", "1x2", ("pa", "lat"), 1)),
        ("pa", {**CURRENT, **PRIORS}, ("Current beside prior", "1x2", ("pa", "new_pa"), 0)),
        ("new_pa", {**CURRENT, **PRIORS}, ("Current beside prior", "1x2", ("new_pa", "old_pa"), 0)),
        (
            "pa",
            {**CURRENT, **PRIORS, "old_lat": image("2", "LL", "20200101")},
            ("Frontal and lateral above those of the prior study", "2x2", ("pa", "lat", "old_pa", "old_lat"), 0),
        ),
        ("pa", {"pa": image("1", "PA"), "ap": image("1", "AP")}, ("Two images of one study", "1x2", ("pa", "ap"), 0)),
    ],
)
def test_the_shipped_rules(shown: str, images: dict[str, Identity], expected: tuple[Any, ...]) -> None:
    found = choose(read_rules(shipped_rules()), shown, images)
    assert found is not None and (found.rule, found.layout, found.keys, found.active) == expected


@pytest.mark.parametrize(
    "other",
    [
        image("3", "PA", "20240101", patient_id="T2"),
        image("3", "PA", "20240101", patient_birth_date="19500101"),
        image("3", "PA", "20240101", patient_birth_date=""),
        image("3", "PA", "20240101", patient_id_issuer="ELSEWHERE"),
        image("3", "PA", ""),
        image("3", "PA", "20270101"),
        image("3", "PA", "20240101", modality="CT"),
    ],
)
def test_no_rule_hangs_what_is_no_prior_of_this_patient(other: Identity) -> None:
    assert choose(read_rules(shipped_rules()), "pa", {"pa": image("1", "PA"), "other": other}) is None


GOOD = '[[rule]]\nname = "one"\nlayout = "1x2"\n\n[[rule.pane]]\nstudy = "current"\n'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (GOOD.replace("1x2", "3x1"), "line 1, rule.0: layout is none of 1x1, 1x2, 2x1, 2x2"),
        (GOOD.replace('"current"', '"newest"'), "line 6, rule.0.pane.0.study"),
        (GOOD.replace("study =", "studie ="), "rule.0.pane.0"),
        (GOOD.replace("layout", 'colour = "red"\nlayout'), "line 3, rule.0.colour: there is no such key here; allowed"),
        (GOOD + 3 * '\n[[rule.pane]]\nstudy = "prior"\n', "1x2 has 2 panes, and the rule fills 4"),
        (GOOD.replace("layout", 'link = ["zoom"]\nlayout'), "line 3, rule.0.link.0"),
        (GOOD.replace("layout", "min_images = 3\nmax_images = 2\nlayout"), "min_images is more than max_images"),
        (GOOD.replace('name = "one"', "name = one"), "is not valid TOML"),
        ("", "line 1, rule"),
    ],
)
def test_a_mistake_is_named_with_line_and_key(text: str, expected: str, tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(HangingError) as told:
        read_rules(path)
    assert told.value.code == "HANGING_INVALID" and "own.toml" in str(told.value) and expected in str(told.value)


def test_the_key_hangs_current_beside_prior_and_no_other_patient(window: MainWindow, opened: Open) -> None:
    a, _, prior = opened(a={"PatientBirthDate": "19600501"}, doe=DOE, prior=PRIOR)
    window.actions_by_id["hang"].trigger()
    assert window.hanging.state.keys == (a, prior) and window.session.current_key == a
    assert window.hanging.state.layout == "1x2" and "Current beside prior" in window.statusBar().currentMessage()
    assert window.hanging.links.window and window.hanging.links.view
    assert window.actions_by_id["link_window"].isChecked() and window.actions_by_id["link_view"].isChecked()
    # A rule links and never unlinks.
    window.actions_by_id["hang"].trigger()
    assert window.hanging.links.window and window.hanging.links.view
    own(window)


def test_own_rules_hold_and_broken_ones_are_told(window: MainWindow, opened: Open, tmp_path: Path) -> None:
    a, prior = opened(a={"PatientBirthDate": "19600501"}, prior=PRIOR)
    path = tmp_path / "own.toml"
    path.write_text(GOOD.replace("1x2", "2x1") + '\n[[rule.pane]]\nstudy = "prior"\n', encoding="utf-8")
    window.preferences.set(hanging.RULES, str(path))
    window.actions_by_id["hang"].trigger()
    assert window.hanging.state.layout == "2x1" and window.hanging.state.keys == (a, prior)
    path.write_text("rule = 3", encoding="utf-8")
    window.actions_by_id["hang"].trigger()
    box = message(window)
    assert "HANGING_INVALID" in box.text() + box.informativeText()
    assert window.hanging.state.layout == "1x2"
    box.close()
    path.unlink()
    with pytest.raises(HangingError) as told:
        read_rules(path)
    assert told.value.code == "HANGING_UNREADABLE"


def test_nothing_to_hang_is_said(window: MainWindow, opened: Open) -> None:
    (a,) = opened(a={})
    window.actions_by_id["hang"].trigger()
    box = message(window)
    assert "HANGING_NONE" in box.text() + box.informativeText() and window.hanging.state.keys == (a,)
    box.close()
