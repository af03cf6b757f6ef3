"""The viewer with the real engine: toy pack, worker processes, exports; and the commands as a user runs them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QApplication

from tests.engine.toy_pack import build_toy_pack
from tests.viewer.factories import write_dicom
from viewer.app import make_window
from viewer.state.images import Work

JOURNEY = """
import sys
from pathlib import Path
from engine.resources import resource_path
from viewer.demo import Journey
if __name__ == "__main__":
    out = Path(sys.argv[1])
    sys.exit(Journey(resource_path("demo"), out, out / "drafts", pack=sys.argv[2]).run())
"""

STEPS = ("01_study_open", "02_two_heat_maps", "03_sentence_selected", "04_draft_partly_confirmed", "05_reviewed",
         "06_exported", "07_refused", "08_real_radiograph")  # fmt: skip


@pytest.fixture(scope="module")
def toy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_toy_pack(tmp_path_factory.mktemp("viewer_pack") / "toy")


def test_a_real_analysis_reaches_the_window(
    dark: QApplication, qtbot: Any, decoder: None, toy: Path, tmp_path: Path
) -> None:
    window = make_window(str(toy), "cpu", tmp_path / "drafts")
    qtbot.addWidget(window)
    window.show()
    window.controller.open([write_dicom(tmp_path / "a.dcm")])
    qtbot.waitUntil(
        lambda: window.session.current is not None and window.session.current.work in (Work.DONE, Work.FAILED),
        timeout=60000,
    )
    image = window.session.current
    assert image is not None and image.work is Work.DONE, image.analysis_problem if image else None
    assert image.analysis is not None and image.analysis.pack_name == "toy"
    assert len(image.analysis.features) > 0
    qtbot.waitUntil(lambda: len(window.features.rows) == len(image.analysis.features), timeout=10000)
    assert all(feature.typical > 0 for feature in image.analysis.features)
    assert window.controller.close() is None
    window.close()


@pytest.mark.slow
def test_the_journey_leaves_pictures_and_exports_and_touches_no_draft_of_the_user(
    toy: Path, tmp_path: Path, repository: Path
) -> None:
    out, home = tmp_path / "out", tmp_path / "home"
    out.mkdir()
    (tmp_path / "journey.py").write_text(JOURNEY)
    environment = {
        **os.environ,
        "QT_QPA_PLATFORM": "offscreen",
        "PYTHONPATH": str(repository),
        "SAERAD_DATA_DIR": str(home),
    }
    done = subprocess.run([sys.executable, str(tmp_path / "journey.py"), str(out), str(toy)], cwd=tmp_path,
                          env=environment, capture_output=True, text=True, timeout=300, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    for step in STEPS:
        assert (out / f"{step}.png").stat().st_size > 50_000, step
        assert f"{step}.png" in done.stdout
    (folder,) = (out / "export").iterdir()
    names = {path.name for path in folder.iterdir()}
    assert {"analysis.json", "report.json", "report.txt", "report.pdf"} <= names
    assert json.loads((folder / "analysis.json").read_text())["sop_instance_uid"] == folder.name
    assert not (home / "drafts").exists()


def test_the_bundled_study_is_complete_and_small(repository: Path) -> None:
    folder = repository / "resources" / "demo"
    files = sorted(folder.glob("*.dcm"))
    assert len(files) == 5
    attribution = (folder / "ATTRIBUTION.md").read_text(encoding="utf-8")
    for path in files:
        assert path.stat().st_size < 1_000_000, path.name
        assert f"`{path.name}`" in attribution
    truth = json.loads((folder / "04_phantom.json").read_text(encoding="utf-8"))
    assert truth["findings"] and all(len(f["box"]) == 4 for f in truth["findings"])
