"""An exception nobody handled is shown, with its code, and written down; drafts are already on disk by then."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from engine.resources import user_data_path
from viewer.i18n import tr
from viewer.state.images import Problem


def log_path() -> Path:
    """File that holds the last crashes."""
    return user_data_path("crash.log")


def install(show: Callable[[Problem], None]) -> None:
    """Send unhandled exceptions to `show`, to the log and to standard error.

    The log holds the traceback only: no image, no name, no path of an image.
    """

    def handle(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        sys.__excepthook__(kind, error, trace)
        if issubclass(kind, KeyboardInterrupt):
            return
        path = log_path()
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a", encoding="utf-8") as stream:
            stream.write("".join(traceback.format_exception(kind, error, trace)) + "\n")
        problem = Problem.of(error)
        show(Problem(problem.code, problem.message, tr("Your drafts are saved. Details are in {path}.", path=path)))

    sys.excepthook = handle
