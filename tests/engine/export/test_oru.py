"""The HL7 message has its fields in place, is preliminary, and no text of it poses as a delimiter or a segment."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.export.oru import FINDINGS, IMPRESSION, INDICATION, STUDY_UID, oru_message, write_oru
from engine.report.compose import compose
from tests.engine.export.test_structured_report import CR
from tests.engine.report.factories import busy, radiograph


def fields(message: str) -> dict[str, list[list[str]]]:
    """Segment name → its segments, each field under its number in the standard."""
    found: dict[str, list[list[str]]] = {}
    assert message.endswith("\r") and "\n" not in message
    for segment in message.split("\r")[:-1]:
        parts = segment.split("|")
        if parts[0] == "MSH":
            parts.insert(1, "|")
        found.setdefault(parts[0], []).append(parts)
    return found


def test_the_fields_stand_where_the_standard_wants_them(tmp_path: Path) -> None:
    image = radiograph(
        **CR, patient_name="Müller^Jörg^A^Dr.^Jr.", patient_sex="M", patient_birth_date="19500317",
        accession_number="A1", patient_id_issuer="CLINIC", study_time="101500.5",
    )  # fmt: skip
    made = busy(image)
    path = write_oru(tmp_path, image, made, compose(made, indication="cough"))
    found = fields(path.read_bytes().decode("utf-8"))
    (header,), (patient,), (request,) = found["MSH"], found["PID"], found["OBR"]
    assert (header[2], header[9], header[11], header[12], header[18]) == (
        "^~\\&", "ORU^R01^ORU_R01", "T", "2.5.1", "UNICODE UTF-8",
    )  # fmt: skip
    assert 0 < len(header[10]) <= 20
    assert (patient[3], patient[5]) == ("P1^^^CLINIC", "Müller^Jörg^A^Jr.^Dr.")
    assert (patient[7], patient[8]) == ("19500317", "M")
    assert (request[3], request[7], request[24], request[25]) == ("A1", "20240102101500", "RAD", "P")
    lines = found["OBX"]
    assert [line[1] for line in lines] == [line[4] for line in lines] == [str(n + 1) for n in range(len(lines))]
    assert {line[11] for line in lines} == {"P"}
    assert lines[0][2:6] == ["ST", STUDY_UID, "1", "1.2.3.4"]
    assert lines[1][5] == f"SOP Instance UID: {image.identity.sop_instance_uid}"
    assert lines[2][5].startswith("DRAFT") and lines[-1][5].startswith("DRAFT")
    said = {name: [line[5] for line in lines if line[3] == name] for name in (FINDINGS, INDICATION, IMPRESSION)}
    assert any("cough" in text for text in said[INDICATION]) and said[IMPRESSION]
    assert any("[features 11" in text for text in said[FINDINGS])


def test_what_limits_the_image_is_in_the_message() -> None:
    image = radiograph()
    odd = replace(image, acquisition=replace(image.acquisition, lossy=True, lossy_ratios=(10.0,)), warnings=("odd",))
    made = busy(odd)
    lines = [line[5] for line in fields(oru_message(odd, made, compose(made)))["OBX"]]
    assert "Compression: with loss, 10 : 1" in lines and "Input warning: odd" in lines


def test_what_a_file_says_is_no_delimiter(tmp_path: Path) -> None:
    image = radiograph(patient_name="A|B&C~D\\E^F", patient_id="1|2\rOBX", patient_sex="?", study_date="yesterday")
    made = busy(image)
    draft = compose(made)
    text = "x|y^z&\r\nPID|2\\"
    message = oru_message(image, made, draft.edit(next(draft.sentences()).key, text))
    found = fields(message)
    assert found["PID"][0][5] == "A\\F\\B\\T\\C\\R\\D\\E\\E^F" and found["PID"][0][3] == "1\\F\\2 OBX"
    assert found["PID"][0][8] == "" and found["OBR"][0][7] == "" and len(found["PID"]) == 1
    assert any("x\\F\\y\\S\\z\\T\\ PID\\F\\2\\E\\ [edited by a person" in line[5] for line in found["OBX"])
