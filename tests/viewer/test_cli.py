import subprocess
import sys
from pathlib import Path

import pytest

from viewer.cli import main


def test_engine_commands_go_to_the_engine(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("saerad ")
    assert main(["packs", "verify", "/nowhere/at/all"]) == 3
    assert capsys.readouterr().err.startswith("error [PACK_MISSING]: ")


def test_what_is_neither_a_command_nor_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["frobnicate"]) == 2
    assert capsys.readouterr().err.startswith("error [FILE_MISSING]: ")


@pytest.mark.parametrize("command", [["demo", "--help"], ["--help"]])
def test_help(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(command) == 0
    assert "example:" in capsys.readouterr().out


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
def test_no_display_is_said_before_qt_ends_the_process(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert main([]) == 3
    assert capsys.readouterr().err.startswith("error [NO_DISPLAY]: ")


def test_engine_commands_load_neither_qt_nor_the_viewer_and_help_is_light(repository: Path) -> None:
    code = (
        "import sys; from viewer.cli import main; main(['--version']); "
        "sys.exit(any(n.split('.')[0] in ('PySide6', 'onnxruntime', 'SimpleITK') for n in sys.modules))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], cwd=repository, capture_output=True, check=False).returncode == 0
    )
