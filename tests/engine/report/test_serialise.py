"""Drafts survive saving in every state, and damage is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from engine.errors import DraftError
from engine.report.compose import compose
from engine.report.draft import Draft
from engine.report.serialise import draft_from_dict, draft_to_dict, public_report
from tests.engine.report.factories import busy


def edited() -> Draft:
    draft = compose(busy(), indication="Dyspnoea – 3 days", language="de")
    keys = [sentence.key for sentence in draft.sentences()]
    draft = (
        draft.confirm(keys[0]).edit(keys[1], "Ein Satz.").remove(keys[2]).add("bones", "Alte Rippenfraktur.", "own-1")
    )
    for key in keys[3:]:
        draft = draft.confirm(key)
    return draft.review().exported()


@pytest.mark.parametrize("draft", [compose(busy()), edited()])
def test_saving_loses_nothing(draft: Draft) -> None:
    assert draft_from_dict(json.loads(json.dumps(draft_to_dict(draft)))) == draft


@pytest.mark.parametrize(
    "change",
    [
        {"schema_version": 2},
        {"schema_version": None},
        {"sections": "x"},
        {"status": "final"},
        {"sections": [{"name": 1}]},
    ],
)
def test_damaged_saves_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(DraftError) as caught:
        draft_from_dict(draft_to_dict(compose(busy())) | change)
    assert caught.value.code == "DRAFT_FORMAT"


def test_a_save_whose_finding_has_no_evidence_is_refused() -> None:
    data = draft_to_dict(compose(busy()))
    pleura = next(section for section in data["sections"] if section["name"] == "pleura")
    pleura["sentences"][0]["findings"][0]["evidence"] = []
    with pytest.raises(DraftError) as caught:
        draft_from_dict(data)
    assert caught.value.code == "DRAFT_FORMAT"


def test_the_public_form_has_the_agreed_keys() -> None:
    report = public_report(compose(busy()), "CPUExecutionProvider", "int8")
    assert (report["provider"], report["precision"]) == ("CPUExecutionProvider", "int8")
    assert report["status"] == "draft"
    pleura = next(section for section in report["sections"] if section["title"] == "Pleura")
    first = pleura["sentences"][0]
    assert first["text"] == "There is a moderate right pleural effusion at the base."
    assert first["features"] == [11]
    agreed = {"observation": "Pleural Effusion", "polarity": "present", "laterality": "right"}
    assert agreed.items() <= first["findings"][0].items()


def test_an_edited_sentence_states_nothing_coded_and_cites_no_feature() -> None:
    draft = compose(busy())
    denial = next(s for s in draft.sentences() if s.text == "No pneumothorax.")
    report = public_report(draft.edit(denial.key, "There is a large left pneumothorax."), "x", "fp32")
    (edited,) = [s for section in report["sections"] for s in section["sentences"] if s["origin"] == "edited"]
    assert edited == {
        "text": "There is a large left pneumothorax.",
        "features": [],
        "findings": [],
        "origin": "edited",
        "state": "confirmed",
        "ai_text": "No pneumothorax.",
        "ai_features": [13],
    }
    own = [s for section in report["sections"] for s in section["sentences"] if s["origin"] == "composed"]
    assert own and all(s["features"] and s["findings"] and "ai_features" not in s for s in own)


def test_an_added_sentence_stays_without_features_when_it_is_edited() -> None:
    draft = compose(busy()).add("bones", "Old fracture.", "own").edit("own", "Old rib fracture.")
    sentence = draft.find("own")
    assert (sentence.origin, sentence.claims, sentence.support) == ("added", (), ())


def test_the_public_form_leaves_out_removed_sentences_and_states_the_rest() -> None:
    report = public_report(edited(), "x", "fp32")
    assert report["status"] == "exported"
    shown = [(s["text"], s["origin"], s["state"]) for section in report["sections"] for s in section["sentences"]]
    assert ("Ein Satz.", "edited", "confirmed") in shown
    assert ("Alte Rippenfraktur.", "added", "confirmed") in shown
    assert "Herz normal groß." not in {text for text, _, _ in shown}
