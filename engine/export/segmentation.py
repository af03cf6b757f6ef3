"""The heat maps as fractional DICOM Segmentation (PS3.3 A.51)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from highdicom import seg
from highdicom.color import CIELabColor
from PIL import ImageColor
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian, RLELossless

from engine.dicom.radiograph import Radiograph
from engine.export.codes import finding_code, site_code
from engine.export.dicom_object import (
    algorithm,
    description,
    equipment,
    finding_key,
    new_instance,
    source_of,
    tracking_uid,
    write_object,
)
from engine.export.panels import HeatSum
from engine.export.shown_maps import ShownFinding, shown_findings
from engine.inference.analysis import Analysis
from engine.inference.heat_scale import FULL_SCALE, PALETTE
from engine.report.draft import Draft

_LOG = logging.getLogger(__name__)

STEPS = 100
"""Maximum Fractional Value: the map as per cent of the fixed scale."""


def write_segmentation(folder: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft) -> list[Path]:
    """Write ``segmentation.dcm``; nothing where no positive finding has a map, for a segmentation cannot be empty.

    Raises
    ------
    ExportError
        ``NOT_DICOM_SOURCE``, ``NO_VALID_UID``, ``EXPORT_WRITE``.
    """
    findings = shown_findings(analysis, draft)
    if not findings:
        _LOG.info("no segmentation: no positive finding has a heat map")
        return []
    return [write_object(folder / "segmentation.dcm", segmentation(radiograph, analysis, draft, findings))]


def segmentation(
    radiograph: Radiograph, analysis: Analysis, draft: Draft, findings: Sequence[ShownFinding]
) -> seg.Segmentation:
    """Return one segment a positive finding: the sum of its features' maps, as per cent of the fixed scale.

    A heat map is neither a probability nor an occupancy, the two kinds that the standard knows; the nearer one is
    occupancy, and label and description say what the values are.

    Parameters
    ----------
    findings : sequence of ShownFinding
        At least one.

    Raises
    ------
    ExportError
        ``NOT_DICOM_SOURCE``, ``NO_VALID_UID``.
    """
    source = source_of(radiograph)
    document = seg.Segmentation(
        source_images=[source.dataset],
        pixel_array=np.stack([_share(radiograph, finding.heat) for finding in findings], axis=-1)[None],
        segmentation_type=seg.SegmentationTypeValues.FRACTIONAL,
        fractional_type=seg.SegmentationFractionalTypeValues.OCCUPANCY,
        max_fractional_value=STEPS,
        segment_descriptions=[_segment(finding, number, analysis) for number, finding in enumerate(findings, 1)],
        transfer_syntax_uid=ExplicitVRLittleEndian,
        content_label="AI_HEAT_MAPS",
        content_description=f"{description(draft, 'heat maps')}"[:64],
        omit_empty_frames=False,
        specific_character_set="ISO_IR 192",
        **new_instance("seg"),
        **equipment(analysis),
    )
    document.SeriesDescription = description(draft, "heat maps")
    document.PatientOrientation = list(radiograph.acquisition.patient_orientation)
    # Of pydicom's encoders GDCM, the first choice, ends the whole process where an image has an odd number of pixels.
    document.compress(RLELossless, encoding_plugin="pydicom", generate_instance_uid=False)
    source.finish(document)
    return document


def _segment(finding: ShownFinding, number: int, analysis: Analysis) -> seg.SegmentDescription:
    colour = PALETTE[(number - 1) % len(PALETTE)]
    claim = finding.finding
    segment = seg.SegmentDescription(
        segment_number=number,
        segment_label=finding.label[:64],
        segmented_property_category=(
            codes.SCT.PhysicalObject if claim.section == "devices" else codes.SCT.MorphologicallyAbnormalStructure
        ),
        segmented_property_type=finding_code(claim),
        algorithm_type=seg.SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=algorithm(analysis),
        tracking_id=finding.tracking[:64],
        tracking_uid=tracking_uid(analysis, *finding_key(claim)),
        anatomic_regions=[site_code(claim.section)],
        display_color=CIELabColor.from_rgb(*ImageColor.getrgb(colour)[:3]),
    )
    segment.SegmentDescription = "Heat map in per cent of a fixed scale; no probability, no outline of a lesion"
    return segment


def _share(radiograph: Radiograph, heat: HeatSum) -> npt.NDArray[np.float32]:
    """Return the map at the image's size as a share of the fixed scale, 0..1, in whole per cent: steps compress."""
    density = heat.over(radiograph, radiograph.rows, radiograph.columns)
    share: npt.NDArray[np.float32] = (np.rint(np.clip(density / FULL_SCALE, 0.0, 1.0) * STEPS) / STEPS).astype(
        np.float32
    )
    return share
