"""Let a local language model reword a draft; every sentence that says more or less than before stays as it was.

Off unless asked for. The model runs in a child process (:mod:`engine.language`) with limits on time and memory;
whatever fails there leaves the draft as the rules made it, and says so in :class:`~engine.report.rewriting.Rewriting`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from engine.errors import Cancelled, SaeRadError
from engine.language.facts import SEED, ModelFacts, Setup
from engine.language.local_model import LocalModel
from engine.report.draft import Draft
from engine.report.rewrite_answer import answer_schema, most_tokens
from engine.report.rewrite_prompt import RewritePrompt, load_prompt, prompt_name
from engine.report.rewrite_work import RewriteWork
from engine.report.rewriting import RewritingModel
from engine.text.lexicon import load_lexicon

PATIENCE = 2
"""Drafts in a row for which the model failed, after which it is not asked again."""
_NO_FACTS = ModelFacts(name="", licence="", architecture="", instruction_tokens=0, library="")


@dataclass(frozen=True)
class RewriteChoice:
    """Which model rewrites, and within which limits.

    Attributes
    ----------
    path : Path
        A GGUF file.
    context : int
        Tokens of instructions, question and answer.
    threads : int or None
        None leaves it to llama.cpp.
    answer_limit_s, load_limit_s : float
        Wall-clock limits, of an answer and of loading.
    memory_bytes : int or None
        Address space of the model's process (Linux); None for twice the file's size and 4 GiB.
    """

    path: Path
    context: int = 4096
    threads: int | None = None
    answer_limit_s: float = 180.0
    load_limit_s: float = 600.0
    memory_bytes: int | None = None


class Rewriter:
    """A model that is loaded with the first draft and kept for the next ones.

    Parameters
    ----------
    choice : RewriteChoice
    """

    def __init__(self, choice: RewriteChoice) -> None:
        self._choice = choice
        self._model: LocalModel | None = None
        self._language = ""
        self._sha256 = ""
        self._failures = 0
        self._last: SaeRadError | None = None

    def __enter__(self) -> Rewriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the model's process."""
        if self._model is not None:
            self._model.close()
            self._model = None

    def rewrite(self, draft: Draft, *, cancelled: Callable[[], bool] | None = None) -> Draft:
        """Return a draft in the model's words, wherever they say the same; its `rewriting` tells what became of them.

        Only sentences that the rules wrote and no person touched are rewritten; none is added, dropped or joined, and
        findings, features and order stay. A model that fails leaves the draft's sentences, and a code in
        ``rewriting.warning``.

        Raises
        ------
        Cancelled
        """
        prompt: RewritePrompt | None = None
        prompt_sha256, lexicon_version = "", ""
        facts = _NO_FACTS
        work = RewriteWork(draft)
        try:
            prompt, prompt_sha256 = load_prompt(draft.language)
            lexicon = load_lexicon(draft.language)
            lexicon_version = str(lexicon.version)
            if self._failures >= PATIENCE and self._last is not None:
                raise self._last
            self._sha256 = self._sha256 or _sha256(self._choice.path)
            model = self._opened(draft.language, prompt, cancelled)
            facts = model.facts
            for section, asked in work.questions():
                answer = model.ask(
                    prompt.question(section, asked), answer_schema(asked), most_tokens(asked), cancelled=cancelled
                )
                work.take(asked, answer, lexicon)
            self._failures = 0
        except Cancelled:
            raise
        except SaeRadError as error:
            work.give_up(error)
            self._failures, self._last = self._failures + 1, error
        used = RewritingModel(
            file=self._choice.path.name,
            sha256=self._sha256,
            name=facts.name,
            library=f"llama-cpp-python {facts.library}" if facts.library else "",
            prompt=prompt_name(draft.language),
            prompt_version=prompt.version if prompt else 0,
            prompt_sha256=prompt_sha256,
            lexicon=lexicon_version,
            seed=SEED,
        )
        return work.result(used)

    def _opened(self, language: str, prompt: RewritePrompt, cancelled: Callable[[], bool] | None) -> LocalModel:
        if self._model is not None and self._language == language:
            return self._model
        self.close()
        path, choice = self._choice.path, self._choice
        setup = Setup(str(path), prompt.instructions.strip(), choice.context, choice.threads, gpu_layers=0)
        memory = choice.memory_bytes or _room(path)
        self._model = LocalModel(
            setup,
            answer_limit_s=choice.answer_limit_s,
            load_limit_s=choice.load_limit_s,
            memory_bytes=memory,
            cancelled=cancelled,
        )
        self._language = language
        return self._model


def rewriting_note(draft: Draft) -> str:
    """Return in one sentence what became of a rewriting; empty where none was asked for."""
    done = draft.rewriting
    if done is None:
        return ""
    if done.warning:
        return f"[{done.warning}] the draft was not rewritten as asked: {done.message}"
    refused = "".join(f", {count} {code}" for code, count in done.counts.items())
    return f"{done.taken} of {done.asked} sentences are rewritten, {len(done.rejected)} refused{refused}"


def _sha256(path: Path) -> str:
    """Return the hash of a file; empty where it cannot be read, of which opening it will tell."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""


def _room(path: Path) -> int | None:
    """Return the address space for a model: the file mapped, its weights repacked, and what an answer takes."""
    try:
        return 2 * path.stat().st_size + (4 << 30)
    except OSError:
        return None  # opening it will say why
