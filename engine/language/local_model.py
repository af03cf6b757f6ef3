"""A language model in a child process: a crash, a time-out or too little memory ends the child and nothing else."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar, cast

from engine.errors import UsageError
from engine.language.facts import Answer, ModelFacts, Setup
from engine.worker.job import Job
from engine.worker.worker import Worker

LOAD_LIMIT_S = 1800.0
ANSWER_LIMIT_S = 900.0
_POLL_S = 0.05
_MAGIC = b"GGUF"
_PART = re.compile(r"-\d{5}-of-\d{5}\.gguf$", re.IGNORECASE)
T = TypeVar("T")


class LocalModel:
    """A GGUF file that can be asked; loaded when it is opened, and again after the child died.

    Parameters
    ----------
    setup : Setup
    answer_limit_s, load_limit_s : float
        Wall-clock limits of an answer, and of loading the model.
    memory_bytes : int or None
        Address space of the child (Linux), which counts the file too where that is mapped into memory; None for no
        limit, which a GPU needs.
    cancelled : callable, optional
        Asked while the model is loaded.

    Attributes
    ----------
    facts : ModelFacts
        What the file says of itself.

    Raises
    ------
    UsageError
        ``LANGUAGE_FILE`` when there is no such file or it is no model that llama.cpp can load, ``LANGUAGE_LIBRARY``
        when llama-cpp-python is not installed, ``LANGUAGE_CONTEXT`` when the instructions do not fit.
    WorkerError
        When the child dies or takes too long while it loads the model.
    Cancelled
    """

    def __init__(
        self,
        setup: Setup,
        *,
        answer_limit_s: float = ANSWER_LIMIT_S,
        load_limit_s: float = LOAD_LIMIT_S,
        memory_bytes: int | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> None:
        check_file(Path(setup.path))
        self._setup, self._limit, self._load_limit = setup, answer_limit_s, load_limit_s
        self._worker = Worker(memory_bytes=memory_bytes, preload=("engine.language.child",), name="saerad-language")
        self._loaded = False
        try:
            self.facts = self._load(cancelled)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> LocalModel:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def ask(
        self,
        question: str,
        schema: Mapping[str, Any],
        most_tokens: int,
        *,
        cancelled: Callable[[], bool] | None = None,
    ) -> Answer:
        """Ask a question, see :func:`engine.language.child.ask`.

        Parameters
        ----------
        cancelled : callable, optional
            Asked while the model writes; the child is ended soon after it says yes.

        Raises
        ------
        WorkerError
            When the child dies (``WORKER_CRASHED``), takes too long (``WORKER_TIMEOUT``) or the question is too long
            (``LANGUAGE_QUESTION``). The next call starts a new child.
        Cancelled
        """
        if not self._loaded:
            self._load(cancelled)
        self._loaded = False
        job = self._worker.submit(
            "engine.language.child:ask", self._setup, question, dict(schema), most_tokens, time_limit_s=self._limit
        )
        answer = cast(Answer, _wait(job, cancelled))
        self._loaded = True
        return answer

    def close(self) -> None:
        """End the child."""
        self._worker.close()

    def _load(self, cancelled: Callable[[], bool] | None) -> ModelFacts:
        job = self._worker.submit("engine.language.child:load", self._setup, time_limit_s=self._load_limit)
        facts = cast(ModelFacts, _wait(job, cancelled))
        self._loaded = True
        return facts


def _wait(job: Job[T], cancelled: Callable[[], bool] | None) -> T:
    """Wait for the child, and pass a cancellation on."""
    while cancelled is not None and not job.done():
        if cancelled():
            job.cancel()
        try:
            return job.result(_POLL_S)
        except TimeoutError:
            continue
    return job.result()


def check_file(path: Path) -> None:
    """Look whether a file can be a model, without loading it.

    Raises
    ------
    UsageError
        ``LANGUAGE_FILE`` when it cannot be read, is no GGUF file or is one part of several.
    """
    try:
        with path.open("rb") as file:
            begin = file.read(len(_MAGIC))
    except OSError as error:
        raise UsageError(
            "LANGUAGE_FILE", f"{path} cannot be read ({error.strerror or error})", "name a GGUF file"
        ) from error
    if begin != _MAGIC:
        raise UsageError("LANGUAGE_FILE", f"{path} is no GGUF file", "name a model in llama.cpp's format")
    if _PART.search(path.name):
        raise UsageError(
            "LANGUAGE_FILE", f"{path} is a part of a model", "join its parts with llama-gguf-split --merge"
        )
