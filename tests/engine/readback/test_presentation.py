"""Presentation states of any make: gray levels, places of what is drawn, and what is not shown."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from engine.errors import ReadError
from engine.readback.drawing import DrawnLayer, drawing_on
from engine.readback.objects import ResultObject
from engine.readback.presentation import PresentationState
from engine.readback.read import read_result
from engine.readback.target import Target
from tests.engine.readback.states import graphic, image_of, item, save, state, to_image, write_image


def read_state(folder: Path, **elements: Any) -> tuple[ResultObject, PresentationState]:
    result = read_result(save(folder / "state.dcm", state(**elements)))
    assert isinstance(result.content, PresentationState)
    return result, result.content


def annotated(*graphics: Any, texts: Any = None, layer: str = "L1", **more: Any) -> dict[str, Any]:
    parts: dict[str, Any] = {"GraphicLayer": layer}
    if graphics:
        parts["GraphicObjectSequence"] = list(graphics)
    if texts:
        parts["TextObjectSequence"] = texts
    return {"GraphicAnnotationSequence": [item(**parts, **more)]}


def drawn(folder: Path, **elements: Any) -> tuple[DrawnLayer, ...]:
    return drawing_on(read_state(folder, **elements)[0], Target.of(image_of())).layers


RAMP = np.rint(1023 * (np.arange(4096) / 4095) ** 0.5).astype("<u2").tobytes()
VOIS: dict[str, dict[str, Any]] = {
    "window": {"SoftcopyVOILUTSequence": [item(WindowCenter="1500", WindowWidth="900")]},
    "table": {
        "SoftcopyVOILUTSequence": [
            item(VOILUTSequence=[item(LUTDescriptor=[4096, 0, 10], LUTData=RAMP, LUTExplanation="root")])
        ]
    },
    "inverse": {
        "SoftcopyVOILUTSequence": [item(WindowCenter="1500", WindowWidth="900")],
        "PresentationLUTShape": "INVERSE",
    },
    "rescale": {
        "RescaleIntercept": "-1000",
        "RescaleSlope": "2",
        "RescaleType": "US",
        "SoftcopyVOILUTSequence": [item(WindowCenter="1500", WindowWidth="3000", VOILUTFunction="LINEAR")],
    },
    "nothing": {},
}


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("name", list(VOIS))
def test_gray_levels_are_those_of_another_program(tmp_path: Path, name: str, photometric: str) -> None:
    if shutil.which("dcmp2pgm") is None:
        pytest.skip("dcmp2pgm is not installed")
    image = image_of()
    source = write_image(tmp_path / "image.dcm", image, photometric)
    _result, made = read_state(tmp_path, **VOIS[name])
    command = ["dcmp2pgm", "-p", str(tmp_path / "state.dcm"), str(source), str(tmp_path / "shown.pgm")]
    said = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    assert (tmp_path / "shown.pgm").is_file(), said.stderr
    shown = np.asarray(Image.open(tmp_path / "shown.pgm"), dtype=np.float64)
    # DCMTK keeps fewer bits between the steps than we do.
    assert np.abs(shown - made.grayscale(image).apply(image.stored) * 255.0).max() <= 2.0


def test_a_window_belongs_to_the_images_that_it_names(tmp_path: Path) -> None:
    choices = [
        item(WindowCenter="10", WindowWidth="20", ReferencedImageSequence=[to_image("1.2.99")]),
        item(WindowCenter="30", WindowWidth="40", ReferencedImageSequence=[to_image()]),
    ]
    _result, made = read_state(tmp_path, SoftcopyVOILUTSequence=choices)
    window = made.grayscale(image_of()).default_voi
    assert (getattr(window, "center", None), getattr(window, "width", None)) == (30.0, 40.0)


def test_polarity_against_the_file_s_own_is_noticed(tmp_path: Path) -> None:
    assert not read_state(tmp_path)[1].turns_polarity(image_of())
    assert read_state(tmp_path, PresentationLUTShape="INVERSE")[1].turns_polarity(image_of())


def test_every_shape_lies_where_the_standard_puts_it(tmp_path: Path) -> None:
    (layer,) = drawn(
        tmp_path,
        **annotated(
            graphic("POINT", [10, 20]),
            graphic("POLYLINE", [1, 2, 30, 40, 5, 6]),
            graphic("INTERPOLATED", [0, 0, 10, 10, 20, 0, 30, 10]),
            graphic("CIRCLE", [30, 40, 30, 50]),
            graphic("ELLIPSE", [10, 40, 50, 40, 30, 30, 30, 50]),
        ),
    )
    point, line, curve, circle, ellipse = layer.strokes
    assert point.marks and point.points.tolist() == [[10, 20]]
    assert line.points.tolist() == [[1, 2], [30, 40], [5, 6]]
    for x, y in ((0, 0), (10, 10), (20, 0), (30, 10)):
        assert np.abs(curve.points - (x, y)).sum(axis=1).min() < 1e-9
    assert len(curve.points) > 20
    assert np.allclose(np.hypot(*(circle.points - (30, 40)).T), 10.0)
    x, y = (ellipse.points - (30, 40)).T
    assert np.allclose((x / 20) ** 2 + (y / 10) ** 2, 1.0) and np.array_equal(ellipse.points[0], ellipse.points[-1])


@pytest.mark.parametrize(
    ("turn", "flip", "expected"),
    [
        # The upper left corner of the picture as shown, in the image as stored (area: columns 11-60, rows 21-70).
        (0, "N", (10, 20)),
        (0, "Y", (60, 20)),
        (90, "N", (10, 70)),
        (90, "Y", (10, 20)),
        (180, "N", (60, 70)),
        (270, "N", (60, 20)),
        (270, "Y", (60, 70)),
    ],
)
def test_display_units_follow_the_turned_and_mirrored_area(
    tmp_path: Path, turn: int, flip: str, expected: tuple[float, float]
) -> None:
    corners = {(0, "N"): ([11, 21], [60, 70])}.get((turn, flip), ([60, 21], [11, 70]))
    area = item(DisplayedAreaTopLeftHandCorner=corners[0], DisplayedAreaBottomRightHandCorner=corners[1])
    result, made = read_state(
        tmp_path,
        ImageRotation=turn,
        ImageHorizontalFlip=flip,
        DisplayedAreaSelectionSequence=[area],
        **annotated(graphic("POINT", [0.0, 0.0], "DISPLAY")),
    )
    assert drawing_on(result, Target.of(image_of())).layers[0].strokes[0].points.tolist() == [list(expected)]
    assert (made.quarters, made.mirrored) == (turn // 90, flip == "Y")


def test_layers_keep_order_colour_and_texts(tmp_path: Path) -> None:
    text = item(
        BoundingBoxAnnotationUnits="PIXEL",
        AnchorPointAnnotationUnits="PIXEL",
        UnformattedTextValue="Größe 3 cm\r\nsecond\x07line",
        BoundingBoxTopLeftHandCorner=[5, 6],
        BoundingBoxBottomRightHandCorner=[25, 16],
        BoundingBoxTextHorizontalJustification="CENTER",
        AnchorPoint=[1, 2],
        AnchorPointVisibility="Y",
    )
    elements = annotated(graphic("POINT", [1, 1], TrackingID="one"), texts=[text], layer="LOW")
    elements["GraphicAnnotationSequence"] += annotated(graphic("POINT", [2, 2]), layer="HIGH")[
        "GraphicAnnotationSequence"
    ]
    layers = [
        item(GraphicLayer="HIGH", GraphicLayerOrder=2, GraphicLayerRecommendedDisplayCIELabValue=[34891, 53485, 50171]),
        item(GraphicLayer="LOW", GraphicLayerOrder=1, GraphicLayerRecommendedDisplayGrayscaleValue=0x8000),
    ]
    low, high = drawn(tmp_path, GraphicLayerSequence=layers, **elements)
    assert (low.name, low.colour) == ("LOW", "#808080") and low.strokes[0].label == "one"
    red, green, blue = (int(high.colour[i : i + 2], 16) for i in (1, 3, 5))
    assert red > 240 and green < 20 and blue < 20
    (placed,) = low.texts
    assert placed.lines == ("Größe 3 cm", "second line")
    assert (placed.box, placed.anchor) == (((5.0, 6.0), (25.0, 16.0)), (1.0, 2.0))
    assert placed.anchor_visible and placed.justification == "CENTER"


def test_shutters_cover_what_lies_outside(tmp_path: Path) -> None:
    _result, made = read_state(
        tmp_path,
        ShutterShape=["RECTANGULAR", "CIRCULAR", "POLYGONAL", "BITMAP"],
        ShutterLeftVerticalEdge=11,
        ShutterRightVerticalEdge=50,
        ShutterUpperHorizontalEdge=21,
        ShutterLowerHorizontalEdge=60,
        CenterOfCircularShutter=[40, 30],
        RadiusOfCircularShutter=5,
        VerticesOfThePolygonalShutter=[1, 1, 1, 10, 10, 10],
        ShutterPresentationValue=0x8000,
    )
    box, circle, polygon = made.shutters
    assert box.outline == ((10, 20), (50, 20), (50, 60), (10, 60)) and box.gray == pytest.approx(0.5, abs=0.01)
    assert np.allclose(np.hypot(*(np.array(circle.outline) - (29.5, 39.5)).T), 5.0)
    assert polygon.outline == ((0.5, 0.5), (9.5, 0.5), (9.5, 9.5))


def test_what_is_not_shown_is_said(tmp_path: Path) -> None:
    result, _made = read_state(
        tmp_path,
        ShutterShape="BITMAP",
        ImageRotation=45,
        **annotated(graphic("POLYLINE", [1, 1, 2, 2]), graphic("BLOB", [1, 1]), CompoundGraphicSequence=[item()]),
    )
    said = " ".join(result.warnings)
    for words in ("by a bitmap", "45 degrees", "type BLOB", "compound graphics"):
        assert words in said


def test_nothing_is_drawn_on_another_image(tmp_path: Path) -> None:
    elements = annotated(graphic("POINT", [1, 1]), ReferencedImageSequence=[to_image("1.2.99")])
    elements["GraphicAnnotationSequence"] += [
        # References that cannot be read must not turn a part into one for every image.
        *annotated(graphic("POINT", [2, 2]), ReferencedImageSequence=[to_image("")])["GraphicAnnotationSequence"],
        *annotated(graphic("POINT", [3, 3]), ReferencedImageSequence=[item(**_frame(2))])["GraphicAnnotationSequence"],
    ]
    result, _made = read_state(tmp_path, **elements)
    assert drawing_on(result, Target.of(image_of())).layers == ()
    with pytest.raises(ReadError, match="RESULT_OF_OTHER_IMAGE"):
        drawing_on(result, Target.of(image_of(uid="1.2.99.1")))


def _frame(number: int) -> dict[str, Any]:
    reference = to_image()
    return {**{e.keyword: e.value for e in reference}, "ReferencedFrameNumber": number}
