"""The window that the journey goes through, what it has written, and what went wrong on the way."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QDialog, QWidget

from engine.report.wishes import DEFAULT_WISHES, DraftWishes
from engine.resources import resource_path
from viewer import crash
from viewer.app import make_application, make_window, prepare
from viewer.dialogs import ProblemBox
from viewer.journey.errors import DemoError
from viewer.journey.photograph import photograph
from viewer.settings import hanging, program
from viewer.settings.preferences import Preferences
from viewer.state.images import OpenImage, Problem
from viewer.studies.index import StudyIndex

LIMIT_S = 90.0
SIZE = (1600, 960)
READER = "Demo Reader"

Dialog = TypeVar("Dialog", bound=QDialog)


class Stage:
    """Everything the steps of the journey work with.

    Parameters
    ----------
    out : Path
        Folder of pictures and exports.
    scratch : Path
        Folder for drafts, index and settings of the journey, so that the person's own stay as they are.
    pack : str, optional
        Model pack; None is the bundled one.
    """

    def __init__(self, out: Path, scratch: Path, pack: str | None = None) -> None:
        self.out, self.scratch, self.pack = out, scratch, pack
        self.problems: list[str] = []
        self.written: list[Path] = []
        self.places: dict[QWidget, QPoint] = {}
        """Top left corners, in the window, of dialogs that are not to lie in its middle on the pictures."""
        self._application = make_application()
        self._hook = sys.excepthook
        self.begin()

    def begin(self, *, language: str = "en", wishes: DraftWishes = DEFAULT_WISHES) -> None:
        """Open the window, as at a start of the program."""
        self.preferences = Preferences()
        self.preferences.set(program.LANGUAGE, language)
        self.preferences.set(program.READER, READER)
        # The journey hangs the prior in a step of its own.
        self.preferences.set(hanging.PRIORS, "offer")
        prepare(self._application, self.preferences)
        index = StudyIndex(self.scratch / "studies.sqlite", self.scratch / "thumbnails")
        self.window = make_window(
            self.pack, "cpu", self.scratch / "drafts", preferences=self.preferences, wishes=wishes, index=index
        )
        self.session, self.controller = self.window.session, self.window.controller
        crash.install(self._note, self.window.report.commit, self.scratch / "crash.log")
        self.session.noticed.connect(self._note)
        self.controller.failed.connect(lambda error: self.problems.append(str(error)))
        self.controller.exported.connect(self.written.extend)
        self.window.resize(*SIZE)
        self.window.show()
        self.window.activateWindow()
        self.settle()

    def end(self) -> None:
        """Close the window."""
        self.window.close()
        sys.excepthook = self._hook
        prepare(self._application)

    def _note(self, problem: Problem) -> None:
        self.problems.append(f"[{problem.code}] {problem.message}")

    # doing

    def do(self, action: str) -> None:
        """Trigger an action of the menus; one that is greyed out is a problem."""
        chosen = self.window.actions_by_id[action]
        self.expect(f"the action {action} can be chosen", chosen.isEnabled())
        chosen.trigger()
        self.settle()

    def open_study(self) -> None:
        """Open the bundled study and wait until all of it is listed."""
        folder = resource_path("demo")
        self.controller.open([folder])
        files = len(list(folder.glob("*.dcm")))
        self.until("the study to open", lambda: len(self.controller.thumbnails) == files)

    def show(self, prefix: str) -> OpenImage:
        """Show the image whose file name starts with `prefix` and wait for its features, draft and maps."""
        key = next(key for key, image in self.session.images.items() if image.path.name.startswith(prefix))
        self.session.show(key)
        image = self.session.images[key]
        name = image.path.name
        self.until(f"{name} to be analysed", lambda: image.analysis is not None or image.analysis_problem is not None)
        if image.analysis_problem is not None:
            raise DemoError(image.analysis_problem.code, image.analysis_problem.message, image.analysis_problem.hint)
        if image.analysis is not None and image.analysis.maps:
            self.until("its heat maps", lambda: key in self.controller.maps)
        self.until("the lists", lambda: not self.controller.busy)
        self.settle()
        return image

    def take_keyboard(self) -> None:
        """Give the window the keyboard, which a dialog had."""
        self.window.activateWindow()
        self.until("the keyboard", self.window.isActiveWindow)

    def dialog(self, kind: type[Dialog]) -> Dialog:
        """Return the one open dialog of a class."""
        found = [dialog for dialog in self.window.findChildren(kind) if dialog.isVisible()]
        if len(found) != 1:
            raise DemoError("DEMO_STEP", f"{len(found)} dialogs of the kind {kind.__name__} are open", "report this")
        return found[0]

    # looking

    def expect(self, what: str, holds: object) -> None:
        """Note a problem where something is not as this step of the journey has it."""
        if not holds:
            self.problems.append(f"[DEMO_STEP] not so: {what}")

    def picture(self, name: str) -> None:
        """Let the window settle and keep a picture of it."""
        self.settle()
        for box in self.window.findChildren(ProblemBox):
            self.problems.append(box.text())
        path = self.out / f"{name}.png"
        if not photograph(self.window, self.places).save(str(path)):
            raise DemoError("DEMO_WRITE", f"{path} could not be written", "choose another folder")
        self.written.append(path)

    def settle(self) -> None:
        """Let what was asked for be laid out and painted."""
        for _ in range(6):
            self._application.processEvents()

    def until(self, what: str, ready: Callable[[], object]) -> None:
        """Wait until something is so."""
        end = time.monotonic() + LIMIT_S
        while not ready():
            if time.monotonic() > end:
                raise DemoError(
                    "DEMO_TIMEOUT", f"waited {LIMIT_S:.0f} s for {what}", "try again on a less busy machine"
                )
            self._application.processEvents()
            time.sleep(0.01)
