"""An export without the patient's identity: nothing of it is in any file, and what nobody checked is said."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pydicom
import pytest

from engine.dicom.deidentify.pseudonyms import Pseudonyms
from engine.errors import ExportError
from engine.export import WRITERS
from engine.export.unidentified import unidentified
from engine.measure.shapes import Kind, Measurement
from engine.measure.sheet import Sheet
from engine.report.audit import noted
from engine.report.draft import DraftStatus
from tests.viewer.factories import FakeEngine, make_analysis, make_draft, make_radiograph, ramp
from tests.viewer.looking import Open, message
from viewer.export_job import export
from viewer.report.export_dialog import ExportDialog
from viewer.services import Engine, ExportOrder
from viewer.tasks import TaskControl
from viewer.unidentified_export import export_unidentified
from viewer.window import MainWindow

NAMED = {
    "PatientName": "Zylinski^Xaver", "PatientID": "ZX4711", "AccessionNumber": "ACC99", "StudyDate": "20260102",
    "ReferringPhysicianName": "Quaxi^Otto", "ReasonForTheRequestedProcedure": "Zylinski coughs",
}  # fmt: skip


class Writing:
    """An engine that writes the real exports in this process."""

    def export(self, order: ExportOrder, _control: TaskControl) -> list[Path]:
        return export(order.folder, order.radiograph, order.analysis, order.draft, order.formats, sheet=order.sheet)


def test_no_file_says_whose_it_was(tmp_path: Path) -> None:
    image = make_radiograph(tmp_path, "named.dcm", **NAMED)
    analysis = make_analysis(image)
    draft = replace(make_draft(analysis), indication="Zylinski coughs")
    edited = draft.edit("s1", "A larger effusion.")
    draft = noted(draft, edited, user="Doctor Quaxi", time="2026-01-03T10:00:00+00:00")
    drawn = Measurement("t", Kind.TEXT, ((5.0, 5.0),), "seen")
    sheet = Sheet(image.identity.sop_instance_uid, image.pixel_sha256, (drawn,))
    order = ExportOrder(tmp_path / "out", image, analysis, draft, tuple(WRITERS), sheet)
    control = TaskControl(lambda _text, _fraction: None)
    pseudonyms = Pseudonyms()
    done = export_unidentified(cast(Engine, Writing()), order, tmp_path / "named.dcm", pseudonyms, control)
    assert done.look is not None and "wrote were not searched for names: 2" in done.look.message
    (copy,) = [path for path in done.files if path.parent.name.startswith("ANON-")]
    uid = str(pydicom.dcmread(copy).SOPInstanceUID)
    assert uid != image.identity.sop_instance_uid and copy.stem == uid
    assert {path.parent.name for path in done.files if path != copy} == {uid}
    report = pydicom.dcmread(next(path for path in done.files if path.name == "report.dcm"))
    assert report.PatientID == copy.parent.name and report.StudyInstanceUID == pydicom.dcmread(copy).StudyInstanceUID
    secrets = ("zylinski", "xaver", "zx4711", "acc99", "quaxi", "coughs", "20260102", "2026-01-02")
    secrets += (image.identity.sop_instance_uid, image.identity.study_instance_uid)
    for path in done.files:
        content = path.read_bytes().decode("latin-1").casefold()
        assert [word for word in secrets if word in content] == [], path.name
    if shutil.which("pdftotext") is not None:
        pdf = str(tmp_path / "out" / uid / "report.pdf")
        text = subprocess.run(["pdftotext", pdf, "-"], capture_output=True, check=True).stdout.decode().casefold()
        assert "anon-" in text and [word for word in secrets if word in text] == []
    again = export_unidentified(cast(Engine, Writing()), order, tmp_path / "named.dcm", pseudonyms, control)
    assert again.files[-1] == copy, "one patient has one pseudonym"


def test_a_copy_with_other_pixels_is_refused(tmp_path: Path) -> None:
    image, other = make_radiograph(tmp_path), make_radiograph(tmp_path, "b.dcm", ramp()[::-1].copy())
    analysis = make_analysis(image)
    with pytest.raises(ExportError, match="DEID_PIXELS"):
        unidentified(other, image, analysis, make_draft(analysis), None)


def test_the_dialog_offers_it_and_the_draft_stays_as_it_is(
    window: MainWindow, opened: Open, engine: FakeEngine, qtbot: Any
) -> None:
    (key,) = opened(a=dict(NAMED, BurnedInAnnotation="YES"))
    folder = Path(key).parent.parent / "out"
    window.commands.export()
    dialog = next(d for d in window.findChildren(ExportDialog) if d.isVisible())
    dialog.folder.setText(str(folder))
    dialog.bare.setChecked(True)
    assert dialog.written.text() == f"Will be written to {folder}"
    dialog.accept()
    qtbot.waitUntil(lambda: bool(engine.exports) and not window.controller.busy, timeout=20000)
    _, draft, _ = engine.exports[0]
    assert draft.sop_instance_uid != window.session.images[key].analysis.sop_instance_uid  # type: ignore[union-attr]
    assert window.session.draft is not None and window.session.draft.status is DraftStatus.DRAFT
    assert "[DEID_LOOK]" in message(window).text()
    assert len(list(folder.glob("ANON-*/*.dcm"))) == 1
    dialog = ExportDialog(DraftStatus.DRAFT, ("text",), {}, lambda f: f / "1.2", window)
    qtbot.addWidget(dialog)
    assert not dialog.bare.isVisible() and not dialog.without_identity, "a picture file has no identity"
