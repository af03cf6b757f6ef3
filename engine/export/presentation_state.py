"""The window and the outlines of the heat maps as Grayscale Softcopy Presentation State (PS3.3 A.33.1)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from highdicom import VOILUT, ModalityLUT, ModalityLUTTransformation, PresentationLUT, PresentationLUTTransformation, pr
from highdicom.color import CIELabColor
from PIL import ImageColor
from pydicom.dataset import Dataset

from engine.dicom.grayscale import Grayscale, LookupTable
from engine.dicom.radiograph import Radiograph
from engine.dicom.voi import Voi, VoiLut
from engine.export.dicom_object import (
    description,
    equipment,
    finding_key,
    new_instance,
    source_of,
    tracking_uid,
    write_object,
)
from engine.export.identity import strip_text
from engine.export.shown_maps import ShownFinding, contours, shown_features, shown_findings
from engine.inference.analysis import Analysis
from engine.inference.heat_scale import PALETTE
from engine.report.draft import Draft

FINDINGS, FEATURES, STRIP = "AI", "AI_FEATURES", "AI_STATUS"
_UNITS = pr.AnnotationUnitsValues.PIXEL


def write_presentation_state(folder: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft) -> Path:
    """Write ``presentation_state.dcm``.

    Raises
    ------
    ExportError
        ``NOT_DICOM_SOURCE``, ``NO_VALID_UID``, ``EXPORT_WRITE``.
    """
    return write_object(folder / "presentation_state.dcm", presentation_state(radiograph, analysis, draft))


def presentation_state(
    radiograph: Radiograph, analysis: Analysis, draft: Draft
) -> pr.GrayscaleSoftcopyPresentationState:
    """Return the image as first shown, with three graphic layers.

    ``AI`` outlines each positive finding (the sum of its features' maps) beside its sentence, ``AI_FEATURES`` each of
    those features by itself, ``AI_STATUS`` says what the draft is. Layers can be switched off one by one.

    Raises
    ------
    ExportError
        ``NOT_DICOM_SOURCE``, ``NO_VALID_UID``.
    """
    source = source_of(radiograph)
    findings = shown_findings(analysis, draft)
    layers = {
        name: pr.GraphicLayer(name, order, text, CIELabColor.from_rgb(*ImageColor.getrgb(colour)[:3]))
        for order, (name, text, colour) in enumerate(
            (
                (FEATURES, "Outlines of single features", PALETTE[1]),
                (FINDINGS, "Outlines of findings, not reviewed", PALETTE[0]),
                (STRIP, "Status of the draft", PALETTE[5]),
            ),
            1,
        )
    }
    annotations = [_status(radiograph, draft, source.dataset, layers[STRIP])]
    annotations += [_finding(radiograph, analysis, f, source.dataset, layers[FINDINGS]) for f in findings]
    for feature, heat in shown_features(findings, analysis):
        lines = _lines(
            contours(radiograph, heat), f"feature {feature.id}", tracking_uid(analysis, "feature", str(feature.id))
        )
        if lines:
            annotations.append(pr.GraphicAnnotation([source.dataset], layers[FEATURES], graphic_objects=lines))
    gray = radiograph.grayscale
    state = pr.GrayscaleSoftcopyPresentationState(
        referenced_images=[source.dataset],
        **new_instance("gsps"),
        **equipment(analysis),
        content_label="AI_FINDINGS",
        content_description=description(draft, "overlay")[:64],
        graphic_annotations=annotations,
        graphic_layers=list(layers.values()),
        modality_lut_transformation=_modality(gray),
        voi_lut_transformations=[_voi(gray.default_voi)],
        presentation_lut_transformation=_presentation(gray),
        specific_character_set="ISO_IR 192",
    )
    state.SeriesDescription = description(draft, "overlay")
    state.Laterality = ""  # the chest is no paired part, but the class asks for the element
    source.finish(state)
    return state


def _lines(closed: Sequence[npt.NDArray[np.float32]], tracking: str, uid: str) -> list[pr.GraphicObject]:
    kind = pr.GraphicTypeValues.POLYLINE
    return [pr.GraphicObject(kind, line, _UNITS, tracking_id=tracking, tracking_uid=uid) for line in closed]


def _finding(
    radiograph: Radiograph, analysis: Analysis, finding: ShownFinding, source: Dataset, layer: pr.GraphicLayer
) -> pr.GraphicAnnotation:
    """Outline a finding; its sentence hangs at the outline's top."""
    lines = contours(radiograph, finding.heat)
    left, top, right, bottom = finding.heat.map.box
    anchor = min((tuple(p) for line in lines for p in line.tolist()), key=lambda p: p[1], default=None)
    x, y = anchor or ((left + right) / 2.0, (top + bottom) / 2.0)
    at = min(max(x, 1.0), radiograph.columns - 1.0), min(max(y, 1.0), radiograph.rows - 1.0)
    text = pr.TextObject(_dashed(finding.label)[:1024], _UNITS, anchor_point=at, anchor_point_visible=bool(lines))
    drawn = _lines(lines, finding.tracking, tracking_uid(analysis, *finding_key(finding.finding)))
    return pr.GraphicAnnotation([source], layer, graphic_objects=drawn or None, text_objects=[text])


def _status(radiograph: Radiograph, draft: Draft, source: Dataset, layer: pr.GraphicLayer) -> pr.GraphicAnnotation:
    text = pr.TextObject(
        _dashed(strip_text(draft)),
        _UNITS,
        bounding_box=(1.0, 1.0, float(radiograph.columns), max(2.0, radiograph.rows / 30.0)),
        text_justification=pr.TextJustificationValues.CENTER,
    )
    return pr.GraphicAnnotation([source], layer, text_objects=[text])


def _dashed(text: str) -> str:
    """Write long dashes as hyphens: they are the one character outside Latin-1, which not every viewer draws."""
    return text.replace("–", "-").replace("—", "-")


def _modality(gray: Grayscale) -> ModalityLUTTransformation:
    modality = gray.modality
    unit = modality.unit or "US"
    if modality.lut is None:
        return ModalityLUTTransformation(modality.intercept, modality.slope, unit)
    table = modality.lut
    # Its outputs are the modality values themselves: unlike those of the other tables they may not be scaled.
    entries = table.table.astype(np.uint16)
    return ModalityLUTTransformation(modality_lut=ModalityLUT(unit, table.first, entries, table.name or None))


def _voi(voi: Voi) -> pr.SoftcopyVOILUTTransformation:
    if isinstance(voi, VoiLut):
        return pr.SoftcopyVOILUTTransformation(voi_luts=[VOILUT(voi.first, _entries(voi), voi.name or None)])
    # Lists, because highdicom takes a single explanation apart into its letters.
    names = [voi.name[:64]] if voi.name else None
    return pr.SoftcopyVOILUTTransformation([voi.center], [voi.width], names, voi.function)


def _presentation(gray: Grayscale) -> PresentationLUTTransformation:
    """P-values; a presentation state replaces the image's own polarity (PS3.3 C.11.6)."""
    if gray.presentation is None:
        return PresentationLUTTransformation("INVERSE" if gray.inverted else "IDENTITY")
    table = gray.presentation
    return PresentationLUTTransformation(
        presentation_lut=PresentationLUT(table.first, _entries(table), table.name or None)
    )


def _entries(table: LookupTable) -> npt.NDArray[np.unsignedinteger]:
    """Scale the entries to all bits of their type: highdicom states the type's bits, not those of the entries."""
    kind = np.uint8 if table.top <= 0xFF else np.uint16
    return np.rint(table.table.astype(np.float64) * (np.iinfo(kind).max / table.top)).astype(kind)
