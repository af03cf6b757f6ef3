"""The report says what is there and nothing else."""

from __future__ import annotations

import re

import numpy as np
import pytest

from training.data.phantom.report import SECTION_OF, wording, write_report
from training.data.phantom.sampling import describe, describe_device, sample_findings
from training.data.phantom.types import DEVICES, OBSERVATIONS, PhantomFinding

# Words that name each observation, to read reports independently of how they were written.
WORDS = {
    "Cardiomegaly": r"cardiomegaly|enlarged|enlargement",
    "Pleural Effusion": r"effusion|pleural fluid",
    "Pneumothorax": r"pneumothorax",
    "Consolidation": r"consolidation",
    "Lung Lesion": r"nodul|mass\b|mass-like|lung lesion|lesion",
    "Atelectasis": r"atelectasis",
    "Edema": r"edema",
    "Support Devices": r"pacemaker|endotracheal|central venous|nasogastric",
}
NEGATION = r"\b(no|not|negative|without|clear|normal)\b"
SAMPLES = [sample_findings(np.random.default_rng([seed, 0])) for seed in range(400)]


def test_every_present_finding_is_stated_and_no_absent_one() -> None:
    for seed, findings in enumerate(SAMPLES):
        present = {f.observation for f in findings}
        text = write_report(findings, np.random.default_rng(seed)).text
        stated = set()
        for sentence in re.split(r"(?<=[.:]) ", text):
            negated = re.search(NEGATION, sentence, re.IGNORECASE)
            for observation, words in WORDS.items():
                if re.search(words, sentence, re.IGNORECASE) and not negated:
                    stated.add(observation)
        assert stated == present, text


def test_negatives_never_deny_what_is_present() -> None:
    for seed, findings in enumerate(SAMPLES):
        present = {f.observation for f in findings}
        report = write_report(findings, np.random.default_rng(seed))
        denied = [s for s in report.findings if s.polarity != "present"]
        for sentence in denied:
            assert not present & set(sentence.observations), sentence
        assert len(denied) >= 2 or len(present) >= 3
        if not findings:
            assert all(s.polarity != "present" for s in (*report.findings, *report.impression))


@pytest.mark.parametrize("side", ["right", "left"])
@pytest.mark.parametrize("name", ["Pleural Effusion", "Pneumothorax", "Consolidation", "Lung Lesion", "Atelectasis"])
def test_side_is_stated_and_never_the_other_one(name: str, side: str) -> None:
    other = "left" if side == "right" else "right"
    place = {"Pleural Effusion": "base", "Pneumothorax": "apex", "Atelectasis": "base"}.get(name, "lower zone")
    finding = PhantomFinding(name, laterality=side, location=place, severity="moderate")  # type: ignore[arg-type]
    for seed in range(60):
        text = write_report([finding], np.random.default_rng(seed)).text.lower()
        assert side in text, text
        assert not re.search(rf"\b{other}\b", text), text


def test_every_template_fills_into_clean_english() -> None:
    texts = set()
    for name in OBSERVATIONS:
        for seed in range(150):
            rng = np.random.default_rng(seed)
            device = DEVICES[seed % len(DEVICES)]
            finding = describe_device(device, rng) if name == "Support Devices" else describe(name, rng)
            texts.add(write_report([finding], rng).text)
    for text in texts:
        assert not re.search(r"[{}]|  | \.| ,|\bnone\b|\ba [aeiou]\w+ (left|right)|\ban [^aeiou]", text), text
        assert re.fullmatch(r"FINDINGS: [A-Z].*\. IMPRESSION: [A-Z].*\.", text), text
    assert len(texts) > 0.9 * 150 * len(OBSERVATIONS)


def test_wording_covers_every_observation_and_device() -> None:
    words = wording()
    for key in (*(o for o in OBSERVATIONS if o != "Support Devices"), *DEVICES):
        assert len(words.positive[key]) >= 4
        assert words.impression[key]
    denied = {o for statements in words.absent.values() for s in statements for o in s.denies}
    assert set(SECTION_OF) <= denied
