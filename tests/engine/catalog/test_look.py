"""Looking at files: what is unchanged is not read again, what changed or vanished is noticed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.catalog import look as looking
from engine.catalog.look import look
from engine.catalog.reading import Catalog
from engine.errors import Cancelled, ReadError
from tests.engine.dicom.test_dicomdir import write_dicomdir
from tests.engine.pictures import picture, write_dicom

SMALL = picture(16, 16)


@pytest.fixture
def index(tmp_path: Path) -> Path:
    return tmp_path / "index" / "catalog.sqlite"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "étude 患者"
    (folder / "sub").mkdir(parents=True)
    return folder


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every image whose header is read."""
    found: list[Path] = []
    original = looking.read_entry

    def counted(source: looking.Source) -> object:
        found.append(source.image)
        return original(source)

    monkeypatch.setattr(looking, "read_entry", counted)
    return found


def images(index: Path) -> list[Path]:
    catalog = Catalog(index)
    return [
        image.path
        for study in catalog.studies()
        for series in catalog.series(study.study)
        for image in catalog.images(series.series)
    ]


def test_a_second_look_reads_nothing(index: Path, root: Path, reads: list[Path]) -> None:
    for name in ("b.dcm", "a.dcm", "sub/c"):
        write_dicom(root / name, SMALL)
    (root / "notes.txt").write_text("words")
    before = sorted(root.rglob("*"))
    first = look(index, [root])
    assert [path.relative_to(root).as_posix() for path in first.images] == ["a.dcm", "b.dcm", "sub/c"]
    assert (first.added, first.changed, first.unchanged, first.removed) == (3, 0, 0, 0) and len(reads) == 3
    again = look(index, [root])
    assert again.images == first.images and again.unchanged == 3 and len(reads) == 3
    assert sorted(images(index)) == sorted(first.images)
    assert sorted(root.rglob("*")) == before


def test_changed_and_vanished_files_are_noticed(index: Path, root: Path, reads: list[Path]) -> None:
    for name in ("a.dcm", "b.dcm", "c.dcm"):
        write_dicom(root / name, SMALL, StudyInstanceUID=f"1.2.{ord(name[0])}", PatientID="P1")
    look(index, [root])
    (root / "a.dcm").unlink()
    write_dicom(root / "b.dcm", SMALL, StudyInstanceUID="1.2.98", PatientID="P2", StudyDescription="Recheck")
    os.utime(root / "c.dcm", ns=(1, 1))
    found = look(index, [root])
    assert (found.added, found.changed, found.unchanged, found.removed) == (0, 2, 0, 1)
    assert [(row.patient_id, row.images) for row in Catalog(index).studies()] == [("P1", 1), ("P2", 1)]
    assert Catalog(index).studies("recheck") and len(reads) == 5


def test_a_folder_that_is_gone_costs_nothing_of_the_index(index: Path, root: Path, tmp_path: Path) -> None:
    write_dicom(root / "a.dcm", SMALL)
    look(index, [root])
    root.rename(tmp_path / "unplugged")
    with pytest.raises(ReadError, match="FILE_MISSING"):
        look(index, [root])
    assert images(index) == [root / "a.dcm"]


def test_files_that_are_no_image_are_told_every_time_and_read_once(index: Path, root: Path, reads: list[Path]) -> None:
    (root / "page.dcm").write_text("<html>")
    write_dicom(root / "a.dcm", SMALL)
    (root / "cut.dcm").write_bytes((root / "a.dcm").read_bytes()[:200])
    (root / "empty.dcm").write_bytes(b"")
    codes = {"page.dcm": "NOT_DICOM", "cut.dcm": "HEADER_INCOMPLETE", "empty.dcm": "FILE_EMPTY"}
    for _ in range(2):
        found = look(index, [root])
        assert {path.name: code for path, code in found.unreadable} == codes and len(found.images) == 1
    assert len(reads) == 4


def test_archives_are_read_once_and_changes_in_them_noticed(index: Path, root: Path, reads: list[Path]) -> None:
    write_dicom(root / "a.dcm", SMALL)
    path = root / "z.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(root / "a.dcm", "in/a.dcm")
        archive.write(root / "a.dcm", "in/b.dcm")
        archive.writestr("in/page.dcm", "<html>")
    first = look(index, [path])
    assert first.images == [path / "in" / "a.dcm", path / "in" / "b.dcm"]
    again = look(index, [path])
    assert again.images == first.images and again.unchanged == 2 and len(reads) == 3
    assert again.unreadable == [(path / "in" / "page.dcm", "NOT_DICOM")]
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(root / "a.dcm", "in/b.dcm")
    os.utime(path, ns=(5, 5))
    found = look(index, [path])
    assert (found.changed, found.removed) == (1, 1) and images(index) == [path / "in" / "b.dcm"]
    # The folder it lies in is another matter: its own file is added, the archive's stays.
    assert look(index, [root]).removed == 0 and len(images(index)) == 2


def test_a_dicomdir_is_looked_at_like_its_files(index: Path, root: Path, reads: list[Path]) -> None:
    for name in ("IM1", "IM2", "OTHER"):
        write_dicom(root / name, SMALL)
    contents = write_dicomdir(root, ["IM1"], ["IM2"])
    assert look(index, [contents]).images == [root / "IM1", root / "IM2"]
    assert look(index, [contents]).unchanged == 2 and len(reads) == 2
    (root / "IM2").unlink()
    assert look(index, [contents]).removed == 1 and images(index) == [root / "IM1"]


def test_long_headers_and_pictures_are_read(index: Path, root: Path) -> None:
    write_dicom(root / "long.dcm", SMALL, TextComments="x" * 5, StudyDescription="Chest", ImageComments="y" * 10200)
    write_dicom(root / "icon.dcm", SMALL, PatientID="ICON", PatientComments="z" * 10240, OtherPatientNames="Q" * 60)
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(root / "p.png")
    assert len(look(index, [root]).images) == 3
    folder = next(row for row in Catalog(index).studies() if not row.identified)
    assert folder.name == root.name and folder.images == 1


def test_cancelling_keeps_what_was_read(
    index: Path, root: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "BATCH", 2)
    for number in range(6):
        write_dicom(root / f"{number}.dcm", SMALL)
    said: list[float] = []
    with pytest.raises(Cancelled):
        look(index, [root], lambda _text, share: said.append(share), lambda: len(reads) == 3)
    assert len(images(index)) == 3 and said == sorted(said) and said[-1] < 1
    found = look(index, [root])
    assert (found.unchanged, found.added) == (3, 3) and len(reads) == 6


def test_a_killed_look_leaves_a_whole_index_that_the_next_one_completes(
    index: Path, root: Path, repository: Path
) -> None:
    for number in range(300):
        write_dicom(root / f"{number}.dcm", SMALL)
    code = (
        "import sys; from pathlib import Path; from engine.catalog import look as l; l.BATCH = 20;"
        "l.look(Path(sys.argv[1]), [Path(sys.argv[2])])"
    )
    child = subprocess.Popen([sys.executable, "-c", code, str(index), str(root)], cwd=repository)
    try:
        limit = time.monotonic() + 60
        while time.monotonic() < limit and child.poll() is None:
            if index.exists() and len(images(index)) >= 20:  # a reader beside the writer
                break
            time.sleep(0.01)
        assert child.poll() is None, "the look ended before it could be killed"
    finally:
        child.kill()
        child.wait()
    kept = len(images(index))
    assert kept % 20 == 0 and 0 < kept < 300
    found = look(index, [root])
    assert (found.unchanged, found.added) == (kept, 300 - kept) and len(images(index)) == 300
