"""The likeliest token that a grammar allows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engine.language.sampling import GreedyGrammar, likeliest
from tests.tiny_gguf import needs_llama, random_model

DIGITS = 'root ::= [0-9] "a" [0-9]+'


def test_the_likeliest_tokens_are_a_set_that_ties_do_not_change() -> None:
    logits = np.array([0.0, 3.0, 1.0, 3.0, 2.0, 1.0], dtype=np.float32)
    assert [likeliest(logits, count).tolist() for count in (1, 2, 3, 4, 6)] == [
        [1, 3],
        [1, 3],
        [1, 3, 4],
        [1, 2, 3, 4, 5],
        [0, 1, 2, 3, 4, 5],
    ]


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """That of a tiny model, loaded here: elsewhere the library stays in a child process."""
    import llama_cpp
    from llama_cpp import _utils

    path = random_model(tmp_path_factory.mktemp("model") / "m.gguf")
    model = llama_cpp.Llama(str(path), vocab_only=True, verbose=False)
    yield model._model.vocab
    model.close()
    # The library leaves these open, which is a warning at the end of the process.
    _utils.outnull_file.close()
    _utils.errnull_file.close()


@needs_llama
def test_it_is_the_best_of_all_that_the_grammar_allows(vocabulary: Any) -> None:
    rng = np.random.default_rng(0)
    digits = [ord(letter) for letter in "0123456789"]
    for _ in range(20):
        with GreedyGrammar(vocabulary, DIGITS) as grammar:
            for allowed in (digits, [ord("a")], digits, [*digits, 257]):
                logits = rng.normal(size=258).astype(np.float32)
                assert grammar.take(logits) == max(allowed, key=lambda token: logits[token])


@needs_llama
def test_a_malformed_grammar_is_refused(vocabulary: Any) -> None:
    with pytest.raises(ValueError, match="cannot read the grammar"):
        GreedyGrammar(vocabulary, "root ::= [\\q]")
