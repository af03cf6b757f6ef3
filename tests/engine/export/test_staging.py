"""The files of a result appear together, or none of them does."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from engine.errors import ExportError
from engine.export import WRITERS, export_all
from engine.export.staging import staged
from engine.report.compose import compose
from tests.engine.report.factories import busy, radiograph


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_folder_appears_with_everything_in_it(tmp_path: Path) -> None:
    with staged(tmp_path / "a" / "b") as work:
        (work / "report.txt").write_text("x")
        assert not (tmp_path / "a" / "b").exists()
    assert names(tmp_path / "a" / "b") == ["report.txt"] and names(tmp_path / "a") == ["b"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX file modes")
def test_a_new_folder_has_the_usual_mode(tmp_path: Path) -> None:
    (tmp_path / "usual").mkdir()
    with staged(tmp_path / "new"):
        pass
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == stat.S_IMODE((tmp_path / "usual").stat().st_mode)


def test_an_old_folder_loses_the_earlier_result_and_keeps_the_rest(tmp_path: Path) -> None:
    for name in ("analysis.json", "report.txt", "report.pdf", "notes.md"):
        (tmp_path / name).write_text("old")
    with staged(tmp_path, ("analysis.json", "report.*")) as work:
        (work / "analysis.json").write_text("new")
        assert "report.pdf" in names(tmp_path)
    assert names(tmp_path) == ["analysis.json", "notes.md"]
    assert (tmp_path / "analysis.json").read_text() == "new"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ExportError("EXPORT_WRITE", "x")])
def test_a_failure_leaves_the_old_result_and_nothing_else(tmp_path: Path, error: BaseException) -> None:
    (tmp_path / "analysis.json").write_text("old")
    with pytest.raises(type(error)), staged(tmp_path, ("analysis.json",)) as work:
        (work / "analysis.json").write_text("new")
        raise error
    assert names(tmp_path) == ["analysis.json"] and (tmp_path / "analysis.json").read_text() == "old"


def test_a_disk_that_fills_leaves_no_part_of_a_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    image = radiograph()
    written: list[int] = []
    flush = os.fsync

    def full_soon(descriptor: int) -> None:
        written.append(descriptor)
        if len(written) > 6:
            raise OSError(errno.ENOSPC, "No space left on device")
        flush(descriptor)

    monkeypatch.setattr(os, "fsync", full_soon)
    with pytest.raises(ExportError) as caught:
        export_all(tmp_path / "out", image, busy(image), compose(busy(image)), ["text", "json"])
    assert caught.value.code == "EXPORT_WRITE" and "disk is full" in caught.value.hint
    assert str(tmp_path / "out") in caught.value.message and ".part" not in caught.value.message
    assert names(tmp_path) == []


@pytest.mark.parametrize("name", list(WRITERS))
def test_a_writer_that_fails_leaves_no_part_of_a_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    image = radiograph(
        sop_class_uid="1.2.840.10008.5.1.4.1.1.1", study_instance_uid="1.2.3.4", series_instance_uid="1.2.3.5"
    )

    def fail(*_: object) -> Path:
        raise ZeroDivisionError("on purpose")

    monkeypatch.setitem(WRITERS, name, fail)
    with pytest.raises(ZeroDivisionError):
        export_all(tmp_path / "out", image, busy(image), compose(busy(image)), ["all"])
    assert names(tmp_path) == []
