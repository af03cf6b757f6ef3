"""Text of any script: embedded DejaVu Sans, Arabic joined and in visual order, the rest spelled by code point."""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import groupby
from xml.sax.saxutils import escape

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from engine.resources import resource_path

REGULAR, BOLD = "DejaVuSans", "DejaVuSans-Bold"
FONT_FILE = resource_path("fonts", "DejaVuSans.ttf")


@cache
def register() -> frozenset[int]:
    """Register the fonts once; return the code points that they can draw."""
    regular = TTFont(REGULAR, str(FONT_FILE))
    pdfmetrics.registerFont(regular)
    pdfmetrics.registerFont(TTFont(BOLD, str(resource_path("fonts", "DejaVuSans-Bold.ttf"))))
    pdfmetrics.registerFontFamily(REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD)
    return frozenset(regular.face.charToGlyph)


def plain(text: str) -> str:
    """Return text that the embedded font can draw.

    Characters it lacks (Chinese, Japanese, Korean among others) are spelled in brackets, romanised or by code point:
    fonts that are not embedded may be missing where the file is read, and a name must not vanish.
    """
    covered = register()
    shown = visual_order(join_arabic("".join(c if c.isprintable() else " " for c in text)))
    parts = []
    for known, run in groupby(shown, key=lambda c: ord(c) in covered):
        characters = "".join(run)
        parts.append(characters if known else f"[{_spelled(characters)}]")
    return "".join(parts)


def _spelled(characters: str) -> str:
    """Romanise kana and Korean syllables by their Unicode names; name the rest by code point."""
    spelled = []
    for character in unicodedata.normalize("NFKC", characters):
        name = unicodedata.name(character, "")
        sounded = name.startswith(("HIRAGANA LETTER", "KATAKANA LETTER", "HANGUL SYLLABLE"))
        spelled.append(name.rsplit(" ", 1)[-1] if sounded else f" U+{ord(character):04X} ")
    return " ".join("".join(spelled).split())


def markup(text: str) -> str:
    """Return `plain` text as paragraph markup."""
    return escape(plain(text))


@cache
def _forms() -> dict[str, dict[str, str]]:
    """Base letters (or lam-alef pairs) → {isolated, initial, medial, final} presentation form, by Unicode's tables."""
    forms: dict[str, dict[str, str]] = {}
    for code in [*range(0xFB50, 0xFBB2), *range(0xFE80, 0xFEFD)]:
        kind, *base = unicodedata.decomposition(chr(code)).split() or [""]
        if kind.startswith("<"):
            letters = "".join(chr(int(part, 16)) for part in base)
            forms.setdefault(letters, {})[kind.strip("<>")] = chr(code)
    return forms


def join_arabic(text: str) -> str:
    """Replace Arabic letters by the presentation forms that join them; other text is unchanged."""
    forms = _forms()
    units: list[str] = []
    for character in text:
        if units and units[-1] + character in forms and len(units[-1]) == 1:
            units[-1] += character
        else:
            units.append(character)
    joined = []
    for place, unit in enumerate(units):
        own = forms.get(unit, {})
        before, after = _neighbour(units, place, -1), _neighbour(units, place, 1)
        linked = "final" in own and "initial" in forms.get(before, {})
        links = "initial" in own and "final" in forms.get(after, {})
        kind = {(False, False): "isolated", (False, True): "initial", (True, True): "medial", (True, False): "final"}[
            linked, links
        ]
        joined.append(own.get(kind, unit))
    return "".join(joined)


def _neighbour(units: list[str], place: int, step: int) -> str:
    """Next unit in a direction; vowel marks are transparent to joining."""
    place += step
    while 0 <= place < len(units) and unicodedata.combining(units[place][0]):
        place += step
    return units[place] if 0 <= place < len(units) else ""


def visual_order(text: str) -> str:
    """Reverse right-to-left runs (with the spaces inside them), as they are drawn in a line that runs left to right."""
    result: list[str] = []
    run: list[str] = []
    for character in [*text, "\0"]:
        direction = unicodedata.bidirectional(character)
        if direction in ("R", "AL") or (run and direction in ("WS", "NSM")):
            run.append(character)
            continue
        tail = len(run) - len("".join(run).rstrip()) if run else 0
        body = run[: len(run) - tail] if tail else run
        result += [*reversed(body), *run[len(body) :], character]
        run = []
    return "".join(result[:-1])
