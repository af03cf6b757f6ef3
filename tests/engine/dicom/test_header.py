"""Identity and acquisition."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.dataset import Dataset

from engine.dicom.elements import Elements
from engine.dicom.header import is_uid, read_acquisition, read_identity
from engine.dicom.names import readable_name
from engine.dicom.pixel_description import PixelDescription
from engine.dicom.plain_words import plain_words
from engine.dicom.radiograph import Acquisition
from engine.report.indication import header_indication

PIXELS = PixelDescription(10, 10, 1, 16, 12, 11, False, "MONOCHROME2", 0, 1)


def dataset_of(**elements: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def acquisition_of(syntax: str = "1.2.840.10008.1.2.1", **elements: Any) -> Acquisition:
    return read_acquisition(Elements(dataset_of(**elements)), PIXELS, syntax)


@pytest.mark.parametrize(
    ("stored", "readable"),
    [
        ("Doe^Jane", "Doe, Jane"),
        ("Doe^Jane^Mary^Dr^PhD", "Doe, Dr Jane Mary PhD"),
        ("Doe", "Doe"),
        ("^Jane", "Jane"),
        ("^^^^", ""),
        ("", ""),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou (山田 太郎)"),
        ("=山田^太郎", "山田 太郎"),
        ("Wang^XiaoDong=王^小東", "Wang, XiaoDong (王 小東)"),
        ("Too^Many^Parts^A^B^C^D", "Too, A Many Parts B"),
    ],
)
def test_names_for_people(stored: str, readable: str) -> None:
    assert readable_name(stored) == readable


@pytest.mark.parametrize(
    ("text", "valid"),
    [("1.2.840.10008.1", True), ("", False), ("1.2.a", False), ("..", False), (".1", False), ("1" * 65, False)],
)
def test_uids_are_safe_as_names_of_folders(text: str, valid: bool) -> None:
    assert is_uid(text) is valid


def view_code(value: str, meaning: str) -> Dataset:
    return dataset_of(CodeValue=value, CodingSchemeDesignator="SCT", CodeMeaning=meaning)


@pytest.mark.parametrize(
    ("elements", "view"),
    [
        ({"ViewPosition": "PA"}, "PA"),
        ({"ViewCodeSequence": [view_code("399348003", "antero-posterior")]}, "AP"),
        ({"ViewCodeSequence": [view_code("272479007", "postero-anterior")]}, "PA"),
        ({"ViewCodeSequence": [view_code("399173006", "left lateral")]}, "LL"),
        ({"ViewCodeSequence": [view_code("0", "something new")]}, "SOMETHING NEW"),
        ({"ViewPosition": "", "ViewCodeSequence": []}, ""),
    ],
)
def test_view(elements: dict[str, Any], view: str) -> None:
    assert acquisition_of(**elements).view_position == view


def test_laterality_orientation_and_flags() -> None:
    found = acquisition_of(
        Laterality="L",
        PatientOrientation=["L", "F"],
        BurnedInAnnotation="YES",
        LossyImageCompression="01",
        LossyImageCompressionRatio=["5.2", "12"],
        LossyImageCompressionMethod=["ISO_10918_1", "ISO_15444_1"],
    )
    assert (found.image_laterality, found.patient_orientation) == ("L", ("L", "F"))
    assert (found.burned_in_annotation, found.lossy) == ("YES", True)
    assert found.lossy_ratios == (5.2, 12.0) and found.lossy_methods == ("ISO_10918_1", "ISO_15444_1")
    assert acquisition_of(ImageLaterality="R", Laterality="L").image_laterality == "R"


def test_jpeg_baseline_is_lossy_whatever_the_header_says() -> None:
    assert acquisition_of("1.2.840.10008.1.2.4.50", LossyImageCompression="00").lossy


def test_body_part_from_its_code() -> None:
    assert acquisition_of(AnatomicRegionSequence=[view_code("51185008", "Chest")]).body_part == "CHEST"


@pytest.mark.parametrize(
    ("elements", "indication"),
    [
        ({"ReasonForTheRequestedProcedure": "Cough", "RequestedProcedureDescription": "Chest 2 views"}, "Cough"),
        ({"RequestAttributesSequence": [dataset_of(ReasonForTheRequestedProcedure="Fever")]}, "Fever"),
        ({"AdmittingDiagnosesDescription": ["Pneumonia", "Fall"]}, "Pneumonia\\Fall"),
        ({"ReasonForStudy": "Dyspnoea"}, "Dyspnoea"),
        (
            {
                "ReasonForPerformedProcedureCodeSequence": [dataset_of(CodeMeaning="Dyspnea")],
                "AdmittingDiagnosesDescription": "COPD",
                "AdditionalPatientHistory": "Smoker",
            },
            "Dyspnea; COPD; Smoker",
        ),
        ({"ReasonForVisit": "Cough", "AdditionalPatientHistory": "Cough"}, "Cough"),
        ({"RequestedProcedureDescription": "Chest 2 views"}, ""),
        ({}, ""),
    ],
)
def test_indication(elements: dict[str, Any], indication: str) -> None:
    assert acquisition_of(**elements).indication == indication


def test_a_procedure_is_kept_apart_and_asks_only_what_it_names() -> None:
    plain = acquisition_of(StudyDescription="XR CHEST", RequestedProcedureDescription="Chest 2 views")
    assert (plain.procedure, header_indication(plain)) == ("Chest 2 views", "")
    assert header_indication(acquisition_of(StudyDescription="Chest, ? pneumothorax")) == "Chest, ? pneumothorax"


def test_absent_elements_are_empty_texts() -> None:
    identity = read_identity(Elements(Dataset()), "1.2.3")
    assert identity.sop_instance_uid == "1.2.3"
    assert {value for key, value in vars(identity).items() if key != "sop_instance_uid"} == {""}


def test_warnings_are_plain_quote_nothing_and_come_once() -> None:
    quoted = "Invalid value for VR UI: 'secret'. Please see <https://example.org>"
    sentences = plain_words([quoted, quoted, "Unknown encoding 'foo' - using default", "whatever"])
    assert len(sentences) == 3
    assert all(sentence.endswith(".") and "secret" not in sentence for sentence in sentences)
