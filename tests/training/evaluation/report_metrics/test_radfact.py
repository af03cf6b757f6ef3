"""The rule judge and RadFact's measures; the sentences here are invented."""

from __future__ import annotations

import json
from math import isnan
from pathlib import Path

import pytest

from engine.errors import UsageError
from engine.resources import resource_path
from engine.text.lexicon import load_lexicon
from training.evaluation.report_metrics.agreement import JudgeAgreement, measure_agreement, read_pairs
from training.evaluation.report_metrics.boxes import Box, share_within
from training.evaluation.report_metrics.judge import judge, read_phrase
from training.evaluation.report_metrics.radfact import grounded, judge_one_way, phrases_of

LEXICON = load_lexicon()
LEFT = Box(x_min=0.5, y_min=0.0, x_max=1.0, y_max=1.0)
RIGHT = Box(x_min=0.0, y_min=0.0, x_max=0.5, y_max=1.0)


@pytest.mark.parametrize(
    ("claim", "report", "status"),
    [
        ("Small left effusion.", ["There is a small left pleural effusion."], "entailment"),
        ("Effusion.", ["Small left effusion."], "entailment"),
        ("Small left effusion.", ["Effusion."], "neutral"),
        ("Small effusion.", ["Effusion."], "neutral"),
        ("Left effusion.", ["Right effusion."], "neutral"),
        ("Small left effusion.", ["Large left effusion."], "contradiction"),
        ("Effusion.", ["No effusion."], "contradiction"),
        ("No effusion.", ["Small effusion."], "contradiction"),
        ("No effusion.", ["No large effusion."], "neutral"),
        ("No large effusion.", ["No effusion."], "entailment"),
        ("Opacity at the left base.", ["Left lower lobe consolidation."], "entailment"),
        ("Left lower lobe consolidation.", ["Opacity at the left base."], "neutral"),
        ("Left upper lobe mass.", ["Left basal mass."], "neutral"),
        ("No nodule.", ["The lungs are clear."], "entailment"),
        ("The lungs are clear.", ["No nodule."], "neutral"),
        ("The lungs are clear.", ["A nodule on the right."], "contradiction"),
        ("The left lung is clear.", ["A nodule on the right."], "neutral"),
        ("No left nodule.", ["The left lung is clear."], "entailment"),
        ("No nodule.", ["The left lung is clear."], "neutral"),
        ("The heart is not enlarged.", ["No cardiomegaly."], "entailment"),
        ("No rib fracture.", ["The bones are intact."], "entailment"),
        ("Pneumonia.", ["Possible pneumonia."], "neutral"),
        ("Possible pneumonia.", ["Pneumonia."], "entailment"),
        ("No effusion or pneumothorax.", ["No effusion.", "No pneumothorax."], "entailment"),
        ("No effusion or pneumothorax.", ["No effusion."], "neutral"),
        ("The stomach is distended.", ["The stomach is distended."], "entailment"),
        ("The stomach is distended.", ["The colon is distended."], "neutral"),
        ("Edema.", [], "neutral"),
    ],
)
def test_the_judge(claim: str, report: list[str], status: str) -> None:
    phrases = [read_phrase(text, LEXICON) for text in report]
    assert judge(read_phrase(claim, LEXICON), phrases, LEXICON).status == status


def test_what_is_told_of_the_past_is_no_statement() -> None:
    report = [read_phrase("Acute rib fracture on the left.", LEXICON)]
    assert judge(read_phrase("History of rib fracture.", LEXICON), report, LEXICON).status == "neutral"


def test_evidence_is_what_bears_it_out() -> None:
    report = [read_phrase(text, LEXICON) for text in ("No effusion.", "Mild edema.", "No pneumothorax.")]
    assert judge(read_phrase("No effusion or pneumothorax.", LEXICON), report, LEXICON).evidence == (0, 2)
    assert judge(read_phrase("No edema.", LEXICON), report, LEXICON).evidence == (1,)


def test_the_judge_agrees_with_people() -> None:
    found = measure_agreement(read_pairs(), LEXICON)
    assert found.sentences == 67
    assert found.entailed >= 0.9 and found.kappa >= 0.8 and found.three_way >= 0.8
    assert "67 sentences" in str(found)


def test_agreement_by_hand() -> None:
    counts = {
        (a, b): 0
        for a in ("entailment", "neutral", "contradiction")
        for b in ("entailment", "neutral", "contradiction")
    }
    counts |= {("entailment", "entailment"): 4, ("neutral", "contradiction"): 3, ("neutral", "entailment"): 2}
    counts |= {("contradiction", "contradiction"): 1}
    found = JudgeAgreement(counts)  # type: ignore[arg-type]
    # Agreed 8 of 10; people entail 0.4, the judge 0.6: by chance 0.48.
    assert (found.entailed, found.three_way) == (0.8, 0.5)
    assert found.kappa == pytest.approx((0.8 - 0.48) / 0.52)


def test_labelled_sentences_ship_with_their_notice() -> None:
    notice = resource_path("evaluation", "LICENSE_RADFACT").read_text(encoding="utf-8")
    assert "MIT License" in notice and "Copyright (c) Microsoft Corporation" in notice


@pytest.mark.parametrize(
    "text", ["", "[]", '[{"a": [], "b": []}]', '[{"a": [{"phrase": "x", "status": "maybe"}], "b": []}]']
)
def test_labelled_sentences_of_another_form_are_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "pairs.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as caught:
        read_pairs(path)
    assert caught.value.code == "JUDGE_PAIRS"


def test_share_of_boxes_within_others() -> None:
    # The grid has 224 cells a side: halves and quarters are exact.
    quarter = Box(x_min=0.0, y_min=0.0, x_max=0.25, y_max=1.0)
    assert share_within([quarter], [RIGHT]) == 1.0
    assert share_within([RIGHT], [quarter]) == 0.5
    assert share_within([LEFT], [RIGHT]) == 0.0
    assert share_within([LEFT, RIGHT], [RIGHT, RIGHT]) == 0.5
    assert isnan(share_within([Box(x_min=0.1, y_min=0.1, x_max=0.1, y_max=0.9)], [LEFT]))


def test_boxes_out_of_order_are_refused() -> None:
    with pytest.raises(ValueError, match="minimum"):
        Box(x_min=0.6, y_min=0.0, x_max=0.4, y_max=1.0)


def test_the_six_measures() -> None:
    candidate = [
        grounded("Left effusion.", [LEFT], LEXICON),
        grounded("Right mass.", [RIGHT], LEXICON),
        grounded("Edema.", [LEFT, RIGHT], LEXICON),
        grounded("No pneumothorax.", None, LEXICON),
    ]
    reference = [
        grounded("Small left effusion.", [LEFT], LEXICON),
        grounded("Right mass.", [LEFT], LEXICON),
        grounded("No pneumothorax.", None, LEXICON),
    ]
    precision = judge_one_way(candidate, reference, LEXICON)
    # Entailed: effusion, mass and pneumothorax; of the two with boxes the effusion's is right; three have boxes.
    assert (precision.logical, precision.grounding, precision.spatial) == (3 / 4, 1 / 2, 1 / 3)
    recall = judge_one_way(reference, candidate, LEXICON)
    # "Small" is not borne out.
    assert (recall.logical, recall.grounding, recall.spatial) == (2 / 3, 0.0, 0.0)
    assert isnan(judge_one_way([], reference, LEXICON).logical)


def test_a_report_is_divided_into_its_findings() -> None:
    texts = [
        p.phrase.text for p in phrases_of("No effusion or edema. Views: two. Small left mass. No effusion.", LEXICON)
    ]
    assert texts == ["absent Pleural Effusion", "absent Edema", "present small left Lung Lesion"]


def test_the_published_examples_can_be_measured(shared_data: Path) -> None:
    examples = json.loads((shared_data / "peers" / "radfact_grounded_reporting_examples.json").read_text("utf-8"))
    for example in examples:
        phrases = [grounded(p["text"], [Box(**b) for b in p["boxes"] or ()], LEXICON) for p in example["target"]]
        itself = judge_one_way(phrases, phrases, LEXICON)
        assert itself.logical == 1.0
        assert itself.boxed == 0 or (itself.grounding, itself.spatial) == (1.0, 1.0)
