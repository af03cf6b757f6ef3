"""DICOMDIR: the images it links to, none outside its folder."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MediaStorageDirectoryStorage, generate_uid

from engine.dicom.dicomdir import is_dicomdir, linked_files
from engine.dicom.files import find_images
from engine.errors import ReadError
from tests.engine.pictures import write_dicom


def image(path: Path) -> Path:
    """Write an image and return where."""
    write_dicom(path)
    return path


def write_dicomdir(folder: Path, *links: list[str]) -> Path:
    """A table of contents with one image record for each link, after a patient's record."""
    patient = Dataset()
    patient.DirectoryRecordType = "PATIENT"
    records = [patient]
    for parts in links:
        record = Dataset()
        record.DirectoryRecordType, record.ReferencedFileID = "IMAGE", parts
        records.append(record)
    report = Dataset()
    report.DirectoryRecordType, report.ReferencedFileID = "SR DOCUMENT", ["REPORT"]
    ds = Dataset()
    ds.DirectoryRecordSequence = [*records, report]
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    ds.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    ds.save_as(folder / "DICOMDIR", enforce_file_format=True)
    return folder / "DICOMDIR"


def test_images_are_those_that_it_links_to_in_its_order(tmp_path: Path) -> None:
    (tmp_path / "ims").mkdir()
    second, first = image(tmp_path / "ims" / "IM2"), image(tmp_path / "ims" / "im1")
    image(tmp_path / "not linked")
    path = write_dicomdir(tmp_path, ["IMS", "IM2"], ["IMS", "IM1"], ["IMS", "GONE"])
    assert is_dicomdir(path.read_bytes()[:1024]) and not is_dicomdir(first.read_bytes()[:1024])
    assert find_images([path]) == [second, first, tmp_path / "ims" / "GONE"]


# The writer warns of what no reader may trust.
@pytest.mark.filterwarnings("ignore:Invalid value for VR CS")
@pytest.mark.parametrize("parts", [["..", "X"], ["/etc/passwd"], ["A", "..", "..", "X"], ["..\\X"], ["C:", "X"]])
def test_a_link_out_of_its_folder_is_refused(tmp_path: Path, parts: list[str]) -> None:
    with pytest.raises(ReadError, match="DICOMDIR_UNSAFE"):
        linked_files(write_dicomdir(tmp_path, parts))


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")
def test_a_link_of_the_file_system_out_of_its_folder_is_refused(tmp_path: Path) -> None:
    disc = tmp_path / "disc"
    disc.mkdir()
    (disc / "IM1").symlink_to(image(tmp_path / "secret.dcm"))
    with pytest.raises(ReadError, match="DICOMDIR_UNSAFE"):
        linked_files(write_dicomdir(disc, ["IM1"]))


def test_a_real_disc(shared_data: Path) -> None:
    for path in sorted((shared_data / "dicom" / "dicomdir").rglob("DICOMDIR*")):
        if path.is_file() and is_dicomdir(path.read_bytes()[:1024]):
            found = linked_files(path)
            assert found and any(file.is_file() for file in found)
            return
    pytest.skip("no DICOMDIR among the real files")
