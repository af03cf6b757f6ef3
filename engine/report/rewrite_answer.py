"""The form of a rewriting: a list of sentences, each with its number and the features it stands on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import WorkerError
from engine.language.facts import Answer
from engine.report.draft import Sentence

LONGEST = 400
"""Characters of a rewritten sentence."""
AT_ONCE = 1200
"""Tokens that one answer may take, unless a single sentence takes more."""
_LETTERS = "[A-Za-z0-9ÄÖÜäöüßé ,;:()/'-]"


class RewrittenSentence(BaseModel):
    """One sentence of an answer; `sentence` counts those of the question from 1."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sentence: int
    features: tuple[int, ...]
    text: Annotated[str, Field(max_length=LONGEST)]


class RewrittenSection(BaseModel):
    """An answer. That it answers what was asked is looked at sentence by sentence."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    sentences: tuple[RewrittenSentence, ...]


def parse_answer(answer: Answer) -> RewrittenSection:
    """Read an answer.

    Raises
    ------
    WorkerError
        ``REWRITE_ANSWER`` when it was cut off or has another form than it was asked for.
    """
    try:
        return RewrittenSection.model_validate_json(answer.text)
    except ValidationError as error:
        how = "has another form than asked for" if answer.complete else "was cut off"
        raise WorkerError(
            "REWRITE_ANSWER",
            f"the language model's answer {how}",
            "the draft stays as the rules made it; name another model",
        ) from error


def longest(sentence: Sentence) -> int:
    """Return how many characters the rewriting of a sentence may have."""
    return min(2 * len(sentence.text) + 20, LONGEST)


def answer_schema(sentences: Sequence[Sentence]) -> dict[str, Any]:
    """Return the JSON schema of the answer: one entry a sentence, in order, whose number and features are fixed.

    A model that keeps to it can neither drop, join nor invent a sentence, nor cite another feature.
    """
    items = [
        {
            "type": "object",
            "properties": {
                "sentence": {"const": number},
                "features": {"const": list(sentence.evidence)},
                "text": {"type": "string", "pattern": f"^[A-ZÄÖÜ]{_LETTERS}{{1,{longest(sentence) - 2}}}[.]$"},
            },
            "required": ["sentence", "features", "text"],
            "additionalProperties": False,
        }
        for number, sentence in enumerate(sentences, start=1)
    ]
    return {
        "type": "object",
        "properties": {"sentences": {"type": "array", "prefixItems": items, "items": False}},
        "required": ["sentences"],
        "additionalProperties": False,
    }


def most_tokens(sentences: Sequence[Sentence]) -> int:
    """Return a bound on the tokens of an answer, of which none is shorter than a byte."""
    return sum(map(_tokens, sentences)) + 40


def portions(sentences: Sequence[Sentence]) -> Iterator[list[Sentence]]:
    """Yield the sentences in order, as many at once as may be answered with `AT_ONCE` tokens."""
    taken: list[Sentence] = []
    for sentence in sentences:
        if taken and most_tokens([*taken, sentence]) > AT_ONCE:
            yield taken
            taken = []
        taken.append(sentence)
    if taken:
        yield taken


def _tokens(sentence: Sentence) -> int:
    return longest(sentence) + 8 * len(sentence.evidence) + 60
