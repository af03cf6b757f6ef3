"""An export has a folder of its own, shown before it is written, and nothing stale beside it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtWidgets import QDialog, QLabel

from engine.errors import ExportError
from engine.report.draft import DraftStatus
from tests.viewer.factories import FakeEngine, make_analysis, make_draft, make_radiograph
from tests.viewer.looking import Open
from viewer.export_job import export, export_folder
from viewer.report.export_dialog import ExportDialog
from viewer.window import MainWindow


def test_two_images_exported_to_one_folder_do_not_mix(tmp_path: Path) -> None:
    for name, patient in (("a.dcm", "FIRST^ANNA"), ("b.dcm", "SECOND^BEN")):
        radiograph = make_radiograph(tmp_path, name, PatientName=patient)
        analysis = make_analysis(radiograph)
        files = export(tmp_path / "out", radiograph, analysis, make_draft(analysis), ("text",))
        assert {path.parent for path in files} == {tmp_path / "out" / analysis.sop_instance_uid}
        assert all(path.is_file() for path in files)
    folders = sorted((tmp_path / "out").iterdir())
    assert len(folders) == 2 and all((folder / "report.txt").is_file() for folder in folders)


def test_an_earlier_export_goes_as_a_whole_and_a_persons_files_stay(tmp_path: Path) -> None:
    radiograph = make_radiograph(tmp_path)
    analysis = make_analysis(radiograph)
    draft, out = make_draft(analysis), tmp_path / "out"
    export(out, radiograph, analysis, draft, ("text", "pdf", "sr"))
    folder = out / analysis.sop_instance_uid
    assert {"report.pdf", "report.dcm"} <= {path.name for path in folder.iterdir()}
    for own in ("letter.odt", "report.docx", "report.pdf.asc"):
        (folder / own).write_text("mine")
    export(out, radiograph, replace(analysis, maps={}), draft.edit("s1", "A newer text."), ("text",))
    assert {path.name for path in folder.iterdir()} == {
        "analysis.json", "report.txt", "letter.odt", "report.docx", "report.pdf.asc"
    }  # fmt: skip
    assert "A newer text." in (folder / "report.txt").read_text(encoding="utf-8")
    assert [path.name for path in out.iterdir()] == [folder.name]


def test_an_export_that_fails_leaves_the_earlier_one(tmp_path: Path) -> None:
    radiograph = make_radiograph(tmp_path)
    analysis = make_analysis(radiograph)
    draft, out = make_draft(analysis), tmp_path / "out"
    before = {path: path.read_bytes() for path in export(out, radiograph, analysis, draft, ("text",))}
    unreadable = replace(draft, language="xx")
    with pytest.raises(Exception):  # noqa: B017 - whatever the writers say
        export(out, radiograph, analysis, unreadable, ("text", "pdf"))
    assert {path: path.read_bytes() for path in (out / analysis.sop_instance_uid).iterdir()} == before


def test_another_image_with_the_same_uid_gets_another_folder(tmp_path: Path) -> None:
    radiograph = make_radiograph(tmp_path)
    analysis = make_analysis(radiograph)
    export(tmp_path / "out", radiograph, analysis, make_draft(analysis), ("text",))
    uid = analysis.sop_instance_uid
    assert export_folder(tmp_path / "out", uid, radiograph.pixel_sha256).name == uid
    assert export_folder(tmp_path / "out", uid, "f" * 64).name == f"{uid}_{'f' * 12}"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    radiograph = make_radiograph(tmp_path)
    analysis = make_analysis(radiograph)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(ExportError, match="EXPORT_WRITE"):
        export(tmp_path / "file" / "out", radiograph, analysis, make_draft(analysis), ("text",))


def dialog_of(window: MainWindow) -> ExportDialog:
    (dialog,) = [d for d in window.findChildren(QDialog) if isinstance(d, ExportDialog) and d.isVisible()]
    return dialog


def test_the_dialog_shows_the_folder_that_is_written(
    window: MainWindow, opened: Open, qtbot: Any, engine: FakeEngine, tmp_path: Path
) -> None:
    (key,) = opened(a={})
    identity = window.session.images[key].identity
    assert identity is not None
    window.commands.export()
    dialog = dialog_of(window)
    dialog.folder.setText(str(tmp_path / "out"))
    folder = tmp_path / "out" / identity.sop_instance_uid
    assert str(folder) in dialog.written.text() and "replaced" not in dialog.written.text()
    dialog.accept()
    qtbot.waitUntil(lambda: len(engine.exports) == 1 and not window.controller.busy, timeout=10000)
    assert str(folder) in window.statusBar().currentMessage()
    # The folder is remembered; one that was looked at but not used is not.
    window.commands.export()
    dialog = dialog_of(window)
    assert dialog.folder.text() == str(tmp_path / "out") and "replaced" in dialog.written.text()
    dialog.folder.setText(str(tmp_path / "other"))
    dialog.reject()
    window.commands.export()
    dialog = dialog_of(window)
    assert dialog.folder.text() == str(tmp_path / "out")
    dialog.reject()


def test_what_cannot_be_a_folder_is_told_in_the_dialog(
    window: MainWindow, qtbot: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dialog = ExportDialog(DraftStatus.DRAFT, ("text",), {}, lambda f: f / "1.2", window, folder=tmp_path / "first")
    qtbot.addWidget(dialog)
    ok = dialog.buttons.button(dialog.buttons.StandardButton.Ok)
    assert dialog.folder.text() == str(tmp_path / "first") and ok.isEnabled()
    (tmp_path / "file").write_text("in the way")
    for below in ("file", "file/out", "file/out/deeper"):
        dialog.folder.setText(str(tmp_path / below))
        assert not ok.isEnabled() and dialog.written.text().endswith(f"{tmp_path / 'file'} is a file.")
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "1.2").write_text("in the way")
    dialog.folder.setText(str(tmp_path / "taken"))
    assert not ok.isEnabled() and "1.2 is a file" in dialog.written.text()
    dialog.folder.setText(str(tmp_path / "new" / "deeper"))
    assert ok.isEnabled() and "Will be written" in dialog.written.text()
    monkeypatch.setattr("viewer.report.export_dialog.os.access", lambda *_: False)
    dialog.folder.setText(str(tmp_path / "other"))
    assert not ok.isEnabled() and f"{tmp_path} may not be written" in dialog.written.text()


def test_the_export_dialog_says_what_leaves(window: MainWindow, qtbot: Any) -> None:
    dialog = ExportDialog(DraftStatus.DRAFT, ("text", "sr"), {"sr": "not a DICOM image"}, lambda f: f / "1.2", window)
    qtbot.addWidget(dialog)
    dialog.show()
    ok = dialog.buttons.button(dialog.buttons.StandardButton.Ok)
    assert any("marked DRAFT" in label.text() for label in dialog.findChildren(QLabel))
    assert dialog.chosen[1] == ("text",) and "not a DICOM image" in dialog.boxes["sr"].text()
    assert ok.isEnabled()
    dialog.boxes["text"].setChecked(False)
    assert not ok.isEnabled()
    dialog.boxes["text"].setChecked(True)
    dialog.folder.setText("  ")
    assert not ok.isEnabled()
    dialog.folder.setText("~nobody-of-this-name/out")
    assert "nobody-of-this-name" in dialog.written.text() and ok.isEnabled()
    dialog.folder.setText("/" + "x" * 5000)
    assert not ok.isEnabled() and "cannot be used" in dialog.written.text()
