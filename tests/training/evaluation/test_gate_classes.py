"""What the bundled pack's gate says of one file of each kind, and of all that there are (slow)."""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from engine.dicom.files import read_radiograph
from engine.inference.analyzer import Analyzer
from engine.pack.library import load_pack
from training.evaluation.gate.chests import SIDE_VIEW, TAGGED, dicom_chests
from training.evaluation.gate.measure import judge, measure
from training.evaluation.gate.noise import KINDS, noise
from training.evaluation.gate.others import other_specimens, photograph_specimens
from training.evaluation.gate.run import GateOptions, specimens
from training.evaluation.gate.specimen import CHEST, FloatImage, Specimen, dicom, picture

NO_RADIOGRAPHS = ("angiogram", "CT", "MR", "portal image")


@pytest.fixture(scope="module")
def analyzer(demo_pack: Path) -> Analyzer:
    return Analyzer(load_pack(demo_pack), device="cpu", threads=1)


@pytest.fixture(scope="module")
def chest(repository: Path) -> FloatImage:
    """Displayed values of a demonstration chest."""
    return read_radiograph(repository / "resources" / "demo" / "01_chest_pa.dcm").display()


def code(analyzer: Analyzer, specimen: Specimen, folder: Path) -> str:
    outcome = judge(analyzer, specimen, specimen.file(folder / "file"))
    assert outcome.verdict in ("suitable", "refused")
    return outcome.code


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (np.array, "OK"),
        (lambda image: 1.0 - image, "INVERTED_POLARITY"),
        (np.rot90, "NOT_A_CHEST"),
        (partial(np.rot90, k=-1), "NOT_A_CHEST"),
        (partial(np.rot90, k=2), "NOT_A_CHEST"),
        (np.flipud, "NOT_A_CHEST"),
    ],
)
def test_a_chest_passes_and_spoilt_ones_do_not(
    analyzer: Analyzer, chest: FloatImage, tmp_path: Path, change: object, expected: str
) -> None:
    made = picture(lambda: np.ascontiguousarray(change(chest)))  # type: ignore[operator]
    assert code(analyzer, Specimen("", "", False, False, made), tmp_path) == expected


def test_a_header_decides_where_it_tells(analyzer: Analyzer, chest: FloatImage, tmp_path: Path) -> None:
    for elements, expected in (
        ({}, "OK"),
        ({"BodyPartExamined": "HIP"}, "NOT_A_CHEST"),
        ({"ViewPosition": "LL"}, "LATERAL_VIEW"),
        ({"PatientAge": "004Y"}, "CHILD"),
        ({"Modality": "MG"}, "NOT_A_CHEST"),
    ):
        made = dicom(lambda: chest, "MONOCHROME2", **elements)
        assert code(analyzer, Specimen("", "", True, False, made), tmp_path) == expected


@pytest.mark.parametrize("tag", ["MONOCHROME1", "MONOCHROME2"])
def test_a_wrong_polarity_tag_is_said_and_a_right_one_is_not(
    analyzer: Analyzer, chest: FloatImage, tmp_path: Path, tag: str
) -> None:
    as_tagged = chest if tag == "MONOCHROME2" else 1.0 - chest
    right, wrong = (read_radiograph(dicom(lambda p=p: p, tag)(tmp_path / "file")) for p in (as_tagged, 1.0 - as_tagged))
    assert analyzer.analyse(right).gate.code == "OK"
    analysis = analyzer.analyse(wrong)
    assert (analysis.gate.verdict, analysis.gate.code) == ("refused", "INVERTED_POLARITY")
    assert f"{tag} seems to be wrong" in analysis.gate.message
    assert not analysis.features and not analysis.maps and not analysis.observations


def test_a_falsely_tagged_radiograph_is_recognised_and_its_original_passes(
    analyzer: Analyzer, shared_data: Path, tmp_path: Path
) -> None:
    found = defaultdict[str, set[str]](set)
    for specimen in dicom_chests(shared_data / "dicom" / "radiographs"):
        found[specimen.kind].add(code(analyzer, specimen, tmp_path))
    assert found == {CHEST: {"OK"}, TAGGED: {"INVERTED_POLARITY"}}


def test_other_body_parts_and_modalities_are_refused_by_header_and_by_pixels(
    analyzer: Analyzer, shared_data: Path, tmp_path: Path
) -> None:
    seen = set()
    for specimen in other_specimens(shared_data / "dicom", copies=0):
        found = code(analyzer, specimen, tmp_path)
        if specimen.told:
            assert (found == "NOT_A_RADIOGRAPH") == (specimen.kind in NO_RADIOGRAPHS), specimen
        else:
            assert found in ("NOT_A_CHEST", "NOT_A_RADIOGRAPH"), specimen
        seen.add((specimen.kind, specimen.told))
    assert {kind for kind, _ in seen} >= {"hip", "leg", "animal's leg", "mammogram", "jaws", "CT", "MR"}


@pytest.mark.parametrize("kind", KINDS)
def test_noise_is_refused(analyzer: Analyzer, tmp_path: Path, kind: str) -> None:
    specimen = Specimen("noise", kind, False, False, picture(partial(noise, kind, 0)))
    assert code(analyzer, specimen, tmp_path) in ("NOT_A_CHEST", "NOT_A_RADIOGRAPH", "OUT_OF_DISTRIBUTION")


def test_a_photograph_is_refused(analyzer: Analyzer, tmp_path: Path) -> None:
    found = [code(analyzer, specimen, tmp_path) for specimen in photograph_specimens(None, 1)]
    assert found and set(found) <= {"NOT_A_CHEST", "NOT_A_RADIOGRAPH", "OUT_OF_DISTRIBUTION"}


@pytest.mark.slow
def test_nineteen_of_twenty_of_every_kind_go_right(analyzer: Analyzer, shared_data: Path) -> None:
    options = GateOptions(pack="demo", data=shared_data, limit=10, copies=2, threads=1)
    right, n = defaultdict[str, int](int), defaultdict[str, int](int)
    for outcome in measure(analyzer, specimens(options), lambda _: None):
        kind = outcome.specimen.kind
        n[kind] += 1
        right[kind] += (outcome.verdict in ("suitable", "warning")) == (kind == CHEST)
    assert n[CHEST] > 100 and n[SIDE_VIEW] > 100
    assert {kind: f"{right[kind]} of {n[kind]}" for kind in n if right[kind] < 0.95 * n[kind]} == {}
