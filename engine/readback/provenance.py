"""Who made a result object, and which images it refers to, from its header."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom.uid import UID

from engine.dicom.elements import Elements
from engine.dicom.names import readable_name
from engine.readback.coded import read_code, read_references
from engine.readback.objects import Content, Provenance
from engine.readback.presentation import PresentationState
from engine.readback.report import Report
from engine.readback.segments import Segmentation


def read_provenance(header: Elements, kind: str) -> Provenance:
    """Return who made an object and what became of it."""
    text = header.text
    title = str(read_code(header, "ConceptNameCodeSequence") or "") if kind == "SR" else text("ContentLabel")
    described = text("ContentDescription")
    flags = ("CompletionFlag", "VerificationFlag", "PreliminaryFlag")
    return Provenance(
        kind=kind,
        sop_class=UID(text("SOPClassUID")).name.removesuffix(" Storage"),
        sop_instance_uid=text("SOPInstanceUID"),
        study_instance_uid=text("StudyInstanceUID"),
        series_instance_uid=text("SeriesInstanceUID"),
        series_number=text("SeriesNumber"),
        series_description=text("SeriesDescription"),
        patient_id=text("PatientID"),
        manufacturer=text("Manufacturer"),
        model=text("ManufacturerModelName"),
        software=", ".join(filter(None, header.texts("SoftwareVersions"))),
        title=": ".join(filter(None, (title, described))),
        creator=readable_name(text("ContentCreatorName")) or _verifier(header),
        date=text("ContentDate") or text("PresentationCreationDate") or text("SeriesDate"),
        time=text("ContentTime") or text("PresentationCreationTime") or text("SeriesTime"),
        status=tuple(filter(None, (text(flag).upper() for flag in flags))),
    )


def _verifier(header: Elements) -> str:
    observers = header.items("VerifyingObserverSequence") or header.items("AuthorObserverSequence")
    names = (readable_name(item.text("VerifyingObserverName") or item.text("PersonName")) for item in observers)
    return " and ".join(filter(None, names))


def referred_images(header: Elements, content: Content) -> tuple[str, ...]:
    """Return the SOP Instance UIDs of the images that an object refers to, each once, in order."""
    return tuple(dict.fromkeys(_referred(header, content)))


def _referred(header: Elements, content: Content) -> Iterator[str]:
    if isinstance(content, Report):
        for item in content.root.walk():
            if item.kind == "IMAGE" and item.reference is not None:
                yield item.reference.sop_instance_uid
        evidence = ("CurrentRequestedProcedureEvidenceSequence", "PertinentOtherEvidenceSequence")
        for study in (item for keyword in evidence for item in header.items(keyword)):
            for series in study.items("ReferencedSeriesSequence"):
                yield from (r.sop_instance_uid for r in read_references(series, "ReferencedSOPSequence"))
        return
    if isinstance(content, Segmentation):
        yield from (uid for _number, uid in content.frames)
    inner = "ReferencedImageSequence" if isinstance(content, PresentationState) else "ReferencedInstanceSequence"
    for series in header.items("ReferencedSeriesSequence"):
        yield from (r.sop_instance_uid for r in read_references(series, inner))
