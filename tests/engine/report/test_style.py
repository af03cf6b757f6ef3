"""A house style changes phrases and order, and a fault in it is told with line, key and what is allowed."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import DraftError
from engine.report.compose import compose
from engine.report.serialise import draft_from_dict, draft_to_dict
from engine.report.style import load_style
from engine.report.wording import notices_of
from tests.engine.report.factories import busy, texts

OWN = """language = "de"
section_order = ["impression", "heart", "lungs", "pleura", "bones", "devices", "other"]

[sections]
impression = "ZUSAMMENFASSUNG"

[observations."Pneumothorax"]
absent = "Pneumothorax {side} nicht abgrenzbar."

[notices]
strip = "Entwurf der Klinik"
"""


def written(folder: Path, text: str, name: str = "house.toml") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def refusal(path: Path, language: str | None = None) -> DraftError:
    with pytest.raises(DraftError) as caught:
        load_style(language, path)
    return caught.value


def test_own_phrases_lie_over_the_shipped_ones(tmp_path: Path) -> None:
    own = written(tmp_path, OWN)
    draft = compose(busy(), own_style=own)
    assert draft.language == "de" and draft.sections[0].title == "ZUSAMMENFASSUNG"
    assert texts(draft, "pleura")[1] == "Pneumothorax nicht abgrenzbar."
    assert texts(draft, "heart") == texts(compose(busy(), language="de"), "heart")
    assert [f for s in draft.sentences() for f in s.findings if f.observation == "Pneumothorax"]
    # The file may be gone when the draft is opened again or exported.
    own.unlink()
    assert notices_of(draft_from_dict(draft_to_dict(draft))).strip == "Entwurf der Klinik"


def test_a_folder_holds_languages_and_questions(tmp_path: Path) -> None:
    written(tmp_path, OWN, "de.toml")
    questions = 'language = "en"\n[[question]]\nwords = ["hiccup*"]\ndeny = ["Fracture"]\n'
    written(tmp_path, questions, "indications-en.toml")
    assert compose(busy(), own_style=tmp_path).language == "de"
    english = compose(busy(), own_style=tmp_path, language="en", indication="hiccups, dyspnoea")
    assert english.asked == ("Edema", "Pneumothorax", "Pleural Effusion", "Fracture"), "the German list knows dyspnoea"
    assert english.sections[0].name == "lungs"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        (
            OWN.replace("absent =", "abcent ="),
            ["line 8", "observations.Pneumothorax.abcent", "are absent, imp"],
        ),
        (
            OWN.replace("{side}", "{seite}"),
            ["line 8", "unknown placeholder", "'location', 'name', 'severity', 'side'"],
        ),
        (OWN.replace("{side}", "{side"), ["line 8", "a brace stands alone"]),
        (OWN.replace('"heart", ', ""), ["line 2", "section_order", "each section must stand in it once"]),
        (OWN.replace('impression = "ZU', 'impresion = "ZU'), ["line 5", "sections", "'lungs', 'pleura'"]),
        (OWN.replace('"Pneumothorax"]', '"Pneumothorx"]'), ["line 7", "did you mean 'Pneumothorax'"]),
        (OWN.replace("nicht abgrenzbar", "unverändert"), ["line 8", "'unverändert' speaks of change"]),
        (OWN.replace('"de"', '"fr"'), ['language = "de" or language = "en"']),
        (OWN.replace('language = "de"\n', ""), ["must say which language"]),
        (OWN + "[notizen]\nx = 1\n", ["line 12", "notizen", "allowed are", "notices"]),
    ],
)
def test_a_fault_is_told_with_line_key_and_what_is_allowed(tmp_path: Path, text: str, parts: list[str]) -> None:
    error = refusal(written(tmp_path, text))
    assert error.code == "STYLE_INVALID" and "house-style.md" in error.hint
    assert all(part in error.message for part in parts), error.message


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nothing.toml").code == "STYLE_MISSING"
    assert refusal(tmp_path).code == "STYLE_MISSING"
    broken = refusal(written(tmp_path, OWN.replace('"Entwurf der', "Entwurf der")))
    assert broken.code == "STYLE_SYNTAX" and "line 11" in broken.message
    (tmp_path / "latin.toml").write_bytes('language = "de" # ä'.encode("latin-1"))
    assert refusal(tmp_path / "latin.toml").code == "STYLE_SYNTAX"
    assert refusal(written(tmp_path, OWN), "en").code == "STYLE_LANGUAGE"
    asks = 'language = "de"\n\n[[question]]\nwords = ["x*"]\ndeny = ["Erguss"]\n'
    error = refusal(written(tmp_path, asks, "indications-de.toml"))
    assert error.code == "STYLE_INVALID" and "line 5, question.0.deny.0" in error.message and "Edema" in error.message
