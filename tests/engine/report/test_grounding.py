"""The checker finds each kind of fault; composition never makes one, so they are made by hand here."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.report.compose import compose
from engine.report.draft import Draft, Sentence
from engine.report.findings import Finding
from engine.report.grounding import check_draft, check_sentence, contradict
from tests.engine.report.factories import busy


@pytest.fixture
def effusion() -> Sentence:
    return next(compose(busy()).sentences())


def with_finding(sentence: Sentence, **changes: object) -> Sentence:
    finding = replace(sentence.findings[0], **changes)  # type: ignore[arg-type]
    return replace(sentence, findings=(finding,), evidence=finding.evidence)


def codes(sentence: Sentence) -> set[str]:
    return {problem.code for problem in check_sentence(sentence, busy())}


def test_a_composed_sentence_has_no_fault(effusion: Sentence) -> None:
    assert codes(effusion) == set()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"laterality": "left"}, "SIDE"),
        ({"location": "apex"}, "LOCATION"),
        ({"severity": "large"}, "SEVERITY"),
        ({"observation": "Pneumothorax"}, "UNSUPPORTED"),
        ({"polarity": "absent"}, "UNSUPPORTED"),
        ({"evidence": (13,)}, "UNSUPPORTED"),
        ({"evidence": (99,)}, "NOT_ACTIVE"),
        ({"evidence": (11, 15)}, "NOT_REPORTABLE"),
    ],
)
def test_each_false_claim_is_found(effusion: Sentence, changes: dict[str, object], code: str) -> None:
    assert code in codes(with_finding(effusion, **changes))


def test_a_sentence_without_evidence_is_found(effusion: Sentence) -> None:
    assert codes(replace(effusion, evidence=())) == {"NO_EVIDENCE"}
    assert codes(replace(effusion, evidence=(11, 13))) == {"EVIDENCE_DIFFERS"}


def test_a_claim_below_its_threshold_is_found(effusion: Sentence) -> None:
    low = replace(busy(), observations=tuple(replace(r, probability=0.3) for r in busy().observations))
    assert {p.code for p in check_sentence(effusion, low)} == {"PROBABILITY"}


def rebuilt(draft: Draft, *sentences: Sentence) -> Draft:
    return replace(draft, sections=(replace(draft.sections[0], sentences=sentences),))


def test_repetition_and_contradiction_are_found(effusion: Sentence) -> None:
    draft = compose(busy())
    again = rebuilt(draft, effusion, replace(effusion, key="again"))
    assert {p.code for p in check_draft(again, busy())} == {"DUPLICATE"}
    other = replace(with_finding(effusion, laterality="left"), key="other", text="Left.")
    assert "CONTRADICTION" in {p.code for p in check_draft(rebuilt(draft, effusion, other), busy())}


def test_a_person_s_words_are_not_judged(effusion: Sentence) -> None:
    draft = compose(busy()).edit(effusion.key, "There is a left pneumothorax.")
    assert check_draft(draft, busy()) == []


def claim(observation: str, polarity: str = "present", side: str = "none") -> Finding:
    return Finding(observation, polarity, side, "", "none", "lungs", 0.5, (1,))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        (claim("Edema"), claim("Edema", "absent"), True),
        (claim("Edema"), claim("Lung Opacity", "normal"), True),
        (claim("Lung Opacity"), claim("Edema", "absent"), False),
        (claim("Lung Opacity", side="left"), claim("Consolidation", side="left"), True),
        (claim("Lung Opacity", side="left"), claim("Consolidation", side="right"), False),
        (claim("Lung Opacity"), claim("Consolidation", side="right"), True),
        (claim("Pneumothorax", side="left"), claim("Pneumothorax", side="right"), True),
        (claim("No Finding"), claim("Edema"), True),
        (claim("No Finding"), claim("Edema", "absent"), False),
        (claim("Edema"), claim("Consolidation"), False),
    ],
)
def test_what_excludes_what(first: Finding, second: Finding, expected: bool) -> None:
    assert contradict(first, second) is expected
    assert contradict(second, first) is expected
