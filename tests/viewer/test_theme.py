"""Dark and light: text that can be read, switched while the window is open."""

from __future__ import annotations

import ast
import re
from typing import Any

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication

from tests.viewer.looking import Open, row
from tests.viewer.texts_found import VIEWER, modules
from viewer.app import prepare
from viewer.settings import program
from viewer.settings.preferences import Preferences
from viewer.theme import palette, style
from viewer.window import MainWindow

SURFACES = ("WINDOW", "PANEL", "FIELD", "RAISED", "SELECTED", "MARKED")
PAIRS = (
    *(
        (text, surface)
        for text in ("TEXT", "MUTED", "UNCONFIRMED", "REWORDED", "CONFIRMED", "REFUSED")
        for surface in SURFACES
    ),
    *((text, surface) for text in ("EXPORTED", "ACCENT") for surface in ("WINDOW", "PANEL", "FIELD")),
    *(("ON_HIGHLIGHT", surface) for surface in ("HIGHLIGHT", "PRIMARY")),
    ("UNCONFIRMED", "WARNED"),
    ("ON_ALARM", "ALARM"),
)
"""Text and what it stands on."""


@pytest.fixture(autouse=True)
def dark_again(dark: QApplication) -> Any:
    yield
    style.apply(dark)


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2)."""
    channels = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in QColor(colour).getRgbF()[:3])  # type: ignore[index]
    return sum(share * c for share, c in zip((0.2126, 0.7152, 0.0722), channels, strict=True))


def contrast(one: str, other: str) -> float:
    """Contrast ratio (WCAG 2.2), 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("theme", palette.THEMES)
def test_text_can_be_read(theme: str) -> None:
    colours = palette.THEMES[theme]
    weak = {f"{t} on {s}": round(contrast(colours[t], colours[s]), 2) for t, s in PAIRS}
    assert {pair: ratio for pair, ratio in weak.items() if ratio < 4.5} == {}


def test_themes_name_the_same_colours_and_nothing_keeps_one_from_its_import() -> None:
    names = [set(colours) for colours in palette.THEMES.values()]
    assert names[0] == names[1] and all(hasattr(palette, name) for name in names[0])
    kept = [
        f"{path.relative_to(VIEWER)}:{node.lineno}"
        for path, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "viewer.theme.palette"
    ]
    assert kept == [], "import viewer.theme.palette and use its names when painting"
    for theme in palette.THEMES:
        palette.use(theme)
        used = set(re.findall(r"#[0-9a-f]{6}", style.sheet()))
        assert used <= set(palette.THEMES[theme].values())


def test_the_theme_changes_while_the_window_is_open(
    qapp: QApplication, window: MainWindow, opened: Open, tmp_path: Any
) -> None:
    opened(a={})
    preferences = Preferences()
    prepare(qapp, preferences)
    shown = {}
    for theme in ("light", "dark"):
        preferences.set(program.THEME, theme)
        picture = row(window, "s1").grab().toImage()
        shown[theme] = picture.pixelColor(picture.width() - 3, picture.height() - 3).name()
        assert palette.THEMES[theme]["PANEL"] == palette.PANEL
        status = window.report.status.grab().toImage()
        colours = {status.pixelColor(x, y).name() for x in range(status.width()) for y in range(status.height())}
        assert palette.THEMES[theme]["UNCONFIRMED"] in colours
    surfaces = {theme: {palette.THEMES[theme][name] for name in ("PANEL", "MARKED", "SELECTED")} for theme in shown}
    assert all(shown[theme] in surfaces[theme] for theme in shown)
