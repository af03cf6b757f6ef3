"""The viewer with the real engine: toy pack, worker processes, exports; and the commands as a user runs them."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from PySide6.QtWidgets import QApplication

from tests.engine.toy_pack import build_toy_pack
from tests.viewer.factories import write_dicom
from viewer.app import make_window
from viewer.journey.errors import DemoError
from viewer.journey.opening import FILES
from viewer.journey.stage import Stage
from viewer.journey.steps import STEPS
from viewer.reference import journey_page
from viewer.report.export_dialog import ExportDialog
from viewer.state.images import Work

JOURNEY = """
import sys
from viewer.cli import main
if __name__ == "__main__":
    sys.exit(main(["demo", "--offscreen", sys.argv[1]]))
"""
SIZE = (1600, 960)


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
def test_the_journey_goes_through_the_whole_program_and_leaves_a_picture_of_each_step(
    tmp_path: Path, repository: Path
) -> None:
    """Each step says itself what has to be seen (`Stage.expect`); what is not so ends the journey with status 1."""
    out, home = tmp_path / "out", tmp_path / "home"
    (tmp_path / "journey.py").write_text(JOURNEY)
    environment = {**os.environ, "PYTHONPATH": str(repository), "SAERAD_DATA_DIR": str(home)}
    done = subprocess.run([sys.executable, str(tmp_path / "journey.py"), str(out)], cwd=tmp_path, env=environment,
                          capture_output=True, text=True, timeout=300, check=False)  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    pictures = {}
    for step in STEPS:
        path = out / f"{step.name}.png"
        assert str(path) in done.stdout
        with Image.open(path) as picture:
            assert picture.size == SIZE
            assert len(np.unique(np.asarray(picture.convert("L")))) > 100, f"{step.name} is blank"
            pictures[step.name] = hashlib.sha256(picture.tobytes()).hexdigest()
    assert len(set(pictures.values())) == len(STEPS), "two steps look the same"
    (folder,) = (out / "export").iterdir()
    names = {path.name for path in folder.iterdir()}
    assert {"analysis.json", "report.json", "report.txt", "report.pdf"} <= names
    assert json.loads((folder / "analysis.json").read_text())["sop_instance_uid"] == folder.name
    assert not (home / "drafts").exists()


def test_what_is_not_as_a_step_has_it_is_a_problem(dark: QApplication, qtbot: Any, toy: Path, tmp_path: Path) -> None:
    stage = Stage(tmp_path, tmp_path / "scratch", str(toy))
    try:
        stage.expect("true", holds=True)
        assert stage.problems == []
        stage.expect("an image is open", stage.session.current)
        stage.do("export")
        assert stage.problems == [
            "[DEMO_STEP] not so: an image is open",
            "[DEMO_STEP] not so: the action export can be chosen",
        ]
        with pytest.raises(DemoError, match="0 dialogs of the kind ExportDialog"):
            stage.dialog(ExportDialog)
    finally:
        stage.end()


def test_every_step_of_the_journey_is_in_the_page(repository: Path) -> None:
    page = (repository / "docs" / "journey.md").read_text(encoding="utf-8")
    assert page == journey_page()
    assert all((repository / "docs" / "images" / "journey" / f"{step.name}.png").is_file() for step in STEPS)


def test_the_bundled_study_is_complete_and_small(repository: Path) -> None:
    folder = repository / "resources" / "demo"
    files = sorted(folder.glob("*.dcm"))
    assert len(files) == FILES
    attribution = (folder / "ATTRIBUTION.md").read_text(encoding="utf-8")
    for path in files:
        assert path.stat().st_size < 1_000_000, path.name
        assert f"`{path.name}`" in attribution
    truth = json.loads((folder / "04_phantom.json").read_text(encoding="utf-8"))
    assert truth["findings"] and all(len(f["box"]) == 4 for f in truth["findings"])
