"""English and German: every text a person reads has German words, and none is hard-coded."""

from __future__ import annotations

import ast
import json
import string
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from engine.errors import SaeRadError
from tests.viewer.factories import FakeEngine
from tests.viewer.texts_found import VIEWER, hard_coded, modules, texts
from viewer.actions.catalogue import ACTIONS
from viewer.actions.spec import MENUS
from viewer.controller import Controller
from viewer.i18n import language, tr
from viewer.state.autosave import DraftStore
from viewer.state.session import Session
from viewer.window import MainWindow


@pytest.fixture
def german(dark: QApplication) -> Iterator[QApplication]:
    """The application in German."""
    language.use("de", dark)
    yield dark
    language.use("en", dark)


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_every_text_has_german_words_in_the_file_of_its_folder() -> None:
    """Says the line to write and where; a text that several folders show stands in the first of them by name."""
    needed, folder, missing = texts(), language.words_path("de"), []
    there = {path.stem: tomllib.loads(path.read_text("utf-8")) for path in folder.glob("*.toml")}
    for text, place in sorted(needed.items()):
        if text not in there.get(place, {}):
            missing.append(f'add to resources/viewer/de/{place}.toml: {json.dumps(text, ensure_ascii=False)} = "…"')
    assert missing == [], "\n".join(missing)
    unused = [f"{place}.toml: {text}" for place, its in there.items() for text in its if needed.get(text) != place]
    assert unused == [], "take out, or move: " + "\n".join(unused)


def test_german_has_the_same_fields_and_menu_keys() -> None:
    for english, german in language.read_words("de").items():
        assert german.strip() and fields(english) == fields(german), english
        assert english.count("&") == german.count("&"), f"{english}: its German needs the mark of a menu key, too"
        assert english.endswith("…") == german.endswith("…"), english


def test_no_two_entries_of_a_menu_have_one_key() -> None:
    german = language.read_words("de")
    for words in ({}, german):
        for menu in MENUS:
            names = [words.get(spec.text, spec.text) for spec in ACTIONS if spec.menu == menu]
            twice = [key for key, count in Counter(menu_keys(names)).items() if count > 1]
            assert twice == [], f"{menu} {names}"
        bar = menu_keys([words.get(menu, menu) for menu in MENUS])
        assert len(set(bar)) == len(MENUS)


def menu_keys(names: list[str]) -> list[str]:
    return [name[name.index("&") + 1].casefold() for name in names if "&" in name]


def test_no_text_is_hard_coded() -> None:
    found = [f"{path.relative_to(VIEWER)}:{line} {text}" for path, tree in modules() for line, text in hard_coded(tree)]
    assert found == [], "pass these through tr: " + "\n".join(found)


def test_hard_coded_texts_are_seen() -> None:
    source = 'label.setText(f"{n} files")\nProblem("CODE", tr("fine"), "try again")\nlabel.setText(f"{n} · {name}")'
    assert list(hard_coded(ast.parse(source))) == [(1, " files"), (2, "try again")]


def test_the_window_and_the_buttons_of_qt_speak_german(german: QApplication, qtbot: object, tmp_path: Path) -> None:
    session = Session(DraftStore(tmp_path / "drafts"))
    window = MainWindow(session, Controller(session, FakeEngine()))  # type: ignore[arg-type]
    qtbot.addWidget(window)  # type: ignore[attr-defined]
    assert window.actions_by_id["invert"].text() == "In&vertieren"
    assert window.report.review.text() == "Geprüft"
    assert QCoreApplication.translate("QPlatformTheme", "Cancel") == "Abbrechen"
    assert tr("{count} to confirm", count=3) == "3 offen"
    window.close()


def test_a_language_that_cannot_be_read_is_told_and_changes_nothing(
    dark: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(language, "words_path", lambda _language: tmp_path)
    for content in (None, '"Image" = ', '"Image" = 3\n'):
        if content is not None:
            (tmp_path / "image.toml").write_text(content)
        with pytest.raises(SaeRadError) as told:
            language.use("de", dark)
        assert told.value.code == "LANGUAGE_INVALID" and tr("Image") == "Image"
