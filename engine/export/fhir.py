"""The draft as FHIR R4: a DiagnosticReport with an Observation a finding, in one Bundle."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from engine.dicom.radiograph import Radiograph
from engine.export.analysis_json import json_bytes
from engine.export.atomic import write_atomic
from engine.export.codes import finding_code, laterality_code, polarity_code, private_code, severity_code, site_code
from engine.export.dicom_identity import refusal
from engine.export.dicom_object import finding_key, parameters, source_of, tracking_uid
from engine.export.fhir_coding import GENDERS, Json, concept, human_names, iso_date, iso_time, now, urn
from engine.export.fhir_html import report_html
from engine.export.identity import SOFTWARE, one_line, software_version, status_line
from engine.export.shown_maps import contours, shown_findings
from engine.inference.analysis import Analysis
from engine.report.draft import Draft
from engine.report.findings import Finding
from engine.report.phrases import Phrases, phrases_of

REGION = "http://hl7.org/fhir/5.0/StructureDefinition/extension-ImagingSelection.instance.imageRegion2D"
"""R5's ImagingSelection.instance.imageRegion2D in R4, as HL7's cross-version extensions name it."""
STUDY_CODE = Code("18748-4", "LN", "Diagnostic imaging study")
RADIOLOGY = Code("LP29684-5", "LN", "Radiology")


def write_fhir(folder: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft) -> Path:
    """Write ``report.fhir.json``.

    Raises
    ------
    ExportError
        ``NOT_DICOM_SOURCE``, ``NO_VALID_UID``, ``EXPORT_WRITE``.
    """
    return write_atomic(folder / "report.fhir.json", json_bytes(fhir_bundle(radiograph, analysis, draft)))


def fhir_bundle(radiograph: Radiograph, analysis: Analysis, draft: Draft) -> Json:
    """Return a Bundle (type collection) of Patient, ImagingStudy, Device, Observations and DiagnosticReport.

    All is preliminary: no program can make a report final. An Observation of a positive finding carries the outline of
    its heat map on the image; the sentences of the report's HTML form link to the Observations (IHE IMR).

    Raises
    ------
    ExportError
        ``NOT_DICOM_SOURCE``, ``NO_VALID_UID``.
    """
    error = refusal(radiograph)
    if error is not None:
        raise error
    findings = list(dict.fromkeys(finding for sentence in draft.sentences() for finding in sentence.claims))
    links = {finding: urn(tracking_uid(analysis, *finding_key(finding))) for finding in findings}
    outlines = {f.finding: contours(radiograph, f.heat) for f in shown_findings(analysis, draft)}
    patient, study, say = _patient(radiograph), _study(radiograph), phrases_of(draft.language)
    uid = radiograph.identity.sop_instance_uid
    about = {name: {"reference": urn(uid, name)} for name in ("patient", "study")}
    about["device"] = {"reference": urn(tracking_uid(analysis, "device"))}
    study["subject"] = about["patient"]
    observations = [
        (links[finding], _observation(finding, about, radiograph, outlines.get(finding, []), say))
        for finding in findings
    ]
    report = _report(radiograph, analysis, draft, links)
    report |= {"subject": about["patient"], "imagingStudy": [about["study"]]}
    if observations:
        report["result"] = [{"reference": url} for url, _ in observations]
    entries = [
        (urn(tracking_uid(analysis, "report")), report),
        (about["patient"]["reference"], patient),
        (about["study"]["reference"], study),
        (about["device"]["reference"], _device(analysis)),
        *observations,
    ]
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "timestamp": now(),
        "entry": [{"fullUrl": url, "resource": resource} for url, resource in entries],
    }


def _report(radiograph: Radiograph, analysis: Analysis, draft: Draft, links: dict[Finding, str]) -> Json:
    html = report_html(radiograph, analysis, draft, links).encode("utf-8", errors="replace")
    impression = [
        one_line(sentence.text)
        for section in draft.sections
        if section.name == "impression"
        for sentence in section.sentences
        if sentence.state != "removed"
    ]
    report: Json = {
        "resourceType": "DiagnosticReport",
        "status": "preliminary",
        "category": [concept(RADIOLOGY)],
        "code": concept(STUDY_CODE),
        "issued": now(),
        "conclusion": " ".join([f"{status_line(draft)}.", *impression]),
        "presentedForm": [
            {
                "contentType": "text/html; charset=utf-8",
                "language": draft.language,
                "data": base64.b64encode(html).decode("ascii"),
                "title": status_line(draft),
            }
        ],
    }
    taken = iso_time(radiograph.identity.study_date, radiograph.identity.study_time)
    return report | ({"effectiveDateTime": taken} if taken else {})


def _patient(radiograph: Radiograph) -> Json:
    who, born = radiograph.identity, iso_date(radiograph.identity.patient_birth_date)
    patient: Json = {"resourceType": "Patient"}
    if who.patient_id:
        patient["identifier"] = [{"value": one_line(who.patient_id)}]
    if names := human_names(who.patient_name):
        patient["name"] = names
    if who.patient_sex in GENDERS:
        patient["gender"] = GENDERS[who.patient_sex]
    return patient | ({"birthDate": born} if born else {})


def _study(radiograph: Radiograph) -> Json:
    source = source_of(radiograph).dataset
    instance = {
        "uid": str(source.SOPInstanceUID),
        "sopClass": {"system": "urn:ietf:rfc:3986", "code": f"urn:oid:{source.SOPClassUID}"},
    }
    modality = {"system": "http://dicom.nema.org/resources/ontology/DCM", "code": radiograph.identity.modality or "DX"}
    study: Json = {
        "resourceType": "ImagingStudy",
        "status": "available",
        "identifier": [{"system": "urn:dicom:uid", "value": f"urn:oid:{source.StudyInstanceUID}"}],
        "series": [{"uid": str(source.SeriesInstanceUID), "modality": modality, "instance": [instance]}],
    }
    if source.AccessionNumber:
        kind = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "ACSN"}]}
        study["identifier"].append({"type": kind, "value": str(source.AccessionNumber)})
    started = iso_time(source.StudyDate, source.StudyTime)
    return study | ({"started": started} if started else {})


def _device(analysis: Analysis) -> Json:
    return {
        "resourceType": "Device",
        "manufacturer": SOFTWARE,
        "deviceName": [{"name": SOFTWARE, "type": "manufacturer-name"}],
        "version": [{"value": software_version()}],
        "modelNumber": f"{analysis.pack_name} {analysis.pack_version}",
        "note": [{"text": text} for text in parameters(analysis)],
    }


def _observation(
    finding: Finding,
    about: dict[str, Json],
    radiograph: Radiograph,
    lines: Sequence[npt.NDArray[np.float32]],
    say: Phrases,
) -> Json:
    image = radiograph.identity.sop_instance_uid
    probability = {
        "value": round(finding.probability, 4),
        "unit": "1",
        "system": "http://unitsofmeasure.org",
        "code": "1",
    }
    components: list[Json] = [
        {"code": concept(codes.DCM.Probability), "valueQuantity": probability},
        {"code": concept(private_code("Features")), "valueString": " ".join(map(str, finding.evidence))},
    ]
    if severity := severity_code(finding.severity):
        components.append({"code": concept(codes.SCT.Severity), "valueCodeableConcept": concept(severity)})
    if finding.location:
        components.append({"code": concept(private_code("Location")), "valueString": finding.location})
    where = concept(site_code(finding.section))
    if side := laterality_code(finding.laterality):
        where["coding"] += concept(side)["coding"]
        where["text"] = f"{side.meaning} {where['text']}"
    derived = dict(about["study"], identifier={"system": "urn:dicom:uid", "value": f"urn:oid:{image}"})
    if lines:
        derived["extension"] = [_region(line) for line in lines]
    return {
        "resourceType": "Observation",
        "status": "preliminary",
        "code": concept(finding_code(finding)),
        "subject": about["patient"],
        "device": about["device"],
        "valueCodeableConcept": concept(polarity_code(finding.polarity)),
        "bodySite": where,
        "derivedFrom": [derived],
        "component": components,
        "note": [{"text": say("Stated by a program from features of the image; not confirmed by a person.")}],
    }


def _region(line: npt.NDArray[np.float32]) -> Json:
    """Return one closed outline: column and row in pixels of the image, alternating."""
    coordinates = [{"url": "coordinate", "valueDecimal": round(float(value), 2)} for value in line.ravel()]
    return {"url": REGION, "extension": [{"url": "regionType", "valueCode": "polyline"}, *coordinates]}
