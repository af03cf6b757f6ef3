"""Images in ZIP archives: read without unpacking, refused with a code where the archive is not to be trusted."""

from __future__ import annotations

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from engine.dicom import archive as archives
from engine.dicom.archive import Archive, split_member
from engine.dicom.files import find_images, read_radiograph
from engine.errors import ReadError
from tests.engine.pictures import write_dicom


def image(path: Path) -> Path:
    """Write an image and return where."""
    write_dicom(path)
    return path


DICOM = bytes(128) + b"DICM" + bytes(20)


def zipped(path: Path, *members: tuple[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as stream:
        for name, content in members:
            stream.writestr(name, content)
    return path


def code_of(path: Path) -> str:
    with pytest.raises(ReadError) as caught:
        find_images([path])
    return caught.value.code


def test_images_are_found_in_order_and_read_as_the_files_they_are(tmp_path: Path) -> None:
    plain = image(tmp_path / "a.dcm")
    content = plain.read_bytes()
    path = zipped(
        tmp_path / "étude 検査.zip",
        ("b/患者.dcm", content), ("a.dcm", content), ("notes.txt", b"words"), ("DICOMDIR", DICOM),
        (".hidden/x.dcm", content), ("__MACOSX/a.dcm", content), ("inner.zip", b"PK\x03\x04"),
    )  # fmt: skip
    before = sorted(tmp_path.iterdir())
    found = find_images([path])
    assert [file.relative_to(path).as_posix() for file in found] == ["a.dcm", "b/患者.dcm"]
    inside = read_radiograph(found[1])
    assert np.array_equal(inside.stored, read_radiograph(plain).stored) and inside.source == found[1]
    assert sorted(tmp_path.iterdir()) == before
    assert find_images([found[0]]) == [found[0]]


def test_a_path_leads_into_an_archive_only_where_a_file_stands(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("a", DICOM))
    assert split_member(path / "b" / "c") == (path, "b/c")
    assert split_member(tmp_path / "nowhere" / "c") is None
    with pytest.raises(ReadError, match="FILE_MISSING"):
        read_radiograph(path / "gone.dcm")
    with pytest.raises(ReadError, match="ARCHIVE_DAMAGED"):
        read_radiograph(image(tmp_path / "a.dcm") / "b.dcm")


@pytest.mark.parametrize("name", ["../x.dcm", "/etc/x.dcm", "a/../../x.dcm", "..\\x.dcm", "C:/x.dcm"])
def test_a_path_out_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    assert code_of(zipped(tmp_path / "x.zip", ("ok.dcm", DICOM), (name, DICOM))) == "ARCHIVE_UNSAFE"


def test_one_name_for_two_files_is_refused(tmp_path: Path) -> None:
    assert code_of(zipped(tmp_path / "x.zip", ("a/b.dcm", DICOM), ("a\\b.dcm", DICOM))) == "ARCHIVE_UNSAFE"


def test_links_in_an_archive_are_left_out(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("link.dcm")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as stream:
        stream.writestr(link, "/etc/passwd")
        stream.writestr("ok.dcm", DICOM)
    assert [path.name for path in find_images([tmp_path / "x.zip"])] == ["ok.dcm"]


def test_bombs_are_refused_and_blank_films_are_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blank = zipped(tmp_path / "blank.zip", ("blank.dcm", DICOM + bytes(8_000_000)))
    assert len(find_images([blank])) == 1
    assert code_of(zipped(tmp_path / "bomb.zip", ("a.dcm", DICOM + bytes(40 << 20)))) == "ARCHIVE_UNSAFE"
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    assert code_of(zipped(tmp_path / "many.zip", *((f"{n}.dcm", DICOM) for n in range(4)))) == "ARCHIVE_UNSAFE"
    monkeypatch.setattr(archives, "MAX_DIRECTORY_BYTES", 100)
    assert code_of(zipped(tmp_path / "long.zip", ("a" * 200, DICOM))) == "ARCHIVE_UNSAFE"
    monkeypatch.undo()
    monkeypatch.setattr(archives, "MAX_TOTAL_BYTES", 1_000_000)
    assert code_of(blank) == "ARCHIVE_UNSAFE"


def test_passwords_and_rare_compressions_are_told(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("a.dcm", DICOM))
    content = bytearray(path.read_bytes())
    flags = content.index(b"PK\x01\x02") + 8
    content[flags] |= 1
    path.write_bytes(content)
    assert code_of(path) == "ARCHIVE_ENCRYPTED"
    assert code_of(zipped(tmp_path / "y.zip", ("a.dcm", DICOM), method=zipfile.ZIP_BZIP2)) == "ARCHIVE_UNSUPPORTED"


def test_damage_is_told(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.zip", ("a.dcm", DICOM + b"words"), method=zipfile.ZIP_STORED)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert code_of(path) == "ARCHIVE_DAMAGED"
    path.write_bytes(whole.replace(b"words", b"wards"))
    with Archive(path) as opened, pytest.raises(ReadError, match="ARCHIVE_DAMAGED"):
        opened.read("a.dcm")
    # Uncompressed size of the central directory (4.3.12 of the ZIP note), offset 24: says less than there is.
    place = whole.index(b"PK\x01\x02") + 24
    path.write_bytes(whole[:place] + struct.pack("<I", 3) + whole[place + 4 :])
    with Archive(path) as opened, pytest.raises(ReadError, match="ARCHIVE_DAMAGED"):
        opened.read("a.dcm")
