"""A thousand adversarial rewritings through the whole path: no unsupported finding gets into a draft."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from random import Random

import pytest

from engine.inference.analysis import Analysis
from engine.pack.manifest import OBSERVATIONS
from engine.report.compose import compose
from engine.report.grounding import check_draft
from engine.report.vocabulary import DEVICES, MIDLINE, NO_FINDING
from tests.engine.report.attacks import FORMS, GERMAN_TEXTS, TEXTS, Attack
from tests.engine.report.factories import analysis, feature, probabilities, probability
from tests.engine.report.scripted import Items, answer, scripted

PLACES = ("", "base", "apex", "upper zone", "lower zone", "perihilar")


def some_analysis(rng: Random) -> Analysis:
    """An image with some findings, some denials, sides, severities and places."""
    names = rng.sample([name for name in OBSERVATIONS if name != NO_FINDING], 5)
    features, readouts, high = [], [], {}
    for number, name in enumerate(names):
        sides = ("none",) if name in MIDLINE else ("none", "left", "right", "bilateral")
        side = rng.choice(sides)
        if number < 3:
            place = rng.choice(("pacemaker", "chest tube")) if name == DEVICES else rng.choice(PLACES)
            severity = "none" if name == DEVICES else rng.choice(("none", "small", "moderate", "large"))
            location = "" if name in MIDLINE else place
            features.append(feature(number + 1, name, laterality=side, severity=severity, location=location))
            high[name.replace(" ", "_")] = 0.9
            readouts += [probability(name, 0.9, s) for s in ("left", "right") if side in (s, "bilateral")]
        else:
            features.append(feature(number + 1, name, rng.choice(("absent", "normal")), side))
    return analysis(tuple(features), probabilities(*readouts, **high))


@pytest.mark.parametrize(("language", "texts", "wanted"), [("en", TEXTS, 1000), ("de", GERMAN_TEXTS, 500)])
def test_no_unsupported_finding_gets_through(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, language: str, texts: Mapping[str, Attack], wanted: int
) -> None:
    rng, tried = Random(0), Counter[str]()

    def attack(items: Items) -> str:
        if rng.random() < 0.3:
            kind = rng.choice(list(FORMS))
            if kind != "exchanged" or len({item["text"] for item in items}) == len(items) > 1:
                tried[kind] += len(items)
                return FORMS[kind](items, rng)
        worded = []
        for item in items:
            kind = rng.choice(list(texts))
            text = texts[kind](item["text"], rng)
            tried[kind] += text != item["text"]
            worded.append(item | {"text": text})
        return answer(worded)

    rewriter, _ = scripted(monkeypatch, tmp_path, attack)
    refused, through = Counter[str](), []
    while tried.total() < wanted:
        made = some_analysis(rng)
        before = compose(made, language=language)
        after = rewriter.rewrite(before)
        assert check_draft(after, made) == check_draft(before, made) == []
        assert [s.key for s in after.sentences()] == [s.key for s in before.sentences()]
        through += [(s.rule_text, s.text) for s in after.sentences() if s.origin == "rewritten"]
        refused.update(after.rewriting.counts if after.rewriting else {})
    assert through == []
    assert set(tried) == {*texts, *FORMS} and min(tried.values()) >= 5
    assert {"ADDED", "LOST", "WORDS", "FEATURES", "FORM", "INVENTED", "MISSING", "NO_ANSWER"} <= set(refused)
