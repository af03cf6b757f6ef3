"""What the Slicer module does without Slicer, with the real ``saerad`` as its child process."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from engine.dicom.files import read_radiograph
from engine.inference.heat_scale import PALETTE, THRESHOLD

MODULE = Path(__file__).resolve().parents[2] / "packaging" / "slicer" / "SaeRad"
DEMO = MODULE.parents[2] / "resources" / "demo"


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Slicer puts the module's folder on the path."""
    monkeypatch.syspath_prepend(str(MODULE))
    yield
    for name in [name for name in sys.modules if name.split(".")[0] == "SaeRadLib"]:
        del sys.modules[name]


@pytest.fixture
def program() -> str:
    """The installed program."""
    found = Path(sys.executable).with_name("saerad")
    if not found.is_file():
        pytest.skip(f"{found} is not installed")
    return str(found)


def analyse(program: str, image: Path, out: Path) -> subprocess.CompletedProcess[str]:
    from SaeRadLib.command import arguments, clean_environment, find_program

    environment = clean_environment({**os.environ, "LD_LIBRARY_PATH": "/nowhere", "PYTHONHOME": "/nowhere"})
    path = find_program(program, environment)
    # The checkout's own program, whatever else is installed.
    environment["PYTHONPATH"] = str(MODULE.parents[2])
    command = [path, *arguments(str(image), str(out), device="cpu")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)


def test_a_result_is_read_with_its_maps(program: str, tmp_path: Path) -> None:
    from SaeRadLib import maps
    from SaeRadLib.results import AnalysisError, read_result

    radiograph = read_radiograph(DEMO / "01_chest_pa.dcm")
    uid = radiograph.identity.sop_instance_uid
    done = analyse(program, DEMO / "01_chest_pa.dcm", tmp_path)
    result = read_result(tmp_path, uid, done.returncode, done.stdout, done.stderr)
    assert not result.refused and result.verdict == "" and result.pack.startswith("demo 0.1.0 (")
    assert result.draft.startswith("DRAFT – not for diagnostic use") and result.features
    assert result.segmentation is not None
    shape = radiograph.rows, radiograph.columns
    segments = maps.read_segments(result.segmentation, uid, shape)
    assert segments and [one.number for one in segments] == list(range(1, len(segments) + 1))
    assert maps.THRESHOLD == 100 * THRESHOLD
    for one in segments:
        assert one.percent.shape == (1, *shape) and 0.0 <= one.percent.min() <= one.percent.max() <= 100.0
        wanted = [int(PALETTE[(one.number - 1) % len(PALETTE)][n : n + 2], 16) / 255 for n in (1, 3, 5)]
        assert np.allclose(one.colour, wanted, atol=0.01), one.label
    assert max(one.percent.max() for one in segments) > maps.THRESHOLD
    with pytest.raises(AnalysisError, match="another image"):
        read_result(tmp_path, "1.2.3", done.returncode, done.stdout, done.stderr)
    for other in (("1.2.3", shape), (uid, (shape[0] + 1, shape[1]))):
        with pytest.raises(AnalysisError, match="another image"):
            maps.read_segments(result.segmentation, *other)


def test_a_refusal_has_neither_draft_nor_map(program: str, tmp_path: Path) -> None:
    from SaeRadLib.results import read_result

    uid = read_radiograph(DEMO / "05_hand.dcm").identity.sop_instance_uid
    done = analyse(program, DEMO / "05_hand.dcm", tmp_path)
    result = read_result(tmp_path, uid, done.returncode, done.stdout, done.stderr)
    assert (result.refused, result.draft, result.segmentation, result.features) == (True, "", None, ())
    assert result.verdict.startswith("[")


def test_what_went_wrong_is_told_in_the_programs_own_words(program: str, tmp_path: Path) -> None:
    from SaeRadLib.results import AnalysisError, read_result

    (tmp_path / "a.dcm").write_text("no image")
    done = analyse(program, tmp_path / "a.dcm", tmp_path / "out")
    with pytest.raises(AnalysisError, match=r"\[NOT_DICOM\]"):
        read_result(tmp_path / "out", "1.2.3", done.returncode, done.stdout, done.stderr)
    with pytest.raises(AnalysisError, match=r"error \[PACK_UNKNOWN\]: no such pack"):
        read_result(tmp_path, "1.2.3", 3, "", "warning: slow\nerror [PACK_UNKNOWN]: no such pack\n")
    with pytest.raises(AnalysisError, match="status 137"):
        read_result(tmp_path, "1.2.3", 137, "[{", "")


def test_the_program_is_found_where_a_person_says_or_on_the_path(tmp_path: Path) -> None:
    from SaeRadLib.command import find_program

    program = tmp_path / "saerad"
    program.write_text("#!/bin/sh\n")
    assert find_program(str(program), {}) == ""
    program.chmod(0o755)
    assert find_program(str(program), {}) == str(program)
    assert find_program("", {"PATH": str(tmp_path)}) == (shutil.which("saerad", path=str(tmp_path)) or "")
    assert find_program("", {"PATH": str(tmp_path / "none")}) == ""


def test_slicers_python_can_read_the_module() -> None:
    for path in (MODULE / "SaeRad.py", *(MODULE / "SaeRadLib").glob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"), feature_version=(3, 9))
        names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
        names += [alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names]
        ours = [name for name in names if name.split(".")[0] in ("engine", "viewer", "training")]
        assert ours == [], path
        if path.stem in ("command", "results", "maps"):
            assert not {"slicer", "qt", "vtk", "ctk"} & {name.split(".")[0] for name in names}, path
