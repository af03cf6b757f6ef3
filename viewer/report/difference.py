"""What a person changed of the AI's sentence, word by word."""

from __future__ import annotations

import html

from engine.report.difference import word_difference
from engine.report.draft import Sentence
from viewer.i18n import tr
from viewer.theme import palette


def difference_html(old: str, new: str) -> str:
    """Return both texts as one line of HTML: what is gone struck through, what is new underlined."""
    styles = {
        "same": "",
        "gone": f"color: {palette.REFUSED}; text-decoration: line-through;",
        "new": f"color: {palette.CONFIRMED}; text-decoration: underline;",
    }
    runs = word_difference(old, new)
    return " ".join(f'<span style="{styles[run.kind]}">{html.escape(run.text)}</span>' for run in runs)


def compared(sentence: Sentence) -> str:
    """Return the comparison of a sentence with what the AI wrote, as HTML; it says so where there is nothing to see."""
    if not sentence.ai_text:
        return html.escape(tr("A person wrote this sentence; there is no text of the AI."))
    if sentence.text == sentence.ai_text:
        return html.escape(tr("As the AI wrote it."))
    return html.escape(tr("Against the AI's text:")) + " " + difference_html(sentence.ai_text, sentence.text)
