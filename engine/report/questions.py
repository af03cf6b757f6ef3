"""What an indication asks: its words, and which negatives they make worth a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from engine.pack.manifest import OBSERVATIONS
from engine.report.vocabulary import NO_FINDING
from engine.text.extract import extract_findings


def _known(name: str) -> str:
    """Refuse an observation that no readout has, which would silently ask for nothing."""
    allowed = [observation for observation in OBSERVATIONS if observation != NO_FINDING]
    if name not in allowed:
        raise ValueError(f"unknown observation {name!r}; allowed are {', '.join(allowed)}")
    return name


class Question(BaseModel):
    """Words of an indication and the observations whose absence is then worth a sentence.

    Attributes
    ----------
    words : tuple of str
        Whole words or phrases in any case of letters; ``*`` stands for any rest of a word.
    deny : tuple of str
        CheXpert observations.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    words: Annotated[tuple[Annotated[str, Field(min_length=2)], ...], Field(min_length=1)]
    deny: Annotated[tuple[Annotated[str, AfterValidator(_known)], ...], Field(min_length=1)]

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Expression that finds any of the words."""
        return _pattern(self.words)


class Questions(BaseModel):
    """``indications-<language>.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")]
    question: tuple[Question, ...]


@lru_cache(maxsize=512)
def _pattern(words: tuple[str, ...]) -> re.Pattern[str]:
    spelled = (re.sub(r"\\?\s+", r"[\\s-]+", re.escape(word)).replace(r"\*", r"\w*") for word in words)
    return re.compile(rf"(?<!\w)(?:{'|'.join(spelled)})(?!\w)", re.IGNORECASE)


def asked_about(indication: str, lists: Iterable[Questions]) -> tuple[str, ...]:
    """Return the observations that an indication asks about, in the labeler's order; none where it asks nothing known.

    What it names itself is asked, whatever it says of it ("? effusion", "rule out pneumothorax", "known effusion");
    symptoms and circumstances ask what the lists say. An indication may be in any of their languages.
    """
    named = {finding.observation for finding in extract_findings(indication) if not finding.by_region}
    for questions in lists:
        for question in questions.question:
            if question.pattern.search(indication):
                named.update(question.deny)
    return tuple(name for name in OBSERVATIONS if name in named and name != NO_FINDING)
