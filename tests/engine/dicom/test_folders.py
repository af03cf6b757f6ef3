"""Finding images in files and folders."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.dicom.files import find_images
from engine.errors import ReadError

DICOM = bytes(128) + b"DICM" + bytes(20)


@pytest.fixture
def tree(tmp_path: Path) -> Callable[..., Path]:
    def make(*names: str, content: bytes = DICOM) -> Path:
        for name in names:
            path = tmp_path / "root" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return tmp_path / "root"

    return make


def test_folders_are_searched_in_order_of_name(tree: Callable[..., Path]) -> None:
    root = tree("b/2", "b/10", "a/胸部.dcm", "c.IMA")
    found = [path.relative_to(root).as_posix() for path in find_images([root])]
    assert found == ["c.IMA", "a/胸部.dcm", "b/10", "b/2"]


def test_other_files_hidden_files_and_dicomdir_are_left_out(tree: Callable[..., Path]) -> None:
    root = tree("DICOMDIR", ".hidden.dcm", ".cache/x.dcm", "ok")
    tree("notes.txt", "study.zip", content=b"PK\x03\x04 words")
    assert [path.name for path in find_images([root])] == ["ok"]


def test_a_name_that_promises_an_image_is_kept_so_that_its_refusal_is_told(tree: Callable[..., Path]) -> None:
    root = tree("login.dcm", "page.JPG", content=b"<html>")
    tree("empty.png", "empty.txt", content=b"")
    assert [path.name for path in find_images([root])] == ["empty.png", "login.dcm", "page.JPG"]


def test_pictures_are_found(tree: Callable[..., Path]) -> None:
    root = tree("a")
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(root / "b.png")
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(root / "c.jpg")
    assert [path.name for path in find_images([root])] == ["a", "b.png", "c.jpg"]


def test_named_files_are_always_returned_once_and_in_the_order_given(tree: Callable[..., Path]) -> None:
    root = tree("b", "a")
    text = root / "words.txt"
    text.write_text("words")
    assert find_images([text, root / "b", root]) == [text, root / "b", root / "a"]


def test_missing_path_is_told(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="FILE_MISSING"):
        find_images([tmp_path / "nowhere"])


@pytest.mark.skipif(sys.platform == "win32", reason="making links needs a privilege on Windows")
def test_links_out_of_the_folder_and_circles_are_not_followed(tree: Callable[..., Path], tmp_path: Path) -> None:
    root = tree("in/a")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_bytes(DICOM)
    (root / "leak").symlink_to(outside / "secret")
    (root / "leaks").symlink_to(outside)
    (root / "in" / "circle").symlink_to(root)
    (root / "z").symlink_to(root / "in" / "a")
    (root / "broken").symlink_to(root / "gone")
    assert [path.relative_to(root).as_posix() for path in find_images([root])] == ["z", "in/a"]


def test_headless_data_sets_are_recognised_in_folders(tree: Callable[..., Path]) -> None:
    root = tree("implicit", content=b"\x08\x00\x05\x00\x0a\x00\x00\x00ISO_IR 100")
    tree("explicit", content=b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 100")
    tree("big", content=b"\x00\x08\x00\x05CS\x00\x0aISO_IR 100")
    tree("short", content=b"\x08\x00")
    assert [path.name for path in find_images([root])] == ["big", "explicit", "implicit"]
