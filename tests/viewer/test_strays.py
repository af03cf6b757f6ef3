"""What every test of this folder must not do is seen: a warning of Qt, a log record, a thread that stays."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CULPRITS = """
import logging
import threading
import time

from PySide6.QtCore import qWarning

from tests.viewer import strays

strays.GRACE_S = 0.1


def test_good():
    logging.getLogger("viewer").info("all is well")
    threading.Thread(target=lambda: None).start()


def test_qt_warns():
    qWarning("something is wrong")


def test_log_record():
    logging.getLogger("viewer").warning("nobody reads this")


def test_log_record_that_is_looked_at(caplog):
    logging.getLogger("viewer").warning("somebody reads this")
    assert caplog.records


def test_thread_stays():
    threading.Thread(target=time.sleep, args=(1.0,), name="forgotten").start()
"""


def test_a_qt_warning_a_log_record_and_a_thread_that_stays_fail_their_test(tmp_path: Path, repository: Path) -> None:
    conftest = Path(__file__).with_name("conftest.py").read_text(encoding="utf-8")
    (tmp_path / "conftest.py").write_text(conftest, encoding="utf-8")
    (tmp_path / "test_culprits.py").write_text(CULPRITS, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-rfE", str(tmp_path)]
    command += ["-p", "no:napari", "-p", "no:npe2"]  # as pyproject.toml has it, which holds for this folder only
    environment = {**os.environ, "PYTHONPATH": str(repository), "COLUMNS": "200"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, text=True, capture_output=True, timeout=120,
                          check=False)  # fmt: skip
    told = done.stdout
    assert "1 failed, 4 passed, 2 errors" in told, told
    assert "FAILED test_culprits.py::test_qt_warns" in told
    assert "ERROR test_culprits.py::test_log_record - AssertionError: log records that nobody expected" in told
    assert "ERROR test_culprits.py::test_thread_stays - AssertionError: threads that are still there" in told
    assert "nobody reads this" in told and "forgotten" in told
