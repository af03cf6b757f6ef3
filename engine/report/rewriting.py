"""What a draft keeps of its rewriting by a language model: by which one, what was refused and why, and what failed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Literal

Refusal = Literal[
    "MISSING", "FEATURES", "INVENTED", "FORM", "UNREADABLE", "ADDED", "LOST", "WORDS", "DUPLICATE", "NO_ANSWER"
]
"""Why a rewritten sentence was refused.

``MISSING``: the answer has no such sentence; ``FEATURES``: it names other features; ``INVENTED``: the answer has a
sentence that was not asked for; ``FORM``: it is no single sentence of printable characters; ``UNREADABLE``: the rules
cannot read the original back, so that nothing can be compared; ``ADDED``, ``LOST``: it states what the original does
not, or the other way round; ``WORDS``: words or marks for which no rule answers; ``DUPLICATE``: the draft has that
sentence already; ``NO_ANSWER``: the model did not answer for this section.
"""


@dataclass(frozen=True)
class Rejection:
    """A rewritten sentence that was not taken.

    Attributes
    ----------
    key : str
        The sentence that stays as the rules made it; empty where the answer invented one.
    proposed : str
        The refused text; empty where there is none.
    code : Refusal
    reason : str
        For people: what was added or lost.
    """

    key: str
    proposed: str
    code: Refusal
    reason: str


@dataclass(frozen=True)
class RewritingModel:
    """The model and the words it was asked with.

    Attributes
    ----------
    file, sha256 : str
        Of the GGUF file; the hash is empty where it could not be read.
    name, library : str
        Of its metadata, and the version of llama-cpp-python; empty where the model was not loaded.
    prompt : str
        Name of the file below ``resources/prompts``.
    prompt_version, seed : int
    prompt_sha256, lexicon : str
        Of the prompt's file; version of the words by which its sentences were checked.
    """

    file: str
    sha256: str
    name: str
    library: str
    prompt: str
    prompt_version: int
    prompt_sha256: str
    lexicon: str
    seed: int


@dataclass(frozen=True)
class Rewriting:
    """A rewriting that was asked for.

    Attributes
    ----------
    model : RewritingModel
    asked, taken : int
        Sentences that the model was to rewrite, and those whose text is its own now; what it repeated unchanged is in
        neither `taken` nor `rejected`.
    rejected : tuple of Rejection
    warning, message : str
        Code and words of what failed; empty where nothing did. What was not rewritten is as the rules made it.
    """

    model: RewritingModel
    asked: int = 0
    taken: int = 0
    rejected: tuple[Rejection, ...] = ()
    warning: str = ""
    message: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """Number of refused sentences by code."""
        return dict(sorted(Counter(rejection.code for rejection in self.rejected).items()))
