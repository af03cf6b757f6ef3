"""What the program writes, and what others wrote, is found, matched to its image and read as it was meant."""

from __future__ import annotations

import json
import random
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from engine.cli.main import main
from engine.dicom.deidentify.files import Run
from engine.errors import SaeRadError
from engine.export import export_all
from engine.export.shown_maps import contours, shown_findings
from engine.readback.describe import content_lines
from engine.readback.drawing import DrawnLayer, drawing_on
from engine.readback.find import find_results
from engine.readback.objects import ResultObject
from engine.readback.read import read_result
from engine.readback.report import Report
from engine.readback.target import Target
from engine.report.compose import compose
from tests.engine.readback.states import image_of, write_image
from tests.engine.report.factories import busy


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Our own objects beside their image."""
    folder = tmp_path_factory.mktemp("study")
    image = image_of(320, 256)
    made = busy(image)
    write_image(folder / "image.dcm", image)
    export_all(folder / "results", image, made, compose(made), ["sr", "gsps", "seg", "ko", "sc"])
    return folder


def objects(study: Path) -> dict[str, ResultObject]:
    found = find_results([study])
    assert found.failures == () and all(found.missing(result) == () for result in found.results)
    return {result.source.stem: result for result in found.results}


def apart(line: npt.NDArray[np.floating], layer: DrawnLayer) -> float:
    """The largest distance of a point of a line from the lines of a layer."""
    there = np.vstack([_dense(stroke.points) for stroke in layer.strokes])
    return float(max(np.hypot(*(there - point).T).min() for point in line))


def _dense(line: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    steps = np.linspace(0.0, 1.0, 20, endpoint=False)[:, None]
    return np.vstack([a + (b - a) * steps for a, b in pairwise(line)])


@pytest.mark.parametrize("name", ["report.dcm", "presentation_state.dcm", "segmentation.dcm", "key_object.dcm"])
@pytest.mark.parametrize("share", [0.4, 0.5, 0.6, 0.8, 0.999])
def test_an_object_that_is_cut_off_is_never_read_as_if_it_were_whole(
    study: Path, tmp_path: Path, name: str, share: float
) -> None:
    content = (study / "results" / name).read_bytes()
    cut = tmp_path / name
    cut.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(SaeRadError) as caught:
        read_result(cut)
    assert caught.value.code in ("DICOM_TRUNCATED", "DICOM_DAMAGED", "RESULT_DAMAGED")
    if name != "segmentation.dcm":  # whose pixels are copied as they are
        with pytest.raises(SaeRadError) as refused:
            Run(tmp_path / "out").deidentify(cut)
        assert refused.value.code == caught.value.code


def test_our_own_objects_are_found_with_their_provenance(study: Path) -> None:
    found = objects(study)
    assert sorted(found) == ["key_object", "presentation_state", "report", "segmentation"]
    for result in found.values():
        assert result.provenance.manufacturer == "SAE-Rad workstation"
        assert "CPUExecutionProvider, int8" in result.provenance.software
    assert found["report"].provenance.status == ("PARTIAL", "UNVERIFIED", "PRELIMINARY")


def test_outlines_come_back_within_a_pixel(study: Path) -> None:
    image = image_of(320, 256)
    made = busy(image)
    wanted = [contours(image, finding.heat) for finding in shown_findings(made, compose(made))]
    found = objects(study)
    state, parts = (drawing_on(found[name], Target.of(image)).layers for name in ("presentation_state", "segmentation"))
    assert [layer.name for layer in state][:2] == ["Outlines of single features", "Outlines of findings, not reviewed"]
    for lines, segment in zip(wanted, parts, strict=True):
        for line in lines:
            assert apart(line, state[1]) < 0.01
            assert apart(line, segment) < 1.0
    assert state[1].texts[0].lines[0].startswith("AI 1: ") and len(state[1].colour) == 7


def test_values_of_the_report_come_back(study: Path) -> None:
    image = image_of(320, 256)
    claims = {f.probability for s in compose(busy(image)).sentences() for f in s.claims}
    content = objects(study)["report"].content
    assert isinstance(content, Report)
    numbers = {item.number for item in content.root.walk() if item.kind == "NUM" and str(item.name) == "Probability"}
    assert numbers == {round(value, 4) for value in claims}


def test_damage_ends_with_a_code_or_is_read_around(study: Path, tmp_path: Path) -> None:
    chance, path = random.Random(3), tmp_path / "damaged.dcm"
    names = ("report", "presentation_state", "segmentation")
    whole = [(study / "results" / f"{name}.dcm").read_bytes() for name in names]
    read = 0
    for _ in range(200):
        content = bytearray(chance.choice(whole))
        for _ in range(chance.choice((1, 5, 30))):
            content[chance.randrange(300, len(content))] = chance.randrange(256)
        path.write_bytes(content)
        try:
            result = read_result(path)
            lines = content_lines(result)
            for uid in result.images[:1]:
                drawing_on(result, Target.of(image_of(320, 256, uid=uid)))
            read += bool(lines)
        except SaeRadError as error:
            assert error.code
    assert read > 50


def test_the_command_lists_and_prints(study: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["results", str(study)]) == 0
    said = capsys.readouterr().out
    for words in (
        "SR  ",
        "GSPS  ",
        "SEG  ",
        "PARTIAL, UNVERIFIED, PRELIMINARY",
        "Probability: 0.95",
        "refers to 1 image",
    ):
        assert words in said
    assert main(["results", "--json", str(study)]) == 0
    rows = json.loads(capsys.readouterr().out)["results"]
    assert {row["kind"] for row in rows} == {"SR", "GSPS", "SEG"}
    assert all(row["images"][0]["path"] == str(study / "image.dcm") for row in rows)
    assert main(["results", str(study / "results" / "report.dcm")]) == 0
    assert "none lies here" in capsys.readouterr().out
    (tmp_path / "cut.dcm").write_bytes((study / "results" / "report.dcm").read_bytes()[:700])
    assert main(["results", str(tmp_path)]) == 3
    assert "error [" in capsys.readouterr().err


def test_a_commercial_product_s_presentation_state_is_read(shared_data: Path) -> None:
    (result,) = find_results([shared_data / "dicom" / "sr_pr_seg" / "GSPS_softneta.dcm"]).results
    assert (result.provenance.manufacturer, result.warnings) == ("Softneta", ())
    (layer,) = drawing_on(result, Target.of(image_of(2688, 2688, uid=result.images[0]))).layers
    assert layer.name == "Measurement oval" and layer.texts[0].lines[0].startswith("Mean: 2651.41")
    assert np.allclose(layer.strokes[0].points.mean(axis=0), (2110.6, 991.4), atol=5.0)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("OFFIS_comprehensive_SR", "Diameter: 3 cm"),
        ("highdicom_comprehensive3d_SR", "Area of defined region: 1.7 cm2"),
        ("osirix_basic_text_SR", "isKeyImage = 1;"),
        ("reportsi_basic_text_SR", "Report Text: Enter text"),
    ],
)
def test_reports_of_others_are_readable(
    shared_data: Path, capsys: pytest.CaptureFixture[str], name: str, line: str
) -> None:
    assert main(["results", str(shared_data / "dicom" / "sr_pr_seg" / f"{name}.dcm")]) == 0
    assert line in capsys.readouterr().out
