"""What the baselines write, and where reports say that their findings lie."""

from __future__ import annotations

import numpy as np

from engine.text.extract import extract_findings
from engine.text.lexicon import load_lexicon
from training.data.phantom.types import PhantomFinding
from training.evaluation.baselines.published import PublishedLabels, compile_report, describe, label_as_published
from training.evaluation.baselines.simple import nearest_reports, normal_draft
from training.evaluation.baselines.written import Place, WrittenReport, draft_text, mask_boxes
from training.evaluation.matching import stated_in, truth_of
from training.evaluation.report_metrics.boxes import Box
from training.labelling.cases import Attribute, Case
from training.sae.folded import FoldedSae

EFFUSION = Attribute("Pleural Effusion")
LEFT = Box(x_min=0.5, y_min=0.5, x_max=1.0, y_max=1.0)
RIGHT = Box(x_min=0.0, y_min=0.5, x_max=0.5, y_max=1.0)


def case(name: str, text: str, source: str = "phantom") -> Case:
    return Case(name, source, "train", name, (), frozenset(), None, sided=True, text=text)


def described(*reports: str, weights: tuple[float, ...] = ()) -> Attribute | None:
    return describe([extract_findings(text) for text in reports], weights or (1.0,) * len(reports))


def test_a_feature_is_described_by_what_most_of_its_reports_state() -> None:
    left = "Small left pleural effusion."
    assert described(left, left, "Edema.") == Attribute("Pleural Effusion", laterality="left", severity="small")
    assert described(left, "Large right pleural effusion.", "Pleural effusion.") == EFFUSION
    line = "A central venous line is present. No pneumothorax."
    assert described(line, line) == Attribute("Support Devices", location="central venous line")


def test_activation_weighs_and_nothing_is_contrasted() -> None:
    assert described("Edema.", "Cardiomegaly.", weights=(3.0, 1.0)) == Attribute("Edema")
    # Effusion goes without saying among these: whether images that do not fire have it too is not asked.
    assert described("Edema. Pleural effusion.", "Pleural effusion.") == EFFUSION


def test_without_a_finding_in_common_it_is_a_normal_chest_or_a_denial_or_nothing() -> None:
    assert described("The heart is normal.", "No pneumothorax.", "Edema.") == Attribute("No Finding", "normal")
    assert described("Edema. No pneumothorax.", "Cardiomegaly. No pneumothorax.", "Fracture.") == Attribute(
        "Pneumothorax", "absent"
    )
    assert described("Edema.", "Cardiomegaly.") is None


def test_only_the_strongest_images_of_different_patients_describe() -> None:
    sae = FoldedSae(
        w_enc=np.eye(2, dtype=np.float32),
        b_enc=np.zeros(2, np.float32),
        threshold=np.zeros(2, np.float32),
        b_dec=np.zeros(2, np.float32),
        w_dec=np.eye(2, dtype=np.float32),
    )
    tokens = np.array([[9, -1], [8, -1], [1, -1], [1, -1], [1, -1], [50, -1]], dtype=np.float32)
    texts = ["Edema.", "Edema.", *["Cardiomegaly."] * 3, ""]
    cases = [case(str(i), text) for i, text in enumerate(texts)]
    found = label_as_published(sae, tokens, cases, load_lexicon(), top=2)
    assert (dict(found.attributes), found.alive) == ({0: Attribute("Edema")}, 1)


def test_whatever_is_active_is_compiled_and_the_greater_activation_is_believed() -> None:
    labels = PublishedLabels(
        {
            1: Attribute("Pleural Effusion", laterality="left"),
            2: Attribute("Pleural Effusion", laterality="right"),
            3: Attribute("Edema"),
            4: Attribute("Edema", "absent"),
            5: Attribute("Pneumothorax", "absent"),
        },
        5,
    )
    draft = compile_report(labels, {1: 0.5, 2: 0.5, 3: 0.1, 4: 2.0, 5: 1.0, 6: 9.0})
    stated = stated_in(extract_findings(draft_text(draft)))
    assert stated == truth_of([PhantomFinding("Pleural Effusion", laterality="bilateral")])
    denied = {f.observation for f in extract_findings(draft_text(draft)) if f.polarity == "absent"}
    assert {"Edema", "Pneumothorax"} <= denied
    assert {i for s in draft.sentences() for i in s.evidence} == {1, 2, 4, 5}
    assert [f.observation for f in extract_findings(draft_text(compile_report(labels, {3: 0.01})))][:1] == ["Edema"]


def test_the_nearest_training_report_is_by_direction() -> None:
    train = np.array([[10.0, 0.0], [0.0, 1.0], [0.0, 1.0]], dtype=np.float32)
    cases = [case("a", "FINDINGS: Edema."), case("b", "FINDINGS: Cardiomegaly."), case("c", "Fracture.", "nih")]
    tokens = np.array([[0.2, 1.0], [1.0, 0.9]], dtype=np.float32)
    assert nearest_reports(tokens, train, cases, "phantom") == ["Cardiomegaly.", "Edema."]


def test_the_normal_report_states_nothing_and_denies_the_chest() -> None:
    findings = extract_findings(draft_text(normal_draft()))
    assert stated_in(findings) == []
    assert {"Lung Opacity", "Pleural Effusion", "Pneumothorax", "Cardiomegaly"} <= {
        f.observation for f in findings if f.polarity == "absent"
    }


def test_each_part_of_a_mask_has_its_box_but_specks_have_none() -> None:
    mask = np.zeros((10, 20), dtype=np.bool_)
    mask[2:8, 0:5] = True
    mask[2:8, 12:20] = True
    mask[9, 9] = True
    assert [(b.x_min, b.y_min, b.x_max, b.y_max) for b in mask_boxes(mask)] == [
        (0.6, 0.2, 1.0, 0.8),
        (0.0, 0.2, 0.25, 0.8),
    ]
    assert mask_boxes(np.zeros((4, 4), dtype=np.bool_)) == ()


def test_a_phrase_gets_the_boxes_of_its_own_finding_and_side() -> None:
    key = ("Lung Lesion", "")
    report = WrittenReport("", (Place(key, frozenset({"left"}), (LEFT,)), Place(key, frozenset({"right"}), (RIGHT,))))
    left, both, denied, other = (
        extract_findings(text)[0] for text in ("Left lung nodule.", "Lung nodule.", "No lung nodule.", "Left edema.")
    )
    assert report.boxes_of(left) == (LEFT,)
    assert report.boxes_of(both) == (LEFT, RIGHT)
    assert report.boxes_of(denied) is None
    assert report.boxes_of(other) is None
    assert WrittenReport("").boxes_of(left) is None
