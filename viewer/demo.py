"""The bundled study in the viewer, on the screen or, without one, as a whole journey with screenshots."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from engine.errors import SaeRadError
from engine.report.draft import DraftStatus
from engine.resources import resource_path
from viewer.state.selection import is_positive, maps_of

LIMIT_S = 90.0
SIZE = (1600, 960)


class DemoError(SaeRadError):
    """The demonstration could not be shown."""


def run_demo(offscreen: Path | None) -> int:
    """Open the bundled study.

    Parameters
    ----------
    offscreen : Path, optional
        Needs no display then: goes through the journey (open, analyse, two maps, a sentence, confirm, edit, review,
        export, a refusal, a real radiograph), leaves screenshots and exports in this folder and prints what it wrote.

    Returns
    -------
    int
        0, or 1 when something on the way reported a problem.
    """
    folder = resource_path("demo")
    if not any(folder.glob("*.dcm")):
        raise DemoError("DEMO_MISSING", f"the demonstration study is not in {folder}", "install the program again")
    if offscreen is None:
        from viewer.app import run

        return run([str(folder)])
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    offscreen.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="saerad-demo-") as drafts:
        return Journey(folder, offscreen, Path(drafts)).run()


class Journey:
    """Does with the window what a reader would, and keeps a picture of each step."""

    def __init__(self, study: Path, out: Path, drafts: Path, pack: str | None = None) -> None:
        from viewer import crash
        from viewer.app import make_application, make_window

        self._application = make_application()
        self._window = make_window(pack, "cpu", drafts)
        self._session, self._controller = self._window.session, self._window.controller
        self._study, self._out = study, out
        self.problems: list[str] = []
        self.written: list[Path] = []
        self._hook = sys.excepthook
        crash.install(
            lambda problem: self.problems.append(f"[{problem.code}] {problem.message}"),
            self._window.report.commit,
            drafts / "crash.log",
        )
        self._session.noticed.connect(lambda problem: self.problems.append(f"[{problem.code}] {problem.message}"))
        self._controller.failed.connect(lambda error: self.problems.append(str(error)))
        self._controller.exported.connect(self.written.extend)

    def run(self) -> int:
        """Go through all steps; the window is closed in any case."""
        try:
            self._open()
            self._read()
            self._export()
            self._refusal()
            self._real()
        finally:
            self._window.close()
            sys.excepthook = self._hook
        for path in self.written:
            sys.stdout.write(f"{path}\n")
        for problem in self.problems:
            sys.stderr.write(f"error {problem}\n")
        return 1 if self.problems else 0

    def _open(self) -> None:
        self._window.resize(*SIZE)
        self._window.show()
        self._controller.open([self._study])
        self._until(
            "the study to open", lambda: len(self._controller.thumbnails) == len(list(self._study.glob("*.dcm")))
        )
        self._analysed("04")
        self._picture("01_study_open")

    def _read(self) -> None:
        """On the image whose truth is known: two maps, one sentence, then the reader's work on the draft."""
        image = self._session.current
        if image is None or image.analysis is None or image.history is None:
            raise DemoError("DEMO_REFUSED", "the first image of the study was refused", "check the model pack")
        positive = [s for s in image.history.current.sentences() if is_positive(s)]
        strongest = [mapped[0] for s in positive if (mapped := maps_of(s, image.analysis))]
        self._session.set_overlay(self._session.overlay.show(list(dict.fromkeys(strongest))[:2]))
        self._picture("02_two_heat_maps")
        commands = self._window.commands
        sentences = list(image.history.current.sentences())
        for sentence in (positive or sentences)[:1]:
            commands.choose_sentence(sentence.key)
        self._picture("03_sentence_selected")
        denied = next((s.key for s in sentences if not is_positive(s)), None)
        for sentence in sentences[:-1]:
            if sentence.key == denied:
                commands.edit(sentence.key, f"{sentence.text} Clinical correlation is advised.")
            else:
                commands.confirm(sentence.key)
        commands.add(image.history.current.sections[0].name, "No earlier image was available for comparison.")
        self._picture("04_draft_partly_confirmed")
        for sentence in list(image.history.current.sentences()):
            if sentence.state == "unconfirmed":
                commands.confirm(sentence.key)
        commands.review()
        if image.history.current.status is not DraftStatus.REVIEWED:
            self.problems.append("the draft could not be reviewed")
        self._picture("05_reviewed")

    def _export(self) -> None:
        before = len(self.written)
        self._controller.export(self._out / "export", ("all",))
        self._until("the export", lambda: len(self.written) > before or bool(self.problems))
        self._picture("06_exported")

    def _refusal(self) -> None:
        self._analysed("05")
        self._picture("07_refused")

    def _real(self) -> None:
        """A real radiograph, with the maps of its first positive sentence."""
        self._analysed("02")
        draft = self._session.draft
        for sentence in [s for s in draft.sentences() if is_positive(s)][:1] if draft is not None else []:
            self._window.commands.choose_sentence(sentence.key)
        self._picture("08_real_radiograph")

    def _analysed(self, prefix: str) -> None:
        """Show the image whose file name starts with `prefix` and wait until its features and maps are there."""
        key = next(key for key, image in self._session.images.items() if image.path.name.startswith(prefix))
        self._session.show(key)
        image = self._session.images[key]
        self._until(
            f"{image.path.name} to be analysed",
            lambda: image.analysis is not None or image.analysis_problem is not None,
        )
        if image.analysis_problem is not None:
            raise DemoError(image.analysis_problem.code, image.analysis_problem.message, image.analysis_problem.hint)
        if image.analysis is not None and image.analysis.maps:
            self._until("its heat maps", lambda: key in self._controller.maps)

    def _picture(self, name: str) -> None:
        """Let the window settle and save it."""
        for _ in range(5):
            self._application.processEvents()
        path = self._out / f"{name}.png"
        if not self._window.grab().save(str(path)):
            raise DemoError("DEMO_WRITE", f"{path} could not be written", "choose another folder")
        self.written.append(path)

    def _until(self, what: str, ready: Callable[[], bool]) -> None:
        end = time.monotonic() + LIMIT_S
        while not ready():
            if time.monotonic() > end:
                raise DemoError(
                    "DEMO_TIMEOUT", f"waited {LIMIT_S:.0f} s for {what}", "try again on a less busy machine"
                )
            self._application.processEvents()
            time.sleep(0.01)
