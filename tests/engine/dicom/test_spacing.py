"""The calibration ladder, rung by rung."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.dataset import Dataset

from engine.dicom.elements import Elements
from engine.dicom.radiograph import NO_SPACING, Calibration, Spacing
from engine.dicom.spacing import length_mm, read_spacing

DX = "1.2.840.10008.5.1.4.1.1.1.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
SC = "1.2.840.10008.5.1.4.1.1.7"


def spacing_of(sop_class: str = DX, **elements: Any) -> tuple[Spacing, list[str]]:
    dataset = Dataset()
    dataset.SOPClassUID = sop_class
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    header = Elements(dataset)
    return read_spacing(header), header.warnings


def test_imager_pixel_spacing_alone_is_at_the_detector() -> None:
    assert spacing_of(ImagerPixelSpacing=[0.15, 0.16])[0] == Spacing(0.15, 0.16, Calibration.DETECTOR)


def test_equal_spacings_are_at_the_detector() -> None:
    spacing, _ = spacing_of(ImagerPixelSpacing=[0.15, 0.15], PixelSpacing=[0.15, 0.15])
    assert spacing == Spacing(0.15, 0.15, Calibration.DETECTOR)


@pytest.mark.parametrize(("kind", "label"), [("FIDUCIAL", Calibration.CALIBRATED), ("GEOMETRY", Calibration.GEOMETRY)])
def test_stated_calibration_comes_first(kind: str, label: Calibration) -> None:
    spacing, _ = spacing_of(
        ImagerPixelSpacing=[0.15, 0.15],
        PixelSpacing=[0.12, 0.12],
        PixelSpacingCalibrationType=kind,
        EstimatedRadiographicMagnificationFactor=1.5,
    )
    assert spacing == Spacing(0.12, 0.12, label)


def test_magnification_factor_divides() -> None:
    spacing, _ = spacing_of(ImagerPixelSpacing=[0.15, 0.30], EstimatedRadiographicMagnificationFactor=1.5)
    assert spacing == Spacing(pytest.approx(0.1), pytest.approx(0.2), Calibration.ERMF)


def test_distances_give_the_factor() -> None:
    spacing, _ = spacing_of(ImagerPixelSpacing=[0.2, 0.2], DistanceSourceToDetector=2000, DistanceSourceToPatient=1600)
    assert spacing == Spacing(pytest.approx(0.16), pytest.approx(0.16), Calibration.ERMF)


@pytest.mark.parametrize("factor", [0.0, 0.5, 50.0])
def test_impossible_factor_is_not_used_and_told(factor: float) -> None:
    spacing, warnings = spacing_of(ImagerPixelSpacing=[0.15, 0.15], EstimatedRadiographicMagnificationFactor=factor)
    assert spacing.calibration is Calibration.DETECTOR
    assert any("magnification" in warning for warning in warnings)


def test_different_spacings_mean_that_the_sender_corrected_one() -> None:
    spacing, _ = spacing_of(ImagerPixelSpacing=[0.15, 0.15], PixelSpacing=[0.12, 0.12])
    assert spacing == Spacing(0.12, 0.12, Calibration.ERMF)


def test_pixel_spacing_alone_is_uncalibrated() -> None:
    assert spacing_of(PixelSpacing=[0.168, 0.168])[0] == Spacing(0.168, 0.168, Calibration.UNKNOWN)


def test_digitised_film() -> None:
    assert spacing_of(SC, NominalScannedPixelSpacing=[0.1, 0.1])[0] == Spacing(0.1, 0.1, Calibration.UNKNOWN)


@pytest.mark.parametrize("value", [[0, 0], [-0.1, 0.1], [0.1]])
def test_what_is_no_spacing_is_told_and_not_used(value: list[float]) -> None:
    spacing, warnings = spacing_of(PixelSpacing=value)
    assert spacing == NO_SPACING
    assert any("is no spacing" in warning for warning in warnings)


def test_zero_pixel_spacing_does_not_hide_the_detectors() -> None:
    spacing, _ = spacing_of(PixelSpacing=[0, 0], ImagerPixelSpacing=[0.15, 0.15])
    assert spacing.calibration is Calibration.DETECTOR


def test_imager_pixel_spacing_means_nothing_where_there_is_no_projection() -> None:
    assert spacing_of(CT, ImagerPixelSpacing=[0.5, 0.5])[0] == NO_SPACING
    assert spacing_of(CT, PixelSpacing=[0.5, 0.5])[0].calibration is Calibration.UNKNOWN


@pytest.mark.parametrize(("modality", "label"), [("CR", Calibration.DETECTOR), ("US", Calibration.NONE)])
def test_secondary_capture_counts_by_its_modality(modality: str, label: Calibration) -> None:
    assert spacing_of(SC, Modality=modality, ImagerPixelSpacing=[0.1, 0.1])[0].calibration is label


def test_nothing_is_pixels_only() -> None:
    assert spacing_of()[0] == NO_SPACING


def test_length_takes_rows_and_columns_apart() -> None:
    # 30 columns of 0.1 mm and 20 rows of 0.2 mm: 3 mm and 4 mm.
    assert length_mm(Spacing(0.2, 0.1, Calibration.DETECTOR), 30, -20) == pytest.approx(5.0)
    assert length_mm(NO_SPACING, 30, 20) is None
