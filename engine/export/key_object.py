"""The image marked as one that an AI found something in (Key Object Selection, PS3.3 A.35.4, TID 2010)."""

from __future__ import annotations

from pathlib import Path

from highdicom import ko
from pydicom.sr.codedict import codes

from engine.dicom.radiograph import Radiograph
from engine.export.dicom_object import description, equipment, new_instance, observer, source_of, write_object
from engine.export.identity import one_line, status_line
from engine.inference.analysis import Analysis
from engine.report.draft import Draft


def write_key_object(folder: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft) -> Path:
    """Write ``key_object.dcm``.

    Raises
    ------
    ExportError
        ``NOT_DICOM_SOURCE``, ``NO_VALID_UID``, ``EXPORT_WRITE``.
    """
    return write_object(folder / "key_object.dcm", key_object(radiograph, analysis, draft))


def key_object(radiograph: Radiograph, analysis: Analysis, draft: Draft) -> ko.KeyObjectSelectionDocument:
    """Return a selection of the image, whose description gives the draft's status and what it states.

    Raises
    ------
    ExportError
        ``NOT_DICOM_SOURCE``, ``NO_VALID_UID``.
    """
    source, who = source_of(radiograph), equipment(analysis)
    stated = [
        one_line(sentence.text)
        for sentence in draft.sentences()
        if sentence.by_person or any(claim.polarity == "present" for claim in sentence.claims)
    ]
    document = ko.KeyObjectSelectionDocument(
        evidence=[source.dataset],
        content=ko.KeyObjectSelection(
            document_title=codes.DCM.OfInterest,
            referenced_objects=[source.dataset],
            observer_device_context=observer(analysis),
            description=" ".join([f"{status_line(draft)}.", *(stated or ["No positive finding is stated."])]),
        ),
        manufacturer=who["manufacturer"],
        specific_character_set="ISO_IR 192",
        **new_instance("ko"),
    )
    document.ManufacturerModelName, document.SoftwareVersions = who["manufacturer_model_name"], who["software_versions"]
    document.SeriesDescription = description(draft, "key image")
    source.finish(document)
    return document
