from dataclasses import replace

import numpy as np
import pytest

from engine.inference.analysis import GateVerdict
from engine.inference.gate import SUITABLE, ModelGate, combine, pixel_verdict, polarity_verdict, refused, warning
from engine.inference.header_gate import header_verdict
from engine.pack.arrays import GateArrays
from engine.pack.manifest import GateSpec
from tests.engine.pictures import radiograph

CT, MG = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.1.2"


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({}, "OK"),
        ({"modality": "CR"}, "OK"),
        ({"modality": ""}, "OK"),
        ({"modality": "CT"}, "NOT_A_RADIOGRAPH"),
        ({"modality": "MR"}, "NOT_A_RADIOGRAPH"),
        ({"modality": "US"}, "NOT_A_RADIOGRAPH"),
        ({"modality": "SR"}, "NOT_A_RADIOGRAPH"),
        ({"modality": "MG"}, "NOT_A_CHEST"),
        ({"modality": "DX", "sop_class": MG}, "NOT_A_CHEST"),
        ({"modality": "OT", "sop_class": CT}, "NOT_A_RADIOGRAPH"),
        ({"modality": "CT", "is_dicom": False}, "OK"),
        ({"body_part": "CHEST"}, "OK"),
        ({"body_part": "Thorax"}, "OK"),
        ({"body_part": "CHEST_TO_ABDOMEN"}, "OK"),
        ({"body_part": "HIP"}, "NOT_A_CHEST"),
        ({"body_part": "SKULL"}, "NOT_A_CHEST"),
        ({"body_part": "ABDOMEN"}, "NOT_A_CHEST"),
        ({"view_position": "PA"}, "OK"),
        ({"view_position": "AP"}, "OK"),
        ({"view_position": "LL"}, "LATERAL_VIEW"),
        ({"view_position": "RL"}, "LATERAL_VIEW"),
        ({"view_position": "Left_Lateral"}, "LATERAL_VIEW"),
        ({"view_position": "RAO"}, "LATERAL_VIEW"),
        ({"view_position": "LLD"}, "DECUBITUS_VIEW"),
        ({"patient_orientation": ("L", "F")}, "OK"),
        ({"patient_orientation": ("P", "F")}, "LATERAL_VIEW"),
        ({"patient_orientation": ("A", "FL")}, "LATERAL_VIEW"),
        ({"patient_orientation": ("P", "F"), "view_position": "PA"}, "OK"),
        ({"series": "CHEST LAT"}, "LATERAL_VIEW"),
        ({"series": "Chest PA and lat"}, "OK"),
        ({"series": "lateral decubitus"}, "OK"),
        ({"series": "Flat panel"}, "OK"),
    ],
)
def test_what_a_header_says(header: dict[str, str], code: str) -> None:
    verdict = header_verdict(radiograph(**header))  # type: ignore[arg-type]
    assert verdict.code == code
    expected = {"OK": "suitable", "DECUBITUS_VIEW": "warning"}.get(code, "refused")
    assert verdict.verdict == expected
    assert verdict.message


def test_refusals_come_before_warnings_and_warnings_are_joined() -> None:
    no, first, second = refused("A", "no"), warning("B", "one"), warning("C", "two")
    assert combine([first, no, second]) == no
    assert combine([SUITABLE, first, second, first]) == GateVerdict("warning", "B", "one; two")
    assert combine([SUITABLE]) == SUITABLE


def text_page() -> np.ndarray:  # type: ignore[type-arg]
    page = np.ones((400, 300), dtype=np.float32)
    for top in range(30, 370, 20):
        page[top : top + 6, 30:270:3] = 0.0
    return page


def test_blank_and_text_are_no_radiographs() -> None:
    for image in (np.zeros((64, 64)), np.full((64, 64), 0.5), text_page(), 1.0 - text_page()):
        assert pixel_verdict(image.astype(np.float32)).code == "NOT_A_RADIOGRAPH"


def bar_chart() -> np.ndarray:  # type: ignore[type-arg]
    chart = np.ones((300, 400), dtype=np.float32)
    for left, top, grey in ((40, 60, 0.3), (130, 90, 0.6), (220, 40, 0.45), (310, 120, 0.0)):
        chart[top:280, left : left + 70] = grey
    return chart


def test_a_chart_of_flat_greys_is_no_radiograph_and_with_grain_the_pixels_do_not_tell() -> None:
    verdict = pixel_verdict(bar_chart())
    assert verdict.code == "NOT_A_RADIOGRAPH" and "flat" in verdict.message
    grain = 0.01 * np.random.default_rng(0).standard_normal((300, 400))
    assert pixel_verdict((bar_chart() + grain).astype(np.float32)) == SUITABLE


def test_greys_pass() -> None:
    y, x = np.mgrid[:200, :160] / 200.0
    assert pixel_verdict((0.5 + 0.4 * np.sin(6 * x) * np.cos(5 * y)).astype(np.float32)) == SUITABLE


ARRAYS = GateArrays(
    mean=np.array([1.0, 0.0], np.float32),
    precision=np.diag([1.0, 0.25]).astype(np.float32),
    frontal_weight=np.array([1.0, 0.0], np.float32),
    frontal_bias=-1.0,
)


def test_the_distance_is_mahalanobis() -> None:
    gate = ModelGate(GateSpec(), ARRAYS)
    assert gate.distance(np.array([4.0, 8.0], np.float32)) == pytest.approx(5.0)
    assert gate.descriptor_verdict(np.array([400.0, 8.0], np.float32)) == SUITABLE
    assert (
        ModelGate(GateSpec(mahalanobis_refusal=1.0), None).descriptor_verdict(np.array([9.0, 9.0], np.float32))
        == SUITABLE
    )


def test_the_distance_is_measured_in_the_projected_directions() -> None:
    arrays = GateArrays(
        mean=np.array([1.0], np.float32),
        precision=np.array([[4.0]], np.float32),
        frontal_weight=np.array([0.0, 1.0, 0.0], np.float32),
        frontal_bias=0.0,
        projection=np.array([[1.0, 0.0, -1.0]], np.float32),
    )
    gate = ModelGate(GateSpec(descriptor="regions", frontal_probability_refusal=0.5), arrays)
    assert gate.distance(np.array([3.0, 50.0, 0.5], np.float32)) == pytest.approx(3.0)
    assert gate.descriptor_verdict(np.array([9.0, 1.0, 9.0], np.float32)) == SUITABLE
    assert gate.descriptor_verdict(np.array([1.0, -1.0, 0.0], np.float32)).code == "NOT_A_CHEST"


def test_limits_warn_and_refuse() -> None:
    gate = ModelGate(GateSpec(mahalanobis_warning=2.0, mahalanobis_refusal=4.0, reconstruction_warning=0.5), ARRAYS)
    for x, verdict in ((2.0, "suitable"), (4.0, "warning"), (6.0, "refused")):
        assert gate.descriptor_verdict(np.array([x, 0.0], np.float32)).verdict == verdict
    assert gate.reconstruction_verdict(0.4).verdict == "suitable"
    assert gate.reconstruction_verdict(0.6).verdict == "warning"


def test_an_image_that_fits_only_inverted_is_named() -> None:
    gate = ModelGate(GateSpec(mahalanobis_warning=2.0, mahalanobis_refusal=4.0), ARRAYS)
    far, near = np.array([6.0, 0.0], np.float32), np.array([1.5, 0.0], np.float32)
    assert gate.descriptor_verdict(far, near).code == "INVERTED_POLARITY"
    assert gate.descriptor_verdict(far, far).code == "OUT_OF_DISTRIBUTION"
    assert gate.descriptor_verdict(near, near) == SUITABLE


def test_polarity_is_the_reason_only_when_the_inverted_image_is_suitable() -> None:
    spec = GateSpec(mahalanobis_warning=2.0, mahalanobis_refusal=4.0, frontal_probability_refusal=0.5)
    gate = ModelGate(spec, ARRAYS)
    unusual, suitable, no_chest = (np.array([x, 0.0], np.float32) for x in (3.5, 1.5, 0.0))
    assert gate.descriptor_verdict(no_chest, suitable).code == "INVERTED_POLARITY"
    assert gate.descriptor_verdict(no_chest, unusual).code == "NOT_A_CHEST"
    assert gate.descriptor_verdict(unusual, no_chest).verdict == "warning"


@pytest.mark.parametrize(
    ("photometric", "inverted", "named"),
    [
        ("MONOCHROME1", True, "MONOCHROME1"),
        ("MONOCHROME2", False, "MONOCHROME2"),
        ("MONOCHROME2", True, "presentation LUT"),
        ("MONOCHROME1", False, "presentation LUT"),
    ],
)
def test_the_tag_that_contradicts_the_pixels_is_named(photometric: str, inverted: bool, named: str) -> None:
    shown = radiograph(photometric=photometric)
    shown = replace(shown, grayscale=replace(shown.grayscale, inverted=inverted))
    verdict = polarity_verdict(shown)
    assert (verdict.verdict, verdict.code) == ("refused", "INVERTED_POLARITY")
    assert "black and white seem to be exchanged" in verdict.message
    assert verdict.message.endswith(f"the header's {named} seems to be wrong")
    assert "header" not in polarity_verdict(replace(shown, is_dicom=False)).message


def test_the_frontal_classifier() -> None:
    gate = ModelGate(GateSpec(frontal_probability_refusal=0.3), ARRAYS)
    assert gate.descriptor_verdict(np.array([1.0, 0.0], np.float32)) == SUITABLE
    assert gate.descriptor_verdict(np.array([-1.0, 0.0], np.float32)).code == "NOT_A_CHEST"
