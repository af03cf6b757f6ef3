"""The command line of training without what training needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BLOCKED = """
import sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"torch", "onnx", "onnxscript", "matplotlib", "scipy", "pyarrow"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Blocked())
from training.cli import main
sys.exit(main(sys.argv[1:]))
"""


def run(arguments: list[str], folder: Path, repository: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", BLOCKED, *arguments],
        cwd=folder,
        env={"PYTHONPATH": str(repository), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


@pytest.mark.parametrize("command", [["phantom"], ["demo-pack"], ["index", "nih-cxr14", "."]])
def test_without_the_training_extra_it_says_what_to_install(
    tmp_path: Path, repository: Path, command: list[str]
) -> None:
    ended = run([*command, "--out", "x"], tmp_path, repository)
    (line,) = ended.stderr.splitlines()
    assert line.startswith("error [TRAINING_MISSING]: ") and "saerad-workstation[training]" in line
    assert ended.returncode == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [["--help"], ["phantom", "--help"], ["fit", "--help"]])
def test_help_needs_no_training_extra(tmp_path: Path, repository: Path, arguments: list[str]) -> None:
    ended = run(arguments, tmp_path, repository)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "saerad-train" in ended.stdout
