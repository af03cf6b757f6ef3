"""The whole pipeline: modality, VOI, presentation, tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from pydicom.dataset import Dataset
from pydicom.pixels.processing import apply_modality_lut

from engine.dicom.elements import Elements
from engine.dicom.files import read_radiograph
from engine.dicom.grayscale import Grayscale, LookupTable, Modality, VoiLut, Window
from engine.dicom.grayscale_header import automatic_window, read_grayscale, read_lut
from engine.dicom.radiograph import Radiograph

Reader = Callable[..., Radiograph]


@pytest.fixture
def read(make_dicom: Callable[..., Path]) -> Reader:
    def make(pixels: npt.NDArray[Any], **elements: Any) -> Radiograph:
        return read_radiograph(make_dicom(pixels, **elements))

    return make


def lut_item(table: list[int], first: int, bits: int, name: str = "") -> Dataset:
    item = Dataset()
    item.LUTDescriptor = [len(table), first, bits]
    item["LUTDescriptor"].VR = "SS" if first < 0 else "US"
    item.LUTData = table
    item["LUTData"].VR = "US"
    if name:
        item.LUTExplanation = name
    return item


def test_rescale_then_window(read: Reader) -> None:
    pixels = np.array([[0, 1000], [2000, 4000]], dtype=np.uint16)
    image = read(pixels, RescaleSlope=2, RescaleIntercept=-1000, WindowCenter=1000, WindowWidth=2001)
    np.testing.assert_array_equal(image.grayscale.modality_values(image.stored), [[-1000, 1000], [3000, 7000]])
    np.testing.assert_allclose(image.display(), [[0.0, (1000 - 999.5) / 2000 + 0.5], [1.0, 1.0]], atol=1e-6)


def test_negative_slope_turns_the_picture_round(read: Reader, gradient: npt.NDArray[np.uint16]) -> None:
    plain = read(gradient, WindowCenter=2048, WindowWidth=4096)
    negative = read(gradient, RescaleSlope=-1, RescaleIntercept=4095, WindowCenter=2048, WindowWidth=4096)
    np.testing.assert_allclose(negative.display(), 1.0 - plain.display(), atol=1e-6)
    assert negative.grayscale.window_range == (0.0, 4095.0)


def test_modality_lut_equals_pydicom(
    header: Callable[..., Dataset], write_dicom: Callable[..., Path], gradient: npt.NDArray[np.uint16]
) -> None:
    table = [(7 * value) % 5000 for value in range(3000)]
    dataset = header(gradient, ModalityLUTSequence=[lut_item(table, 500, 16)])
    dataset.ModalityLUTSequence[0].ModalityLUTType = "US"
    image = read_radiograph(write_dicom(dataset))
    theirs = apply_modality_lut(gradient, dataset)
    np.testing.assert_array_equal(image.grayscale.modality_values(image.stored), theirs)
    assert image.grayscale.window_range == (min(table), max(table))


def test_monochrome1_is_the_exact_negative(read: Reader, gradient: npt.NDArray[np.uint16]) -> None:
    window = {"WindowCenter": 1500, "WindowWidth": 900}
    two = read(gradient, **window)
    one = read(gradient, PhotometricInterpretation="MONOCHROME1", **window)
    np.testing.assert_allclose(one.display(), 1.0 - two.display(), atol=1e-6)


def test_monochrome1_with_inverse_shape_is_inverted_once(read: Reader, gradient: npt.NDArray[np.uint16]) -> None:
    image = read(gradient, PhotometricInterpretation="MONOCHROME1", PresentationLUTShape="INVERSE")
    assert image.grayscale.inverted
    assert image.warnings == ()


@pytest.mark.parametrize(("photometric", "shape"), [("MONOCHROME1", "IDENTITY"), ("MONOCHROME2", "INVERSE")])
def test_contradicting_polarity_is_told(
    read: Reader, gradient: npt.NDArray[np.uint16], photometric: str, shape: str
) -> None:
    image = read(gradient, PhotometricInterpretation=photometric, PresentationLUTShape=shape)
    assert image.grayscale.inverted
    assert any(photometric in warning and shape in warning for warning in image.warnings)


def test_invert_by_hand_undoes_the_files_polarity(read: Reader, gradient: npt.NDArray[np.uint16]) -> None:
    image = read(gradient, PhotometricInterpretation="MONOCHROME1")
    np.testing.assert_allclose(
        image.grayscale.apply(image.stored, invert=True), 1.0 - image.grayscale.apply(image.stored), atol=1e-6
    )


def test_presentation_lut_fixes_the_polarity_itself(read: Reader) -> None:
    pixels = np.array([[0, 4095], [2047, 2048]], dtype=np.uint16)
    table = list(range(255, -1, -1))
    image = read(
        pixels,
        PhotometricInterpretation="MONOCHROME1",
        WindowCenter=2048,
        WindowWidth=4096,
        PresentationLUTSequence=[lut_item(table, 0, 8)],
    )
    np.testing.assert_allclose(image.display()[0], [1.0, 0.0], atol=1e-6)


def test_several_windows_keep_their_names_and_order(read: Reader, gradient: npt.NDArray[np.uint16]) -> None:
    image = read(
        gradient,
        WindowCenter=[2000, 1000],
        WindowWidth=[4000, 500],
        WindowCenterWidthExplanation=["NORMAL", "HARD"],
        VOILUTFunction="SIGMOID",
    )
    assert image.grayscale.voi == (Window(2000, 4000, "SIGMOID", "NORMAL"), Window(1000, 500, "SIGMOID", "HARD"))
    assert image.grayscale.default_voi == image.grayscale.voi[0]


def test_voi_luts_come_before_windows(read: Reader, gradient: npt.NDArray[np.uint16]) -> None:
    table = [0] * 1000 + [4095] * 3096
    image = read(gradient, VOILUTSequence=[lut_item(table, 0, 12, "STEP")], WindowCenter=2048, WindowWidth=4096)
    first, second = image.grayscale.voi
    assert isinstance(first, VoiLut)
    assert first.name == "STEP"
    assert isinstance(second, Window)
    np.testing.assert_array_equal(image.display(), (gradient >= 1000).astype(np.float32))


def test_windows_without_width_are_left_out_and_told(read: Reader, gradient: npt.NDArray[np.uint16]) -> None:
    image = read(gradient, WindowCenter=[100, 2000], WindowWidth=[0, 4000])
    assert image.grayscale.voi == (Window(2000, 4000),)
    assert any("window width 0" in warning for warning in image.warnings)


def test_zero_slope_is_not_applied_and_told(read: Reader, gradient: npt.NDArray[np.uint16]) -> None:
    image = read(gradient, RescaleSlope=0, RescaleIntercept=7)
    assert image.grayscale.modality == Modality()
    assert any("Rescale Slope is 0" in warning for warning in image.warnings)


def test_without_a_window_the_images_own_values_choose_it(read: Reader) -> None:
    pixels = np.full((100, 100), 1000, dtype=np.uint16)
    pixels[:, 50:] = 2000
    pixels[0, 0] = 4095
    image = read(pixels)
    assert image.grayscale.default_voi == Window.between(1000, 2000, "automatic")
    assert image.grayscale.full_range() == Window.between(1000, 4095, "full range")


@pytest.mark.parametrize(("value", "limit"), [(0, None), (0, 10), (10, 0)])
def test_padding_does_not_choose_the_window(read: Reader, value: int, limit: int | None) -> None:
    pixels = np.zeros((100, 100), dtype=np.uint16)
    pixels[:20], pixels[20:60], pixels[60:] = (limit or 0), 1000, 2000
    extra: dict[str, Any] = {} if limit is None else {"PixelPaddingRangeLimit": limit}
    image = read(pixels, PixelPaddingValue=value, **extra)
    assert image.grayscale.default_voi == Window.between(1000, 2000, "automatic")


def test_padding_value_of_signed_pixels() -> None:
    stored = np.full((50, 50), -2000, dtype=np.int16)
    stored[10:, :] = np.linspace(0, 100, 40, dtype=np.int16)[:, None]
    dataset = Dataset()
    dataset.PixelRepresentation = 1
    # -2000, written with the wrong VR.
    dataset.PixelPaddingValue = 63536
    dataset["PixelPaddingValue"].VR = "US"
    window = read_grayscale(Elements(dataset), stored, "MONOCHROME2").default_voi
    assert isinstance(window, Window)
    assert window.center - window.width / 2 >= 0.0


def test_constant_image_can_be_shown() -> None:
    stored = np.full((20, 20), 7, dtype=np.uint8)
    grayscale = Grayscale(stored_range=(7, 7), automatic=automatic_window(Modality(), stored))
    assert np.all(np.isfinite(grayscale.apply(stored)))


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.int32, np.uint32])
@pytest.mark.parametrize("invert", [False, True])
def test_table_and_apply_agree(dtype: type[np.integer[Any]], invert: bool) -> None:
    low, high = (-100, 100) if np.issubdtype(dtype, np.signedinteger) else (5, 200)
    stored = np.arange(low, high + 1).astype(dtype).reshape(-1, 1)
    grayscale = Grayscale(Modality(1.5, -20.0), (Window(50, 120, "SIGMOID"),), True, (low, high))
    first, table = grayscale.table(invert=invert)
    assert table.dtype == np.uint8
    shown = grayscale.apply(stored, invert=invert)
    assert shown.dtype == np.float32
    np.testing.assert_array_equal(table[stored.astype(int) - first], np.rint(shown.astype(np.float64) * 255))


def test_values_too_far_apart_for_a_table_are_computed() -> None:
    stored = np.array([[0, 1_000_000]], dtype=np.int32)
    grayscale = Grayscale(stored_range=(0, 1_000_000), voi=(Window.between(0, 2_000_000),))
    np.testing.assert_allclose(grayscale.apply(stored), [[0.0, 0.5]])


def test_small_rescaled_values_keep_their_precision() -> None:
    grayscale = Grayscale(Modality(5.6120501942e-06), stored_range=(0, 65535))
    shown = grayscale.apply(np.arange(65536, dtype=np.uint16))
    np.testing.assert_allclose(shown, np.linspace(0, 1, 65536), atol=1e-6)


def test_empty_array_gives_empty_array() -> None:
    assert Grayscale().apply(np.zeros((0, 5), dtype=np.uint16)).shape == (0, 5)


@pytest.mark.parametrize("count", [65536, 1000])
def test_lut_descriptor_of_0_means_65536(count: int) -> None:
    item = Dataset()
    item.LUTDescriptor = [count % 65536, 0, 16]
    item["LUTDescriptor"].VR = "US"
    item.LUTData = np.arange(count, dtype="<u2").tobytes()
    item["LUTData"].VR = "OW"
    lut = read_lut(Elements(item), signed=False)
    assert lut is not None
    assert lut.table.size == count
    assert int(lut.table[-1]) == count - 1


def test_eight_bit_lut_data_are_bytes() -> None:
    item = Dataset()
    item.LUTDescriptor = [256, 0, 8]
    item["LUTDescriptor"].VR = "US"
    item.LUTData = bytes(range(255, -1, -1))
    item["LUTData"].VR = "OW"
    lut = read_lut(Elements(item), signed=False)
    assert lut is not None
    assert (int(lut.table[0]), int(lut.table[255]), lut.top) == (255, 0, 255)


def test_signed_first_value_read_with_the_wrong_sign() -> None:
    item = lut_item(list(range(16)), 65528, 8)
    lut = read_lut(Elements(item), signed=True)
    assert lut is not None
    assert lut.first == -8


@pytest.mark.parametrize("descriptor", [[300, 0, 8], [10, 0]])
def test_broken_lut_is_left_out_and_told(descriptor: list[int]) -> None:
    item = lut_item(list(range(16)), 0, 8)
    item.LUTDescriptor = descriptor
    elements = Elements(item)
    assert read_lut(elements, signed=False) is None
    assert len(elements.warnings) == 1


def test_lookup_table_needs_entries() -> None:
    with pytest.raises(ValueError, match="at least one entry"):
        LookupTable(np.zeros(0, dtype=np.uint16), 0)


@pytest.mark.parametrize(("slope", "intercept"), [(0.0, 0.0), (float("nan"), 0.0), (1.0, float("inf"))])
def test_impossible_rescale_cannot_be_made(slope: float, intercept: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Modality(slope, intercept)
