"""What a language model is told of a feature, and in which form it answers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from pydantic import ValidationError

from engine.errors import UsageError
from tests.training.labelling.labels import label_of
from training.labelling.cases import Attribute, Case, Claim
from training.labelling.images import LabelImages
from training.labelling.label import FeatureLabel, Words
from training.labelling.wording.answer import LONGEST, WordedAnswer, answer_schema
from training.labelling.wording.evidence import EvidenceSource, FeatureEvidence, Tally
from training.labelling.wording.journal import WordJournal
from training.labelling.wording.options import STRATEGIES
from training.labelling.wording.prompt import load_prompt

EFFUSION, ATELECTASIS = "Pleural Effusion", "Atelectasis"
KNOWN = frozenset({EFFUSION, ATELECTASIS, "Edema"})
FIRING = (0, 1, 2, 3)
WORDS = Words(by="model", template="pleural effusion")


def case(number: int, *claims: Claim, text: str = "") -> Case:
    return Case(f"x/{number}", "x", "train", f"p{number}", claims, KNOWN, not claims, True, text)


CASES = (
    case(0, Claim(EFFUSION, "left", "base", "small"), text="Small left effusion.\n\nHeart normal."),
    case(1, Claim(EFFUSION, "left", "", "small"), Claim(ATELECTASIS, "left"), text="Left effusion. " * 20),
    case(2, Claim(EFFUSION, "right", "", "large")),
    case(3),
    case(4, Claim(ATELECTASIS, "left"), text="Atelectasis only."),
    case(5, Claim("Edema")),
    case(6),
    case(7),
)  # fmt: skip


@pytest.fixture
def label() -> FeatureLabel:
    return label_of(Attribute(EFFUSION, "present", "left"), firing=("x/0", "x/1", "x/2"), near_misses=("x/4", "x/6"))


@pytest.fixture
def evidence(label: FeatureLabel) -> FeatureEvidence:
    nothing = np.zeros((len(CASES), 2), np.float32)
    return EvidenceSource(LabelImages(nothing, CASES, nothing, CASES, "phantoms", "0" * 64)).of(label, FIRING)


def test_the_evidence_counts_findings_where_the_feature_fires_nearly_fires_and_everywhere(
    evidence: FeatureEvidence,
) -> None:
    assert evidence.findings == (Tally(EFFUSION, 3, 4, 0, 2, 3 / 8), Tally(ATELECTASIS, 1, 4, 1, 2, 2 / 8))
    assert evidence.sides == (("left", 2), ("right", 1))
    assert evidence.severities == (("small", 2), ("large", 1))
    assert evidence.places == (("base", 1),)
    assert (
        evidence.firing_texts[0] == "Small left effusion. Heart normal." and 220 < len(evidence.firing_texts[1]) < 243
    )
    assert evidence.near_texts == ("Atelectasis only.",)


def test_a_device_is_counted_by_its_name() -> None:
    cases = tuple(case(n, Claim("Support Devices", "left" if n else "right", name)) for n, name in enumerate("ab"))
    nothing = np.zeros((2, 2), np.float32)
    source = EvidenceSource(LabelImages(nothing, cases, nothing, cases, "phantoms", "0" * 64))
    found = source.of(label_of(Attribute("Support Devices", location="b")), (0, 1))
    assert found.sides == (("left", 1),) and found.places == ()


def test_the_three_strategies_tell_more_and_more(evidence: FeatureEvidence) -> None:
    plain, domain, findings = (load_prompt(name)[0] for name in STRATEGIES)
    assert plain.instructions != domain.instructions != findings.instructions
    assert plain.question(evidence) == domain.question(evidence)
    for text in (plain.question(evidence), findings.question(evidence)):
        assert "observation: Pleural Effusion\npolarity: present\nlaterality: left\nseverity: none" in text
        assert "- Small left effusion. Heart normal." in text and "- Atelectasis only." in text
        assert text.endswith("Describe this feature.")
    assert "- Atelectasis: 1 of 4 firing images, 1 of 2 near misses, 25% of all images" in findings.question(evidence)
    assert "- sides: left (2), right (1)" in findings.question(evidence)
    assert "25%" not in plain.question(evidence)


def test_what_there_is_no_evidence_of_has_no_heading(label: FeatureLabel) -> None:
    bare = FeatureEvidence(label, (), (), (), (), (), ())
    text = load_prompt("findings")[0].question(bare)
    assert text.count("\n\n") == 1 and "Reports" not in text


@pytest.mark.parametrize("content", [b"version = 0", b"\xff", b"version = 1\ninstructions = 'x'\nrequest = 'y'", None])
def test_a_prompt_that_is_not_as_it_should_be_is_refused(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "label-plain.toml").write_bytes(content)
    with pytest.raises(UsageError) as caught:
        load_prompt("plain", tmp_path)
    assert caught.value.code == "LABEL_PROMPT"


def test_an_answer_has_enums_and_no_numbers() -> None:
    schema = answer_schema("Situs inversus")["properties"]
    assert "Situs inversus" in schema["observation"]["enum"] and EFFUSION in schema["observation"]["enum"]
    assert schema["polarity"]["enum"] == ["present", "absent", "normal"]
    fields = {"observation": EFFUSION, "polarity": "present", "laterality": "left", "severity": "none"}
    given = {**fields, "section": "pleura"}
    assert WordedAnswer.model_validate({**given, "description": "left effusion"}).description == "left effusion"
    for text in ("2 cm effusion", "effusion of 3", "x" * (LONGEST + 1), "a", "effusion.", "<b>effusion"):
        with pytest.raises(ValidationError):
            WordedAnswer.model_validate({**given, "description": text})


def test_a_journal_goes_on_behind_its_last_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "words.jsonl"
    with WordJournal(path, "a" * 64) as journal:
        for feature in (3, 5):
            journal.add(feature, f"words {feature}", WORDS)
    whole = path.read_bytes()
    for torn in (b"", b'{"recipe_sha256"', whole.splitlines()[0], b"\x00" * 10):
        path.write_bytes(whole + torn)
        with WordJournal(path, "a" * 64) as journal:
            assert journal.said == {3: ("words 3", WORDS), 5: ("words 5", WORDS)}
            journal.add(7, "words 7", WORDS)
        assert path.read_bytes().startswith(whole)
        with WordJournal(path, "a" * 64) as journal:
            assert list(journal.said) == [3, 5, 7]
    with WordJournal(path, "b" * 64) as journal:
        assert journal.said == {}
    assert path.read_bytes() == b""
