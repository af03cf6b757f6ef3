"""Take the likeliest token that a grammar allows, asking the grammar for few tokens.

The library asks it for every token of the vocabulary each time, which takes longer than a small model does. The
likeliest token is nearly always allowed, and where it is, no other one need be looked at; llama.cpp's own programs do
the same.
"""

from __future__ import annotations

import ctypes
from types import TracebackType
from typing import Any

import numpy as np
import numpy.typing as npt

_CANDIDATE = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
"""``llama_token_data``."""
_FEW = 64


class GreedyGrammar:
    """A grammar on its way through one text; free it by leaving its block.

    Parameters
    ----------
    vocabulary : pointer
        ``llama_vocab`` of the model.
    grammar : str
        GBNF with the rule ``root``.

    Raises
    ------
    ValueError
        When llama.cpp cannot read the grammar.
    """

    def __init__(self, vocabulary: Any, grammar: str) -> None:
        from llama_cpp import llama_cpp as library  # noqa: PLC0415 - an extra that only the child process needs

        self._library: Any = library
        self._sampler = self._library.llama_sampler_init_grammar(vocabulary, grammar.encode(), b"root")
        if not self._sampler:
            raise ValueError("llama.cpp cannot read the grammar")

    def __enter__(self) -> GreedyGrammar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._library.llama_sampler_free(self._sampler)

    def take(self, logits: npt.NDArray[np.float32]) -> int:
        """Return the allowed token of the largest logit, the smallest id among equals, and go on behind it.

        Parameters
        ----------
        logits : ndarray of float32, shape (vocabulary,)
        """
        for count in (1, min(_FEW, logits.size), logits.size):
            token = self._best(likeliest(logits, count), logits)
            if token is not None:
                self._library.llama_sampler_accept(self._sampler, token)
                return token
        raise ValueError("the grammar allows no token")

    def _best(self, tokens: npt.NDArray[np.int64], logits: npt.NDArray[np.float32]) -> int | None:
        candidates = np.zeros(tokens.size, _CANDIDATE)
        candidates["id"], candidates["logit"] = tokens, logits[tokens]
        data = candidates.ctypes.data_as(self._library.llama_token_data_p)
        array = self._library.llama_token_data_array(data=data, size=tokens.size, selected=-1, sorted=False)
        self._library.llama_sampler_apply(self._sampler, ctypes.byref(array))
        best = int(candidates["logit"].argmax())
        return int(candidates["id"][best]) if np.isfinite(candidates["logit"][best]) else None


def likeliest(logits: npt.NDArray[np.float32], count: int) -> npt.NDArray[np.int64]:
    """Return the tokens of the largest logits, those with every other one that is as large, by id."""
    if count >= logits.size:
        return np.arange(logits.size)
    least = np.partition(logits, logits.size - count)[logits.size - count]
    return np.flatnonzero(logits >= least)
