"""What runs in the child process: load a model once, answer one question after another.

llama.cpp ends its process on some inputs and where memory is short; none of that is caught here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import UsageError, WorkerError
from engine.language.facts import SEED, Answer, ModelFacts, Setup
from engine.language.sampling import GreedyGrammar
from engine.language.template import Render, answer_start, frame

_LONGEST = 200
_SAME_DAY = datetime(2025, 1, 1, tzinfo=UTC)
_loaded: _Model | None = None


def load(setup: Setup) -> ModelFacts:
    """Load a model, let it read the instructions, and return what it is.

    Raises
    ------
    UsageError
        ``LANGUAGE_LIBRARY``, ``LANGUAGE_FILE``, ``LANGUAGE_CONTEXT``.
    """
    return _model(setup).facts


def ask(setup: Setup, question: str, schema: Mapping[str, Any], most_tokens: int) -> Answer:
    """Ask a question; the answer is the beginning of a JSON text of that schema, all of it unless it is cut off.

    The same question to the same model has the same answer, whatever was asked before: the model goes back to the end
    of the instructions, and takes the likeliest token each time.

    Raises
    ------
    WorkerError
        ``LANGUAGE_QUESTION`` when instructions, question and answer do not fit into the context.
    UsageError
        See `load`.
    """
    return _model(setup).ask(question, schema, most_tokens)


def _model(setup: Setup) -> _Model:
    global _loaded  # noqa: PLW0603 - one model a process is the point
    if _loaded is None or _loaded.setup != setup:
        _loaded = None  # two may not fit into memory
        _loaded = _Model(setup)
    return _loaded


class _Model:
    """A loaded model that has read its instructions."""

    def __init__(self, setup: Setup) -> None:
        try:
            import llama_cpp  # noqa: PLC0415 - an extra that only this process needs
        except (ImportError, OSError, RuntimeError) as error:  # the last two where its own library cannot be loaded
            raise UsageError(
                "LANGUAGE_LIBRARY",
                f"llama-cpp-python cannot be used here ({error})",
                "install the extra 'labelling': pip install 'saerad-workstation[labelling]'",
            ) from error
        self.setup = setup
        try:
            self._llama: Any = llama_cpp.Llama(
                setup.path,
                n_ctx=setup.context,
                n_threads=setup.threads,
                n_threads_batch=setup.threads,
                n_gpu_layers=setup.gpu_layers,
                seed=SEED,
                # Models with a sliding window forget the instructions otherwise.
                swa_full=True,
                verbose=False,
            )
            metadata: dict[str, str] = self._llama.metadata
            template = metadata.get("tokenizer.chat_template", "")
            around = frame(setup.instructions, self._renderer(template) if template else None)
        except Exception as error:  # the library's own, those of ctypes, and whatever a template raises
            raise UsageError(
                "LANGUAGE_FILE", f"{setup.path} cannot be used as a language model ({error})", "name another GGUF file"
            ) from error
        self._before = self._tokens(around.before, special=True, first=True)
        self._after = self._tokens(around.after + answer_start(template), special=True)
        trained = int(self._llama._model.n_ctx_train())
        if not len(self._before) + len(self._after) < setup.context <= trained:
            raise UsageError(
                "LANGUAGE_CONTEXT",
                f"a context of {setup.context} tokens does not hold the instructions ({len(self._before)}), or is more "
                f"than the model was trained on ({trained})",
                "give another one with --context",
            )
        self.facts = ModelFacts(
            name=_line(metadata, "general.name"),
            licence=_line(metadata, "general.license"),
            architecture=_line(metadata, "general.architecture"),
            instruction_tokens=len(self._before),
            library=str(llama_cpp.__version__),
        )
        self._library: Any = llama_cpp.llama_cpp
        self._vocabulary = self._llama._model.vocab
        self._llama.eval(self._before)

    def ask(self, question: str, schema: Mapping[str, Any], most_tokens: int) -> Answer:
        from llama_cpp.llama_grammar import json_schema_to_gbnf  # noqa: PLC0415 - see above

        start = time.monotonic()
        # Nothing in a question is read as a special token.
        prompt = [*self._before, *self._tokens(question, special=False), *self._after]
        if len(prompt) + most_tokens > self.setup.context:
            raise WorkerError(
                "LANGUAGE_QUESTION",
                f"{len(prompt)} tokens of a question and {most_tokens} of an answer exceed the context",
                "give more with --context",
            )
        grammar = json_schema_to_gbnf(json.dumps(schema))
        reused = self._go_back(prompt)
        written: list[int] = []
        complete = False
        with GreedyGrammar(self._vocabulary, grammar) as allowed:
            while not complete and len(written) < most_tokens:
                token = allowed.take(self._logits())
                complete = self._library.llama_vocab_is_eog(self._vocabulary, token)
                if not complete:
                    written.append(token)
                    self._llama.eval([token])
        return Answer(
            text=self._llama.detokenize(written).decode(errors="replace"),
            complete=complete,
            prompt_tokens=len(prompt),
            reused_tokens=reused,
            answer_tokens=len(written),
            seconds=time.monotonic() - start,
        )

    def _go_back(self, prompt: list[int]) -> int:
        """Read a prompt from behind the instructions on; returns how many tokens were known already.

        Only the instructions are kept, so that an answer does not depend on the questions before.
        """
        known = len(self._before)
        if self._llama._ctx.kv_cache_seq_rm(-1, known, -1):
            self._llama.n_tokens = known
        else:  # models that keep no state a token, such as Mamba, begin anew
            self._llama.reset()
            known = 0
        self._llama.eval(prompt[known:])
        return known

    def _logits(self) -> npt.NDArray[np.float32]:
        logits: npt.NDArray[np.float32] = np.ctypeslib.as_array(
            self._llama._ctx.get_logits(), shape=(self._llama.n_vocab(),)
        )
        return logits

    def _tokens(self, text: str, *, special: bool, first: bool = False) -> list[int]:
        """Return a text's tokens; the first of a prompt begins with the token for that, unless the text names it."""
        begin = self._llama.token_bos()
        named = begin >= 0 and text.startswith(self._piece(begin))
        tokens: list[int] = self._llama.tokenize(text.encode(), add_bos=first and not named, special=special)
        return tokens

    def _piece(self, token: int) -> str:
        return str(self._llama._model.token_get_text(token)) if token >= 0 else ""

    def _renderer(self, template: str) -> Render:
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter  # noqa: PLC0415 - see above

        llama = self._llama
        end, begin = self._piece(llama.token_eos()), self._piece(llama.token_bos())
        formatter: Any = Jinja2ChatFormatter(template, eos_token=end, bos_token=begin)
        # Templates that tell the day would make other prompts tomorrow.
        formatter.strftime_now = _SAME_DAY.strftime

        def render(text: str) -> str:
            messages = [{"role": "user", "content": text}]
            return str(formatter(messages=messages, enable_thinking=False).prompt)

        return render


def _line(metadata: Mapping[str, str], key: str) -> str:
    """Return a value of a file's metadata as one line of a reasonable length."""
    return " ".join(metadata.get(key, "").split())[:_LONGEST]
