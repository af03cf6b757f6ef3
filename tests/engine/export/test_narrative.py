"""The report of sentences is valid, says what the draft says in words, and names the one that it replaces."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pydicom
import pytest

from engine.export import export_all
from engine.export.narrative import write_narrative
from engine.report.compose import compose
from tests.engine.export.test_structured_report import CR, texts
from tests.engine.report.factories import analysis, busy, radiograph


def headings(document: pydicom.Dataset) -> dict[str, list[str]]:
    """Heading → texts below it."""
    found = [item for item in document.ContentSequence if item.ValueType == "CONTAINER"]
    return {item.ConceptNameCodeSequence[0].CodeMeaning: texts(item) for item in found}


def test_it_says_in_words_what_was_asked_found_and_concluded(tmp_path: Path) -> None:
    image = radiograph(**CR, patient_name="Müller^Jörg")
    made = busy(image)
    path = write_narrative(tmp_path, image, made, compose(made, indication="cough"))
    document = pydicom.dcmread(path)
    assert (document.CompletionFlag, document.VerificationFlag, document.PreliminaryFlag) == (
        "PARTIAL", "UNVERIFIED", "PRELIMINARY",
    )  # fmt: skip
    assert document.StudyInstanceUID == "1.2.3.4" and document.SeriesInstanceUID != "1.2.3.5"
    assert document.ContentTemplateSequence[0].TemplateIdentifier == "2000"
    said = headings(document)
    assert any("cough" in text for text in said["Indications for Procedure"])
    assert said["Findings"][0].startswith("DRAFT") and any("[features 11" in text for text in said["Findings"])
    assert said["Impressions"] and not any("probability" in text for text in texts(document))
    accepted(path)


def test_without_findings_the_impression_says_so(tmp_path: Path) -> None:
    image = radiograph(**CR)
    made = analysis(image=image)
    path = write_narrative(tmp_path, image, made, compose(made))
    assert "No statement" in " ".join(texts(pydicom.dcmread(path)))
    accepted(path)


def test_a_later_one_names_the_one_that_it_replaces(tmp_path: Path) -> None:
    image = radiograph(**CR)
    made = busy(image)
    draft = compose(made)
    export_all(tmp_path, image, made, draft, ["narrative"])
    first = pydicom.dcmread(tmp_path / "narrative.dcm").SOPInstanceUID
    export_all(tmp_path, image, made, draft.remove(next(draft.sentences()).key), ["narrative"])
    study = pydicom.dcmread(tmp_path / "narrative.dcm").PredecessorDocumentsSequence[0]
    assert study.ReferencedSeriesSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID == first


def accepted(path: Path) -> None:
    """Check with dicom3tools and DCMTK, where they are installed."""
    for tool in ("dciodvfy", "dsrdump"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed")
    verdict = subprocess.run(["dciodvfy", str(path)], capture_output=True, text=True, errors="replace", check=False)
    assert [line for line in (verdict.stdout + verdict.stderr).splitlines() if line.startswith("Error")] == []
    dump = subprocess.run(["dsrdump", str(path)], capture_output=True, check=False)
    assert dump.returncode == 0, dump.stderr
