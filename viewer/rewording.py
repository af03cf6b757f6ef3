"""A local language model that rewords drafts, kept from one draft to the next."""

from __future__ import annotations

import threading
from pathlib import Path

from engine.report.draft import Draft
from engine.report.rewrite import RewriteChoice, Rewriter
from viewer.marking import mark
from viewer.tasks import TaskControl


class Rewording:
    """Holds the model that was asked last; used on the threads of tasks, one draft at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._model: tuple[Path, Rewriter] | None = None

    def reword(self, draft: Draft, model: Path, control: TaskControl) -> Draft:
        """Return the draft in the model's words wherever they say the same; its `rewriting` tells what became of them.

        Raises
        ------
        Cancelled
        """
        with self._lock:
            control.check()
            control.progress(mark("Rewording by the language model"), 0.1)
            if self._model is None or self._model[0] != model:
                self._end()
                self._model = (model, Rewriter(RewriteChoice(model)))
            made = self._model[1].rewrite(draft, cancelled=control.cancelled)
            if made.rewriting is not None and made.rewriting.warning:
                # A person who asks once more wants another try.
                self._end()
            return made

    def close(self) -> None:
        """End the model's process."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        held, self._model = self._model, None
        if held is not None:
            held[1].close()
