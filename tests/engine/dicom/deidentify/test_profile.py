"""Every attribute of the profile's table, one by one."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pydicom
import pytest
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from engine.dicom.deidentify.dataset import Deidentifier
from engine.dicom.deidentify.pseudonyms import Pseudonyms, moved

SECRET = "Zwetschgenbaum"
UID = "1.2.826.0.1.3680043.8.498.4711"
VALUES: dict[str, Any] = {
    "AS": "047Y",
    "DA": "20310203",
    "DT": "20310203112233",
    "TM": "112233",
    "DS": "4711",
    "IS": "4711",
    "UI": UID,
    "UR": f"http://{SECRET}",
    "AE": SECRET,
    "CS": SECRET.upper(),
} | dict.fromkeys(("FL", "FD", "SL", "SS", "SV", "UL", "US", "UV"), 4711)


def table(repository: Path) -> list[tuple[int, str]]:
    """Tag and action of the rows of the table that name one attribute of the dictionary."""
    lines = (repository / "resources" / "dicom" / "basic_profile.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return [(int(tag, 16), action) for tag, _, action in rows if "x" not in tag and dictionary_has_tag(int(tag, 16))]


def filled(tag: int) -> DataElement:
    """The attribute with a value that gives the patient away."""
    vr = dictionary_VR(tag).split(" or ")[0]
    if vr == "SQ":
        item = Dataset()
        item.PatientComments, item.ReferencedSOPInstanceUID = SECRET, UID
        item.add_new(0x00400280, "ST", SECRET)
        return DataElement(tag, vr, Sequence([item]))
    binary = b"Zwetschgenbaum\0\0"
    return DataElement(tag, vr, VALUES.get(vr, binary if vr in ("OB", "OW", "UN", "OD", "OF", "OL", "OV") else SECRET))


def texts(dataset: Dataset) -> str:
    return "\n".join(str(element.value) for element in dataset.iterall() if element.VR != "SQ")


def test_every_attribute_of_the_table_loses_its_value(repository: Path) -> None:
    rows = table(repository)
    assert len(rows) > 600
    for tag, action in rows:
        if tag >> 16 == 2:
            continue  # the header of the file is written anew
        dataset = Dataset()
        dataset.add(filled(tag))
        worker = Deidentifier(Pseudonyms(b"k" * 32))
        worker.apply(dataset)
        assert all(word not in texts(dataset) for word in (SECRET, SECRET.upper(), UID, "4711", "2031")), hex(tag)
        if action == "X" and tag >> 8 != 0x1000:
            assert tag not in dataset, hex(tag)
        elif action in ("Z", "X/Z") and tag not in (0x00100010, 0x00100020):
            assert dataset[tag].is_empty, hex(tag)
        elif action == "U":
            assert str(dataset[tag].value).startswith("2.25."), hex(tag)
        elif "D" in action:
            assert not dataset[tag].is_empty, hex(tag)


def test_the_profile_reaches_into_sequences_and_private_elements() -> None:
    dataset, item, deeper = Dataset(), Dataset(), Dataset()
    deeper.PatientComments = deeper.PersonAddress = SECRET
    item.AnatomicRegionModifierSequence = [deeper]
    item.private_block(0x0009, "Vendor", create=True).add_new(1, "LO", SECRET)
    dataset.AnatomicRegionSequence = [item]
    dataset.private_block(0x0011, "Vendor", create=True).add_new(1, "LO", SECRET)
    dataset.add_new(0x60000010, "US", 5)
    dataset.add_new(0x60003000, "OW", b"\1\1")
    Deidentifier(Pseudonyms()).apply(dataset)
    assert SECRET not in texts(dataset)
    assert not any(tag.is_private or tag.group == 0x6000 for tag in list(dataset.keys()))
    assert len(dataset.AnatomicRegionSequence[0].AnatomicRegionModifierSequence) == 1


def test_words_of_the_patient_are_found_where_the_table_keeps_a_text() -> None:
    dataset = Dataset()
    dataset.PatientName, dataset.Manufacturer = f"{SECRET}^Ida", f"bought by {SECRET.lower()}"
    dataset.ManufacturerModelName, dataset.PatientID = "Zwetschgenbaumschule", "47"
    worker = Deidentifier(Pseudonyms())
    worker.apply(dataset)
    assert dataset.Manufacturer == "REMOVED" and "Manufacturer" in " ".join(worker.remarks)
    assert dataset.ManufacturerModelName == "Zwetschgenbaumschule"  # another word


def patient(number: str, study: str, day: str = "20200301") -> Dataset:
    dataset = Dataset()
    dataset.PatientID, dataset.StudyInstanceUID, dataset.StudyDate = number, study, day
    dataset.PatientBirthDate, dataset.StudyTime, dataset.AcquisitionDateTime = "19500101", "101112", day + "101112.5"
    return dataset


def test_the_same_patient_and_uid_get_the_same_replacement_with_the_same_key() -> None:
    def done(key: bytes, number: str, study: str) -> Dataset:
        dataset = patient(number, study)
        Deidentifier(Pseudonyms(key)).apply(dataset)
        return dataset

    first, again = done(b"a" * 32, "P1", "1.2.3"), done(b"a" * 32, "P1", "1.2.4")
    assert first.PatientID == again.PatientID == str(first.PatientName)
    assert first.StudyInstanceUID != again.StudyInstanceUID
    assert done(b"a" * 32, "P2", "1.2.3").StudyInstanceUID == first.StudyInstanceUID
    assert done(b"a" * 32, "P2", "1.2.3").PatientID != first.PatientID
    other = done(b"b" * 32, "P1", "1.2.3")
    assert other.PatientID != first.PatientID and other.StudyInstanceUID != first.StudyInstanceUID


def test_dates_move_together_and_the_methods_say_so() -> None:
    pseudonyms = Pseudonyms(b"a" * 32)
    early, late = patient("P1", "1.2.3"), patient("P1", "1.2.4", "20200401")
    for dataset in (early, late):
        Deidentifier(pseudonyms, shift=True).apply(dataset)
    day = [pydicom.valuerep.DA(dataset.StudyDate) for dataset in (early, late)]
    assert day[1] - day[0] == timedelta(days=31) and early.StudyDate != "20200301"
    assert early.AcquisitionDateTime == early.StudyDate + "101112.5" and early.StudyTime == "101112"
    assert early["PatientBirthDate"].is_empty
    codes = [item.CodeValue for item in early.DeidentificationMethodCodeSequence]
    assert codes == ["113100", "113107"] and early.LongitudinalTemporalInformationModified == "MODIFIED"
    removed = patient("P1", "1.2.3")
    Deidentifier(pseudonyms).apply(removed)
    assert removed["StudyDate"].is_empty and removed["StudyTime"].is_empty
    assert [item.CodeValue for item in removed.DeidentificationMethodCodeSequence] == ["113100"]
    assert removed.PatientIdentityRemoved == "YES" and removed.LongitudinalTemporalInformationModified == "REMOVED"


@pytest.mark.parametrize(
    ("text", "expected"),
    [("20200301", "20200228"), ("2020.03.01", "20200228"), ("20200301235959.1+0100", "20200228235959.1+0100")]
    + [(text, "") for text in ("", "2020", "202003", "20201301", "00010101", "soon")],
)
def test_a_date_is_moved_or_emptied(text: str, expected: str) -> None:
    assert moved(text, timedelta(days=-2)) == expected
