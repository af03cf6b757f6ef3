"""An exception nobody handled: what is being typed is saved, the error shown with its code, and written down."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from viewer.i18n import tr
from viewer.state.images import Problem


def install(show: Callable[[Problem], None], save: Callable[[], None], log: Path) -> None:
    """Send unhandled exceptions to `show`, to the log and to standard error, after `save` was called.

    The log holds the traceback only: no image, no name, no path of an image.

    Parameters
    ----------
    show : callable
        Tells a person.
    save : callable
        Puts what is being typed into the draft, which is on disk then; what was changed before is already.
    log : Path
        File that holds the crashes.
    """

    def handle(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        if issubclass(kind, KeyboardInterrupt):
            return
        saved = tr("Your drafts are saved.")
        try:
            save()
        except Exception as second:
            sys.__excepthook__(type(second), second, second.__traceback__)
            saved = tr("What you typed last could not be saved; your drafts before it are.")
        problem = Problem.of(error)
        show(Problem(problem.code, problem.message, f"{saved} {_written(log, kind, error, trace)}"))

    sys.excepthook = handle


def _written(log: Path, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> str:
    """Write the traceback down and say where it is, or why it is not."""
    try:
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("a", encoding="utf-8") as stream:
            stream.write("".join(traceback.format_exception(kind, error, trace)) + "\n")
    except OSError as problem:
        return tr("Details could not be written to {path} ({reason}).", path=log, reason=problem.strerror or problem)
    return tr("Details are in {path}.", path=log)
