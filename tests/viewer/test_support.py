"""Tasks, fonts, crash report, Qt's messages."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QThread, qInstallMessageHandler, qWarning
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication

from engine.errors import Cancelled, ReadError
from viewer import crash, qtlog
from viewer.state.images import Problem
from viewer.tasks import TaskControl, run_task, running, stop_all
from viewer.theme import fonts

pytestmark = pytest.mark.usefixtures("dark")


def test_work_runs_elsewhere_and_is_delivered_here(qtbot: Any) -> None:
    here = QThread.currentThread()
    seen: list[object] = []

    def work(control: TaskControl) -> bool:
        control.progress("half", 0.5)
        return threading.current_thread() is threading.main_thread()

    def done(on_main: bool) -> None:
        seen.append((on_main, QThread.currentThread() is here))

    steps: list[tuple[str, float]] = []
    run_task(work, done, seen.append, lambda text, share: steps.append((text, share)))
    qtbot.waitUntil(lambda: bool(seen), timeout=5000)
    assert seen == [(False, True)] and steps == [("half", 0.5)] and running() == 0


def test_an_error_arrives_as_it_was_raised(qtbot: Any) -> None:
    error = ReadError("X", "y")
    seen: list[BaseException] = []

    def work(control: TaskControl) -> None:
        raise error

    run_task(work, seen.append, seen.append)
    qtbot.waitUntil(lambda: bool(seen), timeout=5000)
    assert seen == [error]


def test_a_cancelled_task_says_so_at_once_and_nothing_afterwards(qtbot: Any) -> None:
    started, seen = threading.Event(), []

    def work(control: TaskControl) -> str:
        started.set()
        while not control.cancelled():
            pass
        return "too late"

    task = run_task(work, seen.append, seen.append, lambda *_: seen.append("progress"))
    started.wait(5)
    task.cancel()
    assert [type(item) for item in seen] == [Cancelled]
    task.cancel()
    qtbot.waitUntil(lambda: running() == 0, timeout=5000)
    assert len(seen) == 1


def test_progress_comes_at_most_ten_times_a_second(qtbot: Any) -> None:
    seen: list[float] = []
    ended: list[None] = []

    def work(control: TaskControl) -> None:
        for number in range(10000):
            control.progress("step", number / 10001)
        control.progress("end", 1.0)

    run_task(work, ended.append, ended.append, lambda _text, share: seen.append(share))  # type: ignore[arg-type]
    qtbot.waitUntil(lambda: bool(ended), timeout=20000)
    assert seen[-1] == 1.0 and len(seen) < 200


def test_stop_all_ends_what_runs() -> None:
    run_task(lambda control: [None for _ in iter(control.cancelled, True)], print, lambda _error: None)
    assert stop_all()


NO_FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig></fontconfig>"""

ASK_FOR_TEXT = """
import sys
from PySide6.QtGui import QFontMetrics
from PySide6.QtWidgets import QApplication, QLabel
application = QApplication(sys.argv[:1])
before = QFontMetrics(application.font()).inFont("A")
from viewer.app import prepare
prepare(application)
label = QLabel("x")
print(before, QFontMetrics(label.font()).inFont("A"), QFontMetrics(label.font()).inFontUcs4(0x2013))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="fonts are found with fontconfig on Linux only")
def test_text_is_visible_on_a_machine_without_fonts(tmp_path: Path, repository: Path) -> None:
    (tmp_path / "fonts.conf").write_text(NO_FONTS)
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "FONTCONFIG_FILE": str(tmp_path / "fonts.conf")}
    done = subprocess.run([sys.executable, "-c", ASK_FOR_TEXT], cwd=repository, env=environment, capture_output=True,
                          text=True, timeout=120, check=True)  # fmt: skip
    assert done.stdout.split() == ["False", "True", "True"]


def test_no_font_at_all_is_told(monkeypatch: pytest.MonkeyPatch, qapp: QApplication, tmp_path: Path) -> None:
    monkeypatch.setattr(QFontMetrics, "inFont", lambda *_: False)
    monkeypatch.setattr(fonts, "resource_path", lambda *_: tmp_path)
    with pytest.raises(fonts.FontError, match="FONT_MISSING"):
        fonts.ensure_font(qapp)


def test_an_unhandled_exception_is_shown_with_its_code_and_written_down(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    hook, shown, log = sys.excepthook, list[Problem](), tmp_path / "crash.log"
    saved: list[str] = []
    try:
        crash.install(shown.append, lambda: saved.append("typed"), log)
        try:
            raise ReadError("SOME_CODE", "something broke", "do that")
        except ReadError as error:
            sys.excepthook(type(error), error, error.__traceback__)
        sys.excepthook(KeyError, KeyError("k"), None)
    finally:
        sys.excepthook = hook
    assert [p.code for p in shown] == ["SOME_CODE", "UNEXPECTED_KEYERROR"]
    assert saved == ["typed"] * 2 and "drafts are saved" in shown[0].hint and str(log) in shown[0].hint
    assert "something broke" in log.read_text() and "something broke" in capsys.readouterr().err


def test_a_crash_that_cannot_be_saved_or_written_down_says_so(tmp_path: Path) -> None:
    hook, shown = sys.excepthook, list[Problem]()

    def broken() -> None:
        raise RuntimeError("the panel is gone")

    try:
        crash.install(shown.append, broken, tmp_path)
        sys.excepthook(KeyError, KeyError("k"), None)
    finally:
        sys.excepthook = hook
    assert "could not be saved" in shown[0].hint and f"not be written to {tmp_path}" in shown[0].hint


def test_messages_of_qt_reach_the_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="qt")
    previous = qInstallMessageHandler(None)
    try:
        qtlog.install()
        qWarning("trouble")
        qWarning(qtlog.EXPECTED[0])
    finally:
        qInstallMessageHandler(previous)
    assert [(r.levelno, r.getMessage()) for r in caplog.records] == [
        (logging.WARNING, "trouble"),
        (logging.DEBUG, qtlog.EXPECTED[0]),
    ]
