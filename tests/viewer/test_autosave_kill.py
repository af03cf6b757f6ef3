"""A program that is killed loses nothing that a person did."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.viewer.factories import make_analysis, make_draft, make_radiograph
from viewer.state.autosave import DraftStore

EDIT_AND_DIE = """
import os, signal, sys
from pathlib import Path
from tests.viewer.factories import make_analysis, make_draft, make_radiograph
from viewer.state.autosave import DraftStore
from viewer.state.session import AnalysisResult, Session
folder = Path(sys.argv[1])
session = Session(DraftStore(folder / "drafts"))
radiograph = make_radiograph(folder)
key, = session.add([radiograph.source])
session.show(key)
session.set_radiograph(key, radiograph)
analysis = make_analysis(radiograph)
session.set_result(key, AnalysisResult(analysis, make_draft(analysis)), radiograph.pixel_sha256)
session.change("edit", session.draft.edit("s1", "Written before the kill."))
os.kill(os.getpid(), signal.SIGKILL)
"""

TYPE_AND_DIE = """
import os, signal, sys, time
from pathlib import Path
os.environ["QT_QPA_PLATFORM"] = "offscreen"
from PySide6.QtTest import QTest
from tests.viewer.factories import FakeEngine, make_analysis, make_draft, make_radiograph
from viewer.app import make_application
from viewer.controller import Controller
from viewer.state.autosave import DraftStore
from viewer.state.session import AnalysisResult, Session
from viewer.window import MainWindow
folder = Path(sys.argv[1])
application = make_application()
session = Session(DraftStore(folder / "drafts"))
window = MainWindow(session, Controller(session, FakeEngine()))
radiograph = make_radiograph(folder)
key, = session.add([radiograph.source])
session.show(key)
session.set_radiograph(key, radiograph)
analysis = make_analysis(radiograph)
session.set_result(key, AnalysisResult(analysis, make_draft(analysis)), radiograph.pixel_sha256)
window.show()
row = window.report.row("s1")
row.begin_edit()
row.editor.selectAll()
for letter in "Typed before the kill":
    QTest.keyClicks(row.editor, letter)
    QTest.qWait(100)
typed = row.editor.text()
QTest.qWait(1500)
assert row.editor is not None and row.editor.text() == typed
os.kill(os.getpid(), signal.SIGKILL)
"""

SAVE_FOR_EVER = """
import sys
from pathlib import Path
from tests.viewer.factories import make_analysis, make_draft, make_radiograph
from viewer.state.autosave import DraftStore
folder = Path(sys.argv[1])
store, draft = DraftStore(folder / "drafts"), make_draft(make_analysis(make_radiograph(folder)))
store.save(draft)
print("saving", flush=True)
for number in range(10 ** 9):
    store.save(draft.edit("s1", f"{number} " * 2000))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a matter of POSIX systems")
def test_an_edit_survives_sigkill(tmp_path: Path, repository: Path) -> None:
    done = subprocess.run([sys.executable, "-c", EDIT_AND_DIE, str(tmp_path)], cwd=repository, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    analysis = make_analysis(make_radiograph(tmp_path))
    saved = DraftStore(tmp_path / "drafts").load(analysis.sop_instance_uid, analysis.pixel_sha256)
    assert saved is not None and saved.find("s1").text == "Written before the kill."


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a matter of POSIX systems")
def test_what_was_being_typed_survives_sigkill_and_waits_for_confirmation(tmp_path: Path, repository: Path) -> None:
    done = subprocess.run([sys.executable, "-c", TYPE_AND_DIE, str(tmp_path)], cwd=repository, check=False, timeout=120)
    assert done.returncode == -signal.SIGKILL
    analysis = make_analysis(make_radiograph(tmp_path))
    saved = DraftStore(tmp_path / "drafts").load(analysis.sop_instance_uid, analysis.pixel_sha256)
    assert saved is not None
    sentence = saved.find("s1")
    assert (sentence.text, sentence.state, sentence.origin) == ("Typed before the kill", "unconfirmed", "edited")


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL is a matter of POSIX systems")
def test_a_kill_in_the_middle_of_saving_leaves_a_whole_draft(tmp_path: Path, repository: Path) -> None:
    draft = make_draft(make_analysis(make_radiograph(tmp_path)))
    for moment in range(3):
        with subprocess.Popen([sys.executable, "-c", SAVE_FOR_EVER, str(tmp_path)], cwd=repository,
                              stdout=subprocess.PIPE) as process:  # fmt: skip
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(0.05 + 0.03 * moment)
            process.kill()
        saved = DraftStore(tmp_path / "drafts").load(draft.sop_instance_uid, draft.pixel_sha256)
        assert saved is not None and saved.find("s3").text == "Large heart."
