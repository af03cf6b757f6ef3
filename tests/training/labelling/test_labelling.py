"""From firing images to descriptions: statistics, wording, scores, duplicates, evidence."""

from __future__ import annotations

from itertools import repeat

import numpy as np
import numpy.typing as npt
import pytest
from scipy import sparse

from engine.pack.manifest import Laterality, Severity
from engine.resources import resource_path
from training.labelling.association import conditional_log_odds, count, wilson_lower
from training.labelling.cases import Attribute, Case, Claim, concept_attributes, refinements, truth_matrix
from training.labelling.choose import Chooser, Rules
from training.labelling.describe import Wording
from training.labelling.evidence import evidence_rows, near_misses, quantiles
from training.labelling.merge import duplicate_groups
from training.labelling.score import detection_samples, detection_scores, truth_of

KNOWN = frozenset({"Pleural Effusion", "Atelectasis", "Cardiomegaly", "Support Devices"})


def case(index: int, *claims: Claim, sided: bool = True, text: str = "a report") -> Case:
    normal = all(claim.observation == "Support Devices" for claim in claims)
    return Case(f"phantom/{index}", "phantom", "train", f"g{index}", claims, KNOWN, normal, sided, text)


def effusion(side: Laterality, severity: Severity = "small", location: str = "") -> Claim:
    return Claim("Pleural Effusion", side, location, severity)


ATELECTASIS = Claim("Atelectasis", "left")
PACEMAKER = Claim("Support Devices", location="pacemaker")


def crowd(seed: int = 0, count_of: int = 600) -> list[Case]:
    """Return cases in which atelectasis mostly, but not only, comes with effusion."""
    rng = np.random.default_rng(seed)
    cases = []
    for index in range(count_of):
        claims: list[Claim] = []
        if rng.random() < 0.35:
            side: Laterality = "left" if rng.random() < 0.5 else "right"
            claims.append(effusion(side, "small" if rng.random() < 0.5 else "large"))
        if rng.random() < (0.6 if claims else 0.05):
            claims.append(ATELECTASIS)
        if rng.random() < 0.2:
            claims.append(PACEMAKER)
        cases.append(case(index, *claims))
    return cases


def firing(
    cases: list[Case], attribute: Attribute, seed: int = 1, miss: float = 0.1, false: float = 0.01
) -> npt.NDArray[np.bool_]:
    """Return one feature's firing: mostly where the attribute holds."""
    rng = np.random.default_rng(seed)
    holds = np.array([attribute.holds(c) is True for c in cases])
    return np.where(holds, rng.random(len(cases)) > miss, rng.random(len(cases)) < false)[:, None]


def choose(cases: list[Case], fires: npt.NDArray[np.bool_]) -> Attribute | None:
    near = np.zeros_like(fires)
    near[np.random.default_rng(9).choice(np.flatnonzero(~fires[:, 0]), 60, replace=False), 0] = True
    found = Chooser(cases, Rules()).choose(fires, near)[0]
    return found.attribute if found is not None else None


def score(
    attributes: list[Attribute], fires: npt.NDArray[np.bool_], near: npt.NDArray[np.bool_], cases: list[Case]
) -> npt.NDArray[np.float64]:
    rngs = repeat(np.random.default_rng(0))
    truths = truth_of(attributes, cases)
    samples = detection_samples(attributes, fires, near, truths, minimum_firing=5, rngs=rngs)
    return detection_scores(attributes, samples, truths)


def test_an_attribute_is_true_false_or_unknown() -> None:
    both = case(0, effusion("bilateral"))
    left = case(1, effusion("left", "large", "base"))
    listed = case(2, Claim("Pleural Effusion"), sided=False)
    presence = Attribute("Pleural Effusion")
    assert [presence.holds(c) for c in (both, left, listed, case(3))] == [True, True, True, False]
    on_left = Attribute("Pleural Effusion", laterality="left")
    assert [on_left.holds(c) for c in (both, left, listed, case(3))] == [True, True, None, False]
    assert Attribute("Pleural Effusion", laterality="right").holds(left) is False
    assert Attribute("Pleural Effusion", laterality="bilateral").holds(both) is True
    assert Attribute("Pleural Effusion", severity="large", location="base").holds(left) is True
    assert Attribute("Pleural Effusion", "absent").holds(left) is False
    assert Attribute("Fracture").holds(left) is None
    assert Attribute("Fracture", "absent").holds(left) is None
    assert Attribute("No Finding", "normal").holds(case(4, PACEMAKER)) is True


def test_concepts_and_refinements_come_from_the_cases() -> None:
    cases = crowd()
    concepts = concept_attributes(cases, 15)
    assert Attribute("Support Devices", location="pacemaker") in concepts
    assert Attribute("Pleural Effusion") in concepts
    finer = refinements(Attribute("Pleural Effusion"), cases, 15)
    assert Attribute("Pleural Effusion", laterality="left") in finer
    assert Attribute("Pleural Effusion", severity="large") in finer


def test_a_companion_finding_is_not_mistaken_for_the_cause() -> None:
    cases = crowd()
    for name in ("Pleural Effusion", "Atelectasis"):
        chosen = choose(cases, firing(cases, Attribute(name)))
        assert chosen is not None
        assert chosen.observation == name


def test_conditioning_removes_a_borrowed_association() -> None:
    cases = crowd(count_of=3000)
    columns = [Attribute("Pleural Effusion"), Attribute("Atelectasis")]
    truth = truth_matrix(columns, cases)
    fires = firing(cases, columns[0])
    marginal, _ = count(fires, truth).log_odds()
    assert marginal[0, 1] > 1.0
    conditional, error = conditional_log_odds(fires, truth[:, 1:], truth[:, 0])
    assert abs(conditional[0, 0]) < 2.5 * error[0, 0]


def test_side_severity_and_device_are_recognised() -> None:
    cases = crowd()
    wanted = Attribute("Pleural Effusion", laterality="left", severity="large")
    assert choose(cases, firing(cases, wanted, false=0.0)) == wanted
    pacemaker = Attribute("Support Devices", location="pacemaker")
    assert choose(cases, firing(cases, pacemaker)) == pacemaker


def test_absence_and_normality_keep_their_polarity() -> None:
    cases = crowd()
    chosen = choose(cases, firing(cases, Attribute("Atelectasis", "absent"), miss=0.5, false=0.0))
    assert chosen is not None
    assert (chosen.observation, chosen.polarity) in {("Atelectasis", "absent"), ("No Finding", "normal")}
    normal = choose(cases, firing(cases, Attribute("No Finding", "normal"), miss=0.5, false=0.0))
    assert normal == Attribute("No Finding", "normal")


def test_chance_supports_nothing() -> None:
    cases = crowd()
    fires = np.random.default_rng(3).random((len(cases), 40)) < 0.1
    chosen = Chooser(cases, Rules()).choose(fires, np.random.default_rng(4).random(fires.shape) < 0.1)
    assert sum(choice is not None for choice in chosen) <= 2


@pytest.mark.parametrize(
    ("attribute", "text", "section"),
    [
        (
            Attribute("Pleural Effusion", laterality="left", severity="small", location="costophrenic angle"),
            "small left pleural effusion, blunting the costophrenic angle",
            "pleura",
        ),
        (
            Attribute("Consolidation", laterality="right", location="lower zone"),
            "right consolidation in the lower zone",
            "lungs",
        ),
        (Attribute("Support Devices", location="pacemaker"), "pacemaker in place", "devices"),
        (Attribute("Support Devices", "absent", location="pacemaker"), "no pacemaker", "devices"),
        (Attribute("Cardiomegaly", severity="large"), "marked enlargement of the heart", "heart"),
        (Attribute("Cardiomegaly", "absent"), "normal heart size, no cardiomegaly", "heart"),
        (Attribute("No Finding", "normal"), "unremarkable chest, no finding", "other"),
        (Attribute("Hiatal hernia", "absent"), "no hiatal hernia", "other"),
        (None, "no consistent finding", "other"),
    ],
)
def test_wording(attribute: Attribute | None, text: str, section: str) -> None:
    wording = Wording(resource_path("labelling") / "en.toml")
    assert wording.describe(attribute) == text
    assert wording.section(attribute) == section


def test_every_observation_says_its_polarity() -> None:
    from engine.pack.manifest import OBSERVATIONS

    wording = Wording(resource_path("labelling") / "en.toml")
    for name in OBSERVATIONS:
        present, absent = wording.describe(Attribute(name)), wording.describe(Attribute(name, "absent"))
        assert present != absent
        assert present
        assert absent
        assert "{" not in present + absent


def test_near_misses_are_the_silent_images_closest_to_firing() -> None:
    activations = np.array([[1.0], [0.0], [0.0], [0.0]], dtype=np.float32)
    margin = np.array([[0.5], [-0.1], [-3.0], [-0.2]], dtype=np.float32)
    assert near_misses(activations, margin, at_least=2)[:, 0].tolist() == [False, True, False, True]


def test_a_good_description_scores_and_a_wrong_one_does_not() -> None:
    cases = crowd()
    truth = Attribute("Pleural Effusion")
    fires = np.repeat(firing(cases, truth), 2, axis=1)
    near = np.zeros_like(fires)
    near[np.flatnonzero(~fires[:, 0])[:50]] = True
    attributes = [truth, Attribute("Support Devices", location="pacemaker")]
    scores = score(attributes, fires, near, cases)
    assert scores[0] > 0.9
    assert 0.4 < scores[1] < 0.6


def test_a_description_that_only_names_the_neighbourhood_earns_no_full_marks() -> None:
    cases = crowd(count_of=1200)
    fires = firing(cases, Attribute("Pleural Effusion", laterality="left"), miss=0.0, false=0.0)
    near = np.array([[Attribute("Pleural Effusion", laterality="right").holds(c) is True] for c in cases])
    general, exact = (
        score([attribute], fires, near, cases)[0]
        for attribute in (Attribute("Pleural Effusion"), Attribute("Pleural Effusion", laterality="left"))
    )
    assert exact == 1.0
    assert general <= 0.75


def test_duplicates_are_grouped_under_their_smallest_id() -> None:
    directions = np.eye(4, dtype=np.float32)
    directions[1] = directions[0] * 0.99 + 0.1 * directions[2]
    directions[1] /= np.linalg.norm(directions[1])
    fires = np.zeros((10, 4), dtype=bool)
    fires[:5, 2] = fires[:4, 3] = True
    marks = sparse.csc_array(fires)
    groups = duplicate_groups([7, 9, 12, 20], directions, ["a", "b", "c", "c"], marks, [False] * 4)
    assert groups == [7, 7, 12, 12]


def test_findings_are_one_entry_when_and_only_when_they_say_the_same() -> None:
    directions = np.eye(5, dtype=np.float32)
    directions[1] = directions[0]
    marks = sparse.csc_array(np.zeros((4, 5), dtype=bool))
    words = ["left effusion", "no effusion", "effusion, left", "no finding in common", "no finding in common"]
    groups = duplicate_groups([3, 4, 5, 6, 7], directions, words, marks, [True, True, True, False, False])
    # The first two lie in one direction, but one entry must not say two things; the last two mean nothing.
    assert groups == [3, 4, 3, 6, 7]


def test_evidence_names_only_texts_that_may_ship_and_runs_from_strong_to_weak() -> None:
    cases = [case(i, text="" if i % 2 else f"report {i}") for i in range(40)]
    activations = np.linspace(0, 4, 40).astype(np.float32)
    rows = evidence_rows(3, activations, cases)
    assert rows
    assert all(row.text for row in rows)
    assert [row.rank for row in rows] == list(range(len(rows)))
    values = [row.activation for row in rows]
    assert values == sorted(values, reverse=True)
    assert values[-1] < 1.0


def test_quantiles_describe_positive_activations() -> None:
    values = quantiles(np.array([0.0, 0.0, 1.0, 3.0], dtype=np.float32))
    assert len(values) == 101
    assert (values[0], values[50], values[100]) == (1.0, 2.0, 3.0)


def test_wilson_bound_is_below_the_share_and_grows_with_evidence() -> None:
    few, many = wilson_lower(np.array([9.0, 900.0]), np.array([10.0, 1000.0]))
    assert few < many < 0.9
