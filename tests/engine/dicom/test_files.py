"""Opening whole files: syntaxes, bits, identity, refusals."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gdcm
import numpy as np
import numpy.typing as npt
import pytest
from pydicom import uid
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames

from engine.dicom.files import read_radiograph
from engine.errors import ReadError

Pixels = npt.NDArray[np.uint16]
Make = Callable[..., Path]
Header = Callable[..., Dataset]


def code_of(path: Path) -> str:
    with pytest.raises(ReadError) as caught:
        read_radiograph(path)
    error = caught.value
    assert error.message
    assert not error.message.endswith(".")
    assert "\n" not in str(error)
    return error.code


def test_pixels_and_identity_of_a_plain_file(make_dicom: Make, gradient: Pixels) -> None:
    path = make_dicom(gradient, PatientID=" 42 ", ViewPosition="PA", BodyPartExamined="CHEST", ImageLaterality="U")
    image = read_radiograph(path)
    np.testing.assert_array_equal(image.stored, gradient)
    assert not image.stored.flags.writeable
    assert (image.rows, image.columns, image.frames, image.is_dicom) == (40, 60, 1, True)
    assert (image.identity.patient_name, image.identity.patient_id, image.identity.modality) == ("Doe^Jane", "42", "CR")
    assert image.identity.readable_name == "Doe, Jane"
    assert (image.acquisition.view_position, image.acquisition.body_part) == ("PA", "CHEST")
    assert image.acquisition.bits_stored == 12
    assert image.acquisition.transfer_syntax_uid == uid.ExplicitVRLittleEndian
    assert image.source == path
    assert image.warnings == ()


@pytest.mark.parametrize(
    "syntax", [uid.ImplicitVRLittleEndian, uid.ExplicitVRLittleEndian, uid.DeflatedExplicitVRLittleEndian]
)
def test_uncompressed_syntaxes(header: Header, write_dicom: Make, gradient: Pixels, syntax: str) -> None:
    np.testing.assert_array_equal(read_radiograph(write_dicom(header(gradient), syntax=syntax)).stored, gradient)


@pytest.mark.parametrize("bits", [8, 16])
def test_big_endian(header: Header, write_dicom: Make, gradient: Pixels, bits: int) -> None:
    pixels = gradient if bits == 16 else (gradient >> 4).astype(np.uint8)
    dataset = header(pixels)
    dataset.PixelData = pixels.astype(pixels.dtype.newbyteorder(">")).tobytes()
    dataset["PixelData"].VR = "OW" if bits == 16 else "OB"
    image = read_radiograph(write_dicom(dataset, syntax=uid.ExplicitVRBigEndian))
    np.testing.assert_array_equal(image.stored, pixels)
    assert image.stored.dtype.isnative


@pytest.mark.parametrize("syntax", [uid.JPEG2000Lossless, uid.JPEGLSLossless, uid.RLELossless])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_lossless_compression(
    header: Header, write_dicom: Make, gradient: Pixels, syntax: str, dtype: type[np.integer[Any]]
) -> None:
    pixels = (gradient.astype(np.int32) - (2048 if dtype is np.int16 else 0)) >> (4 if dtype is np.uint8 else 0)
    pixels = pixels.astype(dtype)
    dataset = header(pixels)
    path = write_dicom(dataset)
    dataset.compress(syntax, generate_instance_uid=False)
    dataset.save_as(path, enforce_file_format=True)
    image = read_radiograph(path)
    np.testing.assert_array_equal(image.stored, pixels)
    assert image.stored.dtype == dtype
    assert image.warnings == ()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16])
def test_jpeg_lossless(header: Header, write_dicom: Make, gradient: Pixels, dtype: type[np.integer[Any]]) -> None:
    pixels = (gradient.astype(np.int32) - (2048 if dtype is np.int16 else 0)) >> (4 if dtype is np.uint8 else 0)
    path = write_dicom(header(pixels.astype(dtype)))
    reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
    reader.SetFileName(str(path))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.JPEGLosslessProcess14_1))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(path))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    image = read_radiograph(path)
    assert image.acquisition.transfer_syntax_uid == uid.JPEGLosslessSV1
    assert image.stored.dtype == dtype
    np.testing.assert_array_equal(image.stored, pixels)


@pytest.mark.parametrize("signed", [False, True])
def test_overlays_in_unused_bits_are_removed(header: Header, write_dicom: Make, signed: bool) -> None:
    values = np.arange(-2048, 2048, dtype=np.int16) if signed else np.arange(4096, dtype=np.int16)
    values = values.reshape(64, 64)
    words = (values & 0x0FFF).view(np.uint16) | np.uint16(0xA000)
    dataset = header(words, PixelRepresentation=int(signed))
    np.testing.assert_array_equal(read_radiograph(write_dicom(dataset)).stored, values)


def test_high_bit_away_from_bit_zero(header: Header, write_dicom: Make, gradient: Pixels) -> None:
    dataset = header((gradient << 4) | np.uint16(0x5), HighBit=15)
    np.testing.assert_array_equal(read_radiograph(write_dicom(dataset)).stored, gradient)


def test_one_bit_pixels(header: Header, write_dicom: Make) -> None:
    bits = (np.arange(256).reshape(16, 16) % 3 == 0).astype(np.uint8)
    dataset = header(bits, BitsAllocated=1, BitsStored=1, HighBit=0)
    dataset.PixelData = np.packbits(bits, bitorder="little").tobytes()
    np.testing.assert_array_equal(read_radiograph(write_dicom(dataset)).stored, bits)


def test_first_of_several_frames(header: Header, write_dicom: Make, gradient: Pixels) -> None:
    dataset = header(gradient, NumberOfFrames=3)
    dataset.PixelData = gradient.tobytes() + (4095 - gradient).tobytes() + bytes(gradient.nbytes)
    image = read_radiograph(write_dicom(dataset))
    np.testing.assert_array_equal(image.stored, gradient)
    assert image.frames == 3
    assert image.warnings == ("The file has 3 frames; the first is shown.",)


def test_file_without_preamble(header: Header, write_dicom: Make, gradient: Pixels, tmp_path: Path) -> None:
    whole = write_dicom(header(gradient), syntax=uid.ImplicitVRLittleEndian).read_bytes()
    meta_length = int.from_bytes(whole[140:144], "little")
    for name, content in (("no_preamble", whole[132:]), ("no_meta", whole[144 + meta_length :])):
        path = tmp_path / name
        path.write_bytes(content)
        image = read_radiograph(path)
        np.testing.assert_array_equal(image.stored, gradient)
        assert any("preamble" in warning for warning in image.warnings)


@pytest.mark.parametrize("syntax", [uid.JPEG2000Lossless, uid.JPEGLSLossless, uid.RLELossless, None])
def test_missing_transfer_syntax_is_guessed(
    header: Header, write_dicom: Make, gradient: Pixels, syntax: str | None
) -> None:
    dataset = header(gradient)
    path = write_dicom(dataset)
    if syntax is not None:
        dataset.compress(syntax, generate_instance_uid=False)
    del dataset.file_meta.TransferSyntaxUID
    dataset.save_as(path, implicit_vr=False, little_endian=True)
    image = read_radiograph(path)
    np.testing.assert_array_equal(image.stored, gradient)
    assert any("transfer syntax" in warning for warning in image.warnings)


def test_colour_with_equal_channels_is_read_as_grey(make_dicom: Make) -> None:
    gray = np.arange(256, dtype=np.uint8).reshape(16, 16)
    image = read_radiograph(make_dicom(np.repeat(gray[..., None], 3, axis=2)))
    np.testing.assert_array_equal(image.stored, gray)
    assert any("colour" in warning for warning in image.warnings)


def test_coloured_images_are_refused(make_dicom: Make) -> None:
    rgb = np.zeros((16, 16, 3), dtype=np.uint8)
    rgb[4, 4, 0] = 200
    assert code_of(make_dicom(rgb)) == "NOT_GRAYSCALE"


def palette(header: Header, red: list[int], green: list[int]) -> Dataset:
    dataset = header(np.arange(256, dtype=np.uint8).reshape(16, 16), PhotometricInterpretation="PALETTE COLOR")
    for colour, table in (("Red", red), ("Green", green), ("Blue", green)):
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 8])
        dataset[f"{colour}PaletteColorLookupTableDescriptor"].VR = "US"
        setattr(dataset, f"{colour}PaletteColorLookupTableData", bytes(table))
    return dataset


def test_gray_palette_is_applied_and_coloured_palette_refused(header: Header, write_dicom: Make) -> None:
    ramp, flat = list(range(255, -1, -1)), [7] * 256
    image = read_radiograph(write_dicom(palette(header, ramp, ramp)))
    np.testing.assert_array_equal(image.stored, np.arange(255, -1, -1).reshape(16, 16))
    assert code_of(write_dicom(palette(header, ramp, flat))) == "NOT_GRAYSCALE"


def test_broken_palette_is_refused(header: Header, write_dicom: Make) -> None:
    dataset = header(np.zeros((16, 16), dtype=np.uint8), PhotometricInterpretation="PALETTE COLOR")
    assert code_of(write_dicom(dataset)) == "PIXEL_FORMAT"


@pytest.mark.parametrize("bad", [None, "../../etc/passwd", "1.2..3", ".", "abc"])
def test_missing_or_unusable_instance_uid_is_derived_from_the_pixels(
    header: Header, write_dicom: Make, gradient: Pixels, bad: str | None
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # pydicom's, about the value that is to be written
        path = write_dicom(header(gradient, SOPInstanceUID=bad))
    image = read_radiograph(path)
    assert image.identity.sop_instance_uid.startswith("2.25.")
    assert uid.UID(image.identity.sop_instance_uid).is_valid
    assert any("SOP Instance UID" in warning for warning in image.warnings)


def test_texts_lose_their_control_characters(make_dicom: Make, gradient: Pixels) -> None:
    image = read_radiograph(make_dicom(gradient, StudyDescription="Chest\x1b[31m\r\nPA\x00"))
    assert image.identity.study_description == "Chest [31m PA"


@pytest.mark.parametrize(
    ("elements", "code"),
    [
        ({"Rows": 65535, "Columns": 65535}, "IMAGE_TOO_LARGE"),
        ({"Rows": 0}, "IMAGE_SIZE"),
        ({"Rows": 41}, "PIXELS_TRUNCATED"),
        ({"Rows": None}, "HEADER_INCOMPLETE"),
        ({"BitsAllocated": 32}, "PIXEL_FORMAT"),
        ({"BitsStored": 17}, "PIXEL_FORMAT"),
        ({"HighBit": 3}, "PIXEL_FORMAT"),
        ({"SamplesPerPixel": 4}, "PIXEL_FORMAT"),
        ({"PhotometricInterpretation": "CIELAB"}, "PIXEL_FORMAT"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.66.4"}, "NOT_AN_IMAGE"),
        ({"SOPClassUID": "1.2.840.10008.5.1.4.1.1.481.2"}, "NOT_AN_IMAGE"),
    ],
)
def test_impossible_headers_are_refused(
    header: Header, write_dicom: Make, gradient: Pixels, elements: dict[str, Any], code: str
) -> None:
    assert code_of(write_dicom(header(gradient, **elements))) == code


def test_objects_without_pixels_are_named(header: Header, write_dicom: Make, gradient: Pixels) -> None:
    dataset = header(gradient, SOPClassUID="1.2.840.10008.5.1.4.1.1.88.33", Rows=None, Columns=None)
    del dataset.PixelData
    path = write_dicom(dataset)
    with pytest.raises(ReadError, match=r"NOT_AN_IMAGE.*Comprehensive SR"):
        read_radiograph(path)


def test_image_without_pixels(header: Header, write_dicom: Make, gradient: Pixels) -> None:
    dataset = header(gradient)
    del dataset.PixelData
    assert code_of(write_dicom(dataset)) == "PIXELS_MISSING"


def test_floating_point_pixels(header: Header, write_dicom: Make, gradient: Pixels) -> None:
    dataset = header(gradient)
    del dataset.PixelData
    dataset.FloatPixelData = bytes(4 * gradient.size)
    assert code_of(write_dicom(dataset)) == "PIXEL_FORMAT"


def test_unknown_compression_is_named(header: Header, write_dicom: Make, gradient: Pixels) -> None:
    dataset = header(gradient, PixelData=encapsulate([b"\x00\x00\x01\xb3video"]))
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    path = write_dicom(dataset, syntax=uid.MPEG2MPML)
    with pytest.raises(ReadError, match=r"SYNTAX_UNSUPPORTED.*MPEG2"):
        read_radiograph(path)


@pytest.mark.parametrize("syntax", [uid.JPEG2000Lossless, uid.JPEGLSLossless])
@pytest.mark.parametrize(("damage", "code"), [("cut in half", "PIXELS_TRUNCATED"), ("wrong start", "PIXELS_DAMAGED")])
def test_damaged_codestreams(header: Header, write_dicom: Make, syntax: str, damage: str, code: str) -> None:
    dataset = header(np.random.default_rng(0).integers(0, 4096, (40, 60), dtype=np.uint16))
    path = write_dicom(dataset)
    dataset.compress(syntax, generate_instance_uid=False)
    frame = next(generate_frames(dataset.PixelData, number_of_frames=1))
    dataset.PixelData = encapsulate([frame[: len(frame) // 2] if damage == "cut in half" else b"junk" + frame])
    dataset.save_as(path, enforce_file_format=True)
    assert code_of(path) == code


def test_codestream_of_another_size_than_the_header(header: Header, write_dicom: Make, gradient: Pixels) -> None:
    dataset = header(gradient)
    path = write_dicom(dataset)
    dataset.compress(uid.JPEGLSLossless, generate_instance_uid=False)
    dataset.Rows = 400
    dataset.save_as(path, enforce_file_format=True)
    assert code_of(path) == "PIXELS_INCONSISTENT"


def test_deeply_nested_sequences(header: Header, write_dicom: Make, gradient: Pixels, tmp_path: Path) -> None:
    whole = write_dicom(header(gradient), syntax=uid.ExplicitVRLittleEndian).read_bytes()
    start = b"\x08\x00\x15\x11SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    path = tmp_path / "nested.dcm"
    meta_end = 144 + int.from_bytes(whole[140:144], "little")
    path.write_bytes(whole[:meta_end] + start * 5000)
    assert code_of(path) == "NESTING_TOO_DEEP"


def test_deflated_bomb_is_refused_before_it_grows(
    header: Header, write_dicom: Make, gradient: Pixels, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_dicom(header(np.zeros((500, 500), np.uint16)), syntax=uid.DeflatedExplicitVRLittleEndian)
    assert path.stat().st_size < 10_000
    monkeypatch.setattr("engine.dicom.transfer_syntax.MAX_INFLATED_BYTES", 100_000)
    assert code_of(path) == "FILE_TOO_LARGE"


def test_broken_deflate(header: Header, write_dicom: Make, gradient: Pixels) -> None:
    path = write_dicom(header(gradient), syntax=uid.DeflatedExplicitVRLittleEndian)
    content = path.read_bytes()
    meta_end = 144 + int.from_bytes(content[140:144], "little")
    path.write_bytes(content[:meta_end] + b"\xff" * 200)
    assert code_of(path) == "DICOM_DAMAGED"


def test_file_over_the_limit(make_dicom: Make, gradient: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_dicom(gradient)
    monkeypatch.setattr("engine.dicom.limits.MAX_FILE_BYTES", 100)
    assert code_of(path) == "FILE_TOO_LARGE"


def test_memory_error_is_told(make_dicom: Make, gradient: Pixels, monkeypatch: pytest.MonkeyPatch) -> None:
    def greedy(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("engine.dicom.files.read_grayscale", greedy)
    assert code_of(make_dicom(gradient)) == "OUT_OF_MEMORY"


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        (b"<!DOCTYPE html><html><body>Please log in</body></html>", "NOT_DICOM", "web page"),
        (b"\n <html>", "NOT_DICOM", "web page"),
        (b"%PDF-1.7 ...", "NOT_DICOM", "PDF"),
        (b"just some words\n", "NOT_DICOM", "text file"),
        (bytes(range(256)) * 8, "NOT_DICOM", "unknown kind"),
        (b"", "FILE_EMPTY", "empty"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "PICTURE_DAMAGED", "decoded"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "PICTURE_DAMAGED", "decoded"),
    ],
)
def test_other_files_named_dcm(tmp_path: Path, content: bytes, code: str, words: str) -> None:
    path = tmp_path / "image.dcm"
    path.write_bytes(content)
    assert code_of(path) == code
    with pytest.raises(ReadError, match=words):
        read_radiograph(path)


def test_zip_archive(tmp_path: Path) -> None:
    path = tmp_path / "study.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.dcm", b"x")
    assert code_of(path) == "ZIP_ARCHIVE"


def test_missing_file_and_folder(tmp_path: Path) -> None:
    assert code_of(tmp_path / "nowhere.dcm") == "FILE_MISSING"
    assert code_of(tmp_path) == "FILE_UNREADABLE"


@pytest.mark.parametrize("start", [b"MZ", b"\x7fELF", b"\xcf\xfa\xed\xfe"])
def test_program_in_the_preamble_is_told(make_dicom: Make, gradient: Pixels, start: bytes) -> None:
    path = make_dicom(gradient)
    path.write_bytes(start + path.read_bytes()[len(start) :])
    assert any("program" in warning for warning in read_radiograph(path).warnings)


def test_name_in_any_script(make_dicom: Make, gradient: Pixels) -> None:
    path = make_dicom(gradient, "Thorax – 胸部 Ü.dcm")
    assert read_radiograph(path).source == path


@pytest.mark.parametrize("seed", range(4))
def test_random_damage_never_escapes_as_another_exception(
    header: Header, write_dicom: Make, gradient: Pixels, tmp_path: Path, seed: int
) -> None:
    random = np.random.default_rng(seed)
    syntaxes = (uid.ExplicitVRLittleEndian, uid.ImplicitVRLittleEndian)
    whole = write_dicom(header(gradient), syntax=syntaxes[seed % 2]).read_bytes()
    path = tmp_path / "damaged.dcm"
    outcomes = set()
    for _ in range(60):
        content = bytearray(whole)
        for position in random.integers(132, 900, 5):
            content[position] = random.integers(256)
        if random.random() < 0.3:
            content = content[: random.integers(200, len(content))]
        path.write_bytes(content)
        try:
            image = read_radiograph(path)
        except ReadError as error:
            outcomes.add(error.code)
        else:
            shown = image.display()
            assert shown.shape == image.stored.shape
            assert shown.min() >= 0.0
            assert shown.max() <= 1.0
            outcomes.add("opened")
    assert len(outcomes) > 1
