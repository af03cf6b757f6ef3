"""The wording files are complete, and a damaged one is refused by code."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest

from engine.errors import DraftError
from engine.pack.manifest import OBSERVATIONS
from engine.report.findings import Finding
from engine.report.style import shipped_questions
from engine.report.vocabulary import MIDLINE, NO_FINDING, SECTIONS
from engine.report.wording import languages, load_wording, read_wording
from engine.resources import resource_path


@pytest.mark.parametrize("language", languages())
def test_every_finding_can_be_said_in_every_language(language: str) -> None:
    wording = load_wording(language)
    assert set(wording.section_order) == set(wording.sections)
    assert set(wording.observations) == set(OBSERVATIONS) - {NO_FINDING}
    said: dict[str, Finding] = {}
    polarities = ("present", "absent", "normal")
    sides, sizes = ("left", "right", "bilateral", "none"), ("small", "moderate", "large", "none")
    for name, polarity, side, size in itertools.product(wording.observations, polarities, sides, sizes):
        if (name in MIDLINE and side != "none") or (size != "none" and polarity != "present"):
            continue
        finding = Finding(name, polarity, side, "", size, SECTIONS[name], 0.5, (1,))  # type: ignore[arg-type]
        text = wording.sentence(finding)
        assert text.endswith(".") and "  " not in text and "{" not in text and " ." not in text and " ," not in text
        if polarity == "present" and name != "Support Devices":
            assert text not in said, f"{finding} reads as {said[text]}"
            said[text] = finding
            assert wording.summary(finding) != text


def keys_of(table: dict[str, Any], above: tuple[str, ...] = ()) -> set[tuple[str, ...]]:
    """Every key of a table and of those in it."""
    found = set()
    for key, value in table.items():
        found |= keys_of(value, (*above, key)) if isinstance(value, dict) else {(*above, key)}
    return found


def test_the_languages_have_the_same_keys_and_both_ask() -> None:
    english, *others = (keys_of(read_wording(language)) for language in ("en", *languages()))
    assert all(keys == english for keys in others)
    asked = [{name for question in shipped_questions(code).question for name in question.deny} for code in languages()]
    assert all(names == set(OBSERVATIONS) - {NO_FINDING} for names in asked)


def test_order_of_importance_names_every_abnormality() -> None:
    order = load_wording("en").impression.order
    assert sorted(order) == sorted(set(OBSERVATIONS) - {NO_FINDING})
    assert load_wording("en").rank("Something open") < len(order)


@pytest.mark.parametrize("language", ["fr", "../en", "EN", ""])
def test_an_unknown_language_is_refused(language: str) -> None:
    with pytest.raises(DraftError) as caught:
        load_wording(language)
    assert caught.value.code == "WORDING_LANGUAGE"
    assert "en" in caught.value.hint


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[sections]", "[sections"),
        ("{severity}", "{sevrity}"),
        ("[impression]", "[impresion]"),
        ('name = "cardiomegaly"', 'nom = "cardiomegaly"'),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, old: str, new: str) -> None:
    text = resource_path("report", "en.toml").read_text(encoding="utf-8")
    assert old in text
    (tmp_path / "en.toml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DraftError) as caught:
        load_wording("en", tmp_path)
    assert caught.value.code == "WORDING_INVALID"


def test_a_file_of_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "en.toml").write_bytes("language = 'ä'".encode("latin-1"))
    with pytest.raises(DraftError) as caught:
        load_wording("en", tmp_path)
    assert caught.value.code == "WORDING_INVALID"
