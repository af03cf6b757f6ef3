"""The draft as DICOM Structured Report (TID 1500): PARTIAL, UNVERIFIED, PRELIMINARY."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from highdicom import ContentQualificationValues, sr
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from pydicom.dataset import Dataset
from pydicom.sr.codedict import codes

from engine.dicom.radiograph import Radiograph
from engine.export.attestation import attest
from engine.export.basis import indication_rows
from engine.export.codes import (
    PRIVATE_SCHEME,
    finding_code,
    language_code,
    laterality_code,
    polarity_code,
    private_code,
    severity_code,
    site_code,
)
from engine.export.dicom_object import (
    description,
    equipment,
    finding_key,
    new_instance,
    observer,
    parameters,
    source_of,
    tracking_uid,
    write_object,
)
from engine.export.identity import (
    SOFTWARE,
    cited,
    composing_rows,
    confirmation_rows,
    one_line,
    status_line,
    warning_rows,
)
from engine.inference.analysis import Analysis
from engine.report.draft import Draft
from engine.report.findings import Finding
from engine.report.phrases import phrases_of
from engine.report.wording import notices_of


def write_structured_report(folder: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft) -> Path:
    """Write ``report.dcm``.

    Raises
    ------
    ExportError
        ``NOT_DICOM_SOURCE``, ``NO_VALID_UID``, ``EXPORT_WRITE``.
    """
    return write_object(folder / "report.dcm", structured_report(radiograph, analysis, draft))


def structured_report(radiograph: Radiograph, analysis: Analysis, draft: Draft) -> sr.Comprehensive3DSR:
    """Return a Comprehensive 3D SR in a new series of the image's study.

    One measurement group a finding (TID 1501): tracking identifier naming its features, finding code, site with side,
    polarity, severity, probability, algorithm (TID 4019) and the source image. The sentences follow as text, in
    containers for findings and impression that extend TID 1500.

    Raises
    ------
    ExportError
        ``NOT_DICOM_SOURCE``, ``NO_VALID_UID``.
    """
    of_image = source_of(radiograph)
    source, notes = of_image.dataset, of_image.notes
    algorithm = sr.AlgorithmIdentification(
        name=f"{SOFTWARE}, model pack {analysis.pack_name}",
        version=analysis.pack_version,
        parameters=parameters(analysis),
    )
    groups = [_group(finding, source, analysis, algorithm) for finding in _findings(draft)]
    report = sr.MeasurementReport(
        observation_context=sr.ObservationContext(observer_device_context=observer(analysis)),
        procedure_reported=codes.SCT.ChestImaging,
        imaging_measurements=groups or [_no_statement(source, analysis, algorithm)],
        language_of_content_item_and_descendants=sr.LanguageOfContentItemAndDescendants(language_code(draft.language)),
        referenced_images=[source],
    )
    _add_narrative(report[0], analysis, draft, [*radiograph.warnings, *notes])
    document = sr.Comprehensive3DSR(
        evidence=[source],
        content=report,
        **new_instance("sr"),
        **equipment(analysis),
        is_complete=False,
        is_final=False,
        is_verified=False,
        series_description=description(draft),
        content_qualification=ContentQualificationValues.RESEARCH,
        coding_schemes=[_private_scheme()],
        specific_character_set="ISO_IR 192",
    )
    attest(document, draft)
    of_image.finish(document)
    return document


def _findings(draft: Draft) -> list[Finding]:
    """Every claim once; what a sentence claimed before a person edited it is left out."""
    return list(dict.fromkeys(finding for sentence in draft.sentences() for finding in sentence.claims))


def _group(
    finding: Finding, source: Dataset, analysis: Analysis, algorithm: sr.AlgorithmIdentification
) -> sr.MeasurementsAndQualitativeEvaluations:
    features = " ".join(map(str, finding.evidence))
    evaluations = [sr.QualitativeEvaluation(private_code("Polarity"), polarity_code(finding.polarity))]
    severity = severity_code(finding.severity)
    if severity is not None:
        evaluations.append(sr.QualitativeEvaluation(codes.SCT.Severity, severity))
    if finding.location and finding.section != "devices":
        evaluations.append(sr.QualitativeEvaluation(private_code("Location"), private_code(finding.location)))
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(
            uid=tracking_uid(analysis, *finding_key(finding)),
            identifier=f"features {features}",
        ),
        finding_type=finding_code(finding),
        finding_sites=[sr.FindingSite(site_code(finding.section), laterality_code(finding.laterality))],
        algorithm_id=algorithm,
        measurements=[sr.Measurement(codes.DCM.Probability, round(finding.probability, 4), codes.UCUM.NoUnits)],
        qualitative_evaluations=evaluations,
        source_images=[sr.SourceImageForMeasurementGroup(source.SOPClassUID, source.SOPInstanceUID)],
    )


def _no_statement(
    source: Dataset, analysis: Analysis, algorithm: sr.AlgorithmIdentification
) -> sr.MeasurementsAndQualitativeEvaluations:
    """Say that nothing is stated, which is not the same as normal; TID 1500 asks for at least one group."""
    uid = tracking_uid(analysis, "no statement")
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid=uid, identifier="no features"),
        finding_type=private_code("No statement is supported by the features"),
        algorithm_id=algorithm,
        source_images=[sr.SourceImageForMeasurementGroup(source.SOPClassUID, source.SOPInstanceUID)],
    )


def _add_narrative(root: Dataset, analysis: Analysis, draft: Draft, notes: Sequence[str]) -> None:
    """Append the sentences as text: findings by section, impression, then what a reader has to know."""
    contains = sr.RelationshipTypeValues.CONTAINS
    say = phrases_of(draft.language)
    rows = [*composing_rows(draft), *confirmation_rows(draft), *indication_rows(draft, analysis)]
    rows += [(say("Source"), note) for note in notes]
    rows += warning_rows(analysis, say)
    comments = [status_line(draft), *(f"{label}: {value}" for label, value in rows)]
    found: list[sr.ContentItem] = []
    summary: list[sr.ContentItem] = []
    notices = notices_of(draft)
    for section in draft.sections:
        impression = section.name == "impression"
        if impression and (notice := notices.notice(section)):
            comments.append(f"{section.title}: {notice}")
        for sentence in section.sentences:
            if sentence.state != "removed":
                name = codes.DCM.Impression if impression else codes.DCM.Finding
                text = sr.TextContentItem(name, cited(section.title, sentence, say), contains)
                (summary if impression else found).append(text)
    remarks = [sr.TextContentItem(codes.DCM.Comment, one_line(comment), contains) for comment in comments]
    for name, items in ((codes.DCM.Findings, [*remarks, *found]), (codes.DCM.Impressions, summary)):
        if items:
            container = sr.ContainerContentItem(name, relationship_type=contains)
            container.ContentSequence = sr.ContentSequence(items)
            root.ContentSequence.append(container)


def _private_scheme() -> CodingSchemeIdentificationItem:
    """Identify the private coding scheme (PS3.3 C.12.1)."""
    return CodingSchemeIdentificationItem(
        designator=PRIVATE_SCHEME,
        name="SAE-Rad workstation observations",
        responsible_organization="The SAE-Rad workstation authors",
    )
