"""The line that says how far the wording is: features, the time that is left, tokens a second."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Protocol

from tqdm import tqdm

from engine.cli.terminal import unknown_size
from engine.language.facts import Answer


class WordingProgress(Protocol):
    """Who is told how far a wording is."""

    def begin(self, done: int, total: int) -> None:
        """Take note of the features to word and of those that former runs have done."""

    def step(self, answer: Answer | None) -> None:
        """Take note of one more feature; None where there is no answer."""


class WordingBar:
    """Shows it on stderr, where that is a terminal.

    Attributes
    ----------
    tokens : int
        Read and written by this run, without those known from before.
    seconds : float
        That took.
    """

    def __init__(self) -> None:
        self.tokens, self.seconds = 0, 0.0
        self._bar: tqdm[None] | None = None

    def __enter__(self) -> WordingBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    @property
    def tokens_per_second(self) -> float:
        """Of this run."""
        return self.tokens / self.seconds if self.seconds else 0.0

    def begin(self, done: int, total: int) -> None:
        """Count what former runs did as done, but not for the speed."""
        self._bar = tqdm(
            total=total,
            initial=done,
            unit="feature",
            desc="word",
            file=sys.stderr,
            disable=not sys.stderr.isatty(),
            **unknown_size(),
        )

    def step(self, answer: Answer | None) -> None:
        """One more."""
        if answer is not None:
            self.tokens += answer.prompt_tokens - answer.reused_tokens + answer.answer_tokens
            self.seconds += answer.seconds
        if self._bar is not None:
            self._bar.set_postfix_str(f"{self.tokens_per_second:.1f} tokens/s", refresh=False)
            self._bar.update()
