"""Put instructions and a question into the form that a model was trained on, its chat template."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

MARK = "@@question@@"
FINAL_CHANNEL = "<|channel|>final<|message|>"
"""Where gpt-oss answers instead of thinking aloud (OpenAI harmony response format)."""

Render = Callable[[str], str]
"""Puts one message of the user into the chat template, ready for the answer."""


@dataclass(frozen=True)
class Frame:
    """The text around a question: what the model reads once, and what follows the question."""

    before: str
    after: str


def frame(instructions: str, render: Render | None) -> Frame:
    """Return the text around every question.

    All is one message of the user, since some templates know no system role.

    Parameters
    ----------
    render : callable, optional
        None for a model without a chat template.

    Raises
    ------
    ValueError
        When the template loses the message, or refuses it.
    """
    if render is None:
        return Frame(f"{instructions}\n\n", "\n\nAnswer: ")
    text = render(f"{instructions}\n\n{MARK}")
    before, mark, after = text.partition(MARK)
    if not mark:
        raise ValueError("its chat template leaves out what the user says")
    return Frame(before, after)


def answer_start(template: str) -> str:
    """Return what has to stand before an answer that is not preceded by thinking, beyond the template."""
    return FINAL_CHANNEL if FINAL_CHANNEL in template else ""
