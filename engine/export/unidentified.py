"""An analysis and its draft bound to a de-identified copy of their image, without what names a person."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.dicom.radiograph import Radiograph
from engine.errors import ExportError
from engine.inference.analysis import Analysis
from engine.measure.sheet import Sheet
from engine.report.draft import Draft


@dataclass(frozen=True, eq=False)
class Unidentified:
    """What is exported in place of the identified image's.

    Attributes
    ----------
    by_persons : int
        Sentences that a person wrote or edited, and texts drawn on the image: nobody searched them for names.
    """

    radiograph: Radiograph
    analysis: Analysis
    draft: Draft
    sheet: Sheet | None
    by_persons: int


def unidentified(
    copy: Radiograph, radiograph: Radiograph, analysis: Analysis, draft: Draft, sheet: Sheet | None
) -> Unidentified:
    """Bind all of it to the copy; the indication and the record of who changed what stay behind.

    Parameters
    ----------
    copy : Radiograph
        The de-identified copy, read back.
    radiograph : Radiograph
        Its source, to which analysis, draft and sheet belong.

    Raises
    ------
    ExportError
        ``DEID_PIXELS`` when the copy has not the source's pixels.
    InferenceError, DraftError, MeasureError
        ``WRONG_IMAGE`` when something belongs to another image than the source.
    """
    uid, pixels = radiograph.identity.sop_instance_uid, radiograph.pixel_sha256
    analysis.require_image(uid, pixels)
    draft.require_image(uid, pixels)
    if copy.pixel_sha256 != pixels:
        raise ExportError(
            "DEID_PIXELS", "the de-identified copy has not the pixels that were analysed", "export the image again"
        )
    new = copy.identity.sop_instance_uid
    if sheet is not None:
        sheet.require_image(uid, pixels)
        sheet = replace(sheet, sop_instance_uid=new)
    bare = replace(
        draft, sop_instance_uid=new, indication="", indication_source="header", asked=(), audit=(),
        typed_indication=None,
    )  # fmt: skip
    by_persons = sum(sentence.by_person for sentence in draft.sentences())
    by_persons += sum(bool(item.text) for item in sheet.items) if sheet is not None else 0
    return Unidentified(copy, replace(analysis, sop_instance_uid=new), bare, sheet, by_persons)
