"""The draft as a report of plain sentences (Enhanced SR, TID 2000), which readers show that know no measurement report.

The findings' codes, probabilities and features are in `engine.export.structured_report`; this document says the same
in words: what was asked, the findings by section, the impression.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from highdicom import ContentQualificationValues, sr
from pydicom.sr.codedict import codes

from engine.dicom.radiograph import Radiograph
from engine.export.attestation import attest
from engine.export.basis import indication_rows
from engine.export.codes import language_code
from engine.export.dicom_object import description, equipment, new_instance, observer, source_of, write_object
from engine.export.identity import (
    cited,
    composing_rows,
    confirmation_rows,
    image_rows,
    one_line,
    status_line,
    warning_rows,
)
from engine.inference.analysis import Analysis
from engine.report.draft import Draft
from engine.report.phrases import phrases_of
from engine.report.wording import notices_of

_CONTAINS = sr.RelationshipTypeValues.CONTAINS


def write_narrative(folder: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft) -> Path:
    """Write ``narrative.dcm``.

    Raises
    ------
    ExportError
        ``NOT_DICOM_SOURCE``, ``NO_VALID_UID``, ``EXPORT_WRITE``.
    """
    return write_object(folder / "narrative.dcm", narrative(radiograph, analysis, draft))


def narrative(radiograph: Radiograph, analysis: Analysis, draft: Draft) -> sr.EnhancedSR:
    """Return an Enhanced SR in a new series of the image's study; PARTIAL, UNVERIFIED, PRELIMINARY.

    Raises
    ------
    ExportError
        ``NOT_DICOM_SOURCE``, ``NO_VALID_UID``.
    """
    source = source_of(radiograph)
    document = sr.EnhancedSR(
        evidence=[source.dataset],
        content=_content(radiograph, analysis, draft, source.notes),
        **new_instance("narrative"),
        **equipment(analysis),
        is_complete=False,
        is_final=False,
        is_verified=False,
        series_description=description(draft, "narrative"),
        content_qualification=ContentQualificationValues.RESEARCH,
        specific_character_set="ISO_IR 192",
    )
    attest(document, draft)
    source.finish(document)
    return document


def _content(radiograph: Radiograph, analysis: Analysis, draft: Draft, notes: Iterable[str]) -> sr.ContainerContentItem:
    say = phrases_of(draft.language)
    root = sr.ContainerContentItem(codes.LN.DiagnosticImagingReport, template_id="2000")
    context = sr.ObservationContext(observer_device_context=observer(analysis))
    items = [*sr.LanguageOfContentItemAndDescendants(language_code(draft.language)), *context]
    rows = [*composing_rows(draft), *confirmation_rows(draft)]
    rows += [*image_rows(radiograph, say), *((say("Source"), note) for note in notes)]
    rows += warning_rows(analysis, say)
    remarks = [status_line(draft), *(f"{label}: {value}" for label, value in rows)]
    asked = [f"{label}: {value}" for label, value in indication_rows(draft, analysis)]
    parts = [
        (codes.DCM.IndicationsForProcedure, codes.DCM.IndicationsForProcedure, asked),
        (codes.DCM.Findings, codes.DCM.Finding, [*remarks, *_sentences(draft, impression=False)]),
        (codes.DCM.Impressions, codes.DCM.Impression, _sentences(draft, impression=True)),
    ]
    for heading, name, texts in parts:
        if texts:
            container = sr.ContainerContentItem(heading, relationship_type=_CONTAINS)
            container.ContentSequence = sr.ContentSequence(
                [sr.TextContentItem(name, one_line(text), _CONTAINS) for text in texts]
            )
            items.append(container)
    root.ContentSequence = sr.ContentSequence(items)
    return root


def _sentences(draft: Draft, *, impression: bool) -> list[str]:
    """Return the sentences of the findings, or of the impression, and why a section has none."""
    notices, say = notices_of(draft), phrases_of(draft.language)
    found = []
    for section in draft.sections:
        if (section.name == "impression") is impression:
            notice = notices.notice(section)
            found += [f"{section.title}: {notice}"] if notice else []
            found += [cited(section.title, one, say) for one in section.sentences if one.state != "removed"]
    return found
