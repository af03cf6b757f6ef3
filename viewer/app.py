"""Open the workstation's window."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from engine.errors import SaeRadError
from engine.report.wishes import DEFAULT_WISHES, DraftWishes
from viewer import crash, qtlog
from viewer.controller import Controller
from viewer.i18n import language, tr
from viewer.services import Engine
from viewer.settings import program
from viewer.settings.preferences import Preferences
from viewer.startup import usable_folders
from viewer.state.autosave import DraftStore
from viewer.state.images import Problem
from viewer.state.session import Session
from viewer.studies.index import StudyIndex
from viewer.theme import style
from viewer.theme.fonts import ensure_font
from viewer.window import MainWindow


def make_application(preferences: Preferences | None = None) -> QApplication:
    """Return the application, dressed as `prepare` does."""
    qtlog.install()
    running = QApplication.instance()
    application = running if isinstance(running, QApplication) else QApplication(sys.argv[:1])
    prepare(application, preferences)
    return application


def prepare(application: QApplication, preferences: Preferences | None = None) -> None:
    """Give an application its language, name, font and theme; English and dark without preferences."""
    try:
        language.use(preferences.text(program.LANGUAGE) if preferences is not None else language.SOURCE, application)
    except SaeRadError as error:
        if preferences is None:
            raise
        preferences.problems.append(Problem.of(error))
    application.setApplicationName("saerad")
    application.setApplicationDisplayName(tr("SAE-Rad workstation"))
    ensure_font(application)
    if preferences is None:
        style.apply(application)
        return
    chosen = preferences
    style.apply(application, chosen.text(program.THEME))
    chosen.changed.connect(lambda changed: _follow(application, chosen) if changed == program.THEME.id else None)


def _follow(application: QApplication, preferences: Preferences) -> None:
    style.apply(application, preferences.text(program.THEME))


def make_window(
    pack: str | None,
    device: str,
    drafts: Path,
    precision: str = "auto",
    preferences: Preferences | None = None,
    *,
    wishes: DraftWishes = DEFAULT_WISHES,
    index: StudyIndex | None = None,
) -> MainWindow:
    """Return a window with its own session.

    Drafts are kept in `drafts`, studies in `index` if there is one; no preferences are the defaults.
    """
    session = Session(DraftStore(drafts))
    return MainWindow(session, Controller(session, Engine(pack, device, precision, wishes), index), preferences)


def run(
    paths: list[str],
    pack: str | None = None,
    device: str = "auto",
    precision: str = "auto",
    wishes: DraftWishes = DEFAULT_WISHES,
) -> int:
    """Open the window on files and folders and stay until it is closed.

    Parameters
    ----------
    pack : str, optional
        Model pack (folder, file or name); None is the bundled demo pack.
    device : str
        Where the model runs: "auto", "cpu", "cuda"…
    precision : str
        Of the encoder: "auto", "fp32", "fp16" or "int8".
    wishes : DraftWishes
        Language and house style of the drafts.

    Returns
    -------
    int
        Exit status.
    """
    folders = usable_folders()
    preferences = Preferences(folders.data / "viewer.ini")
    application = make_application(preferences)
    index = StudyIndex(folders.data / "studies.sqlite", folders.cache / "thumbnails")
    window = make_window(pack, device, folders.data / "drafts", precision, preferences, wishes=wishes, index=index)
    crash.install(window.show_problem, window.report.commit, folders.data / "crash.log")
    # Python sees Ctrl+C only when it runs: wake it a few times a second.
    signal.signal(signal.SIGINT, lambda *_: window.close())
    wake = QTimer()
    wake.timeout.connect(lambda: None)
    wake.start(300)
    window.controller.prepare()
    window.show()
    for problem in (*folders.problems, *preferences.problems):
        window.show_problem(problem)
    if not paths and preferences.flag(program.WELCOME):
        window.commands.welcome()
    if paths:
        window.controller.open([Path(path) for path in paths])
    return application.exec()
