import json
import shutil
from pathlib import Path

import pytest

from engine.cli.main import main


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAERAD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SAERAD_CACHE_DIR", str(tmp_path / "cache"))


def test_install_list_info_and_verify(toy_pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["packs", "install", str(toy_pack), "--json"]) == 0
    installed = json.loads(capsys.readouterr().out)
    assert (installed["name"], installed["version"], installed["origin"]) == ("toy", "0.1.0", "installed")
    assert main(["packs", "list", "--json"]) == 0
    assert installed in json.loads(capsys.readouterr().out)
    assert main(["packs", "list"]) == 0
    assert "toy" in capsys.readouterr().out
    assert main(["packs", "info", "toy"]) == 0
    text = capsys.readouterr().out
    assert "random weights" in text and "40 features" in text
    assert main(["packs", "info", "toy", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sae"]["n_features"] == 40
    assert main(["packs", "verify", "toy", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] is True


def test_verify_names_what_is_wrong(toy_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pack = Path(shutil.copytree(toy_pack, tmp_path / "pack"))
    with (pack / "sae.safetensors").open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"\x7f")
    assert main(["packs", "verify", str(pack)]) == 3
    captured = capsys.readouterr()
    assert captured.out == "" and captured.err.startswith("error [PACK_CHANGED]: sae.safetensors")


def test_doctor_reports_a_sound_and_an_unsound_pack(toy_pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["packs", "install", str(toy_pack)])
    capsys.readouterr()
    main(["doctor", "--device", "cpu", "--json"])
    report = json.loads(capsys.readouterr().out)
    (toy,) = [pack for pack in report["packs"] if pack["name"] == "toy"]
    assert toy["problem"] == "" and toy["provider"] == "CPUExecutionProvider" and toy["encoder_ms"] > 0
    assert all(report["codecs"].values())
    assert report["packages"]["numpy"] and "CPUExecutionProvider" in report["providers"]
    (Path(toy["folder"]) / "LICENSE").write_text("changed", encoding="utf-8")
    assert main(["doctor", "--device", "cpu", "--json"]) == 3
    assert any("PACK_CHANGED" in problem for problem in json.loads(capsys.readouterr().out)["problems"])


def test_doctor_as_text(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor"]) in (0, 3)
    text = capsys.readouterr().out
    assert "providers" in text and "CPUExecutionProvider" in text


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["analyse"],
        ["packs"],
        ["packs", "list"],
        ["packs", "info"],
        ["packs", "verify"],
        ["packs", "install"],
        ["doctor"],
    ],
)
def test_every_command_has_help_with_an_example(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--help"]) == 0
    text = capsys.readouterr().out
    assert "example:" in text and "saerad" in text.split("example:")[1]


@pytest.mark.parametrize(
    "arguments",
    [
        ["frobnicate"],
        ["packs"],
        ["packs", "frobnicate"],
        ["packs", "info", ""],
        ["packs", "install", ""],
        ["doctor", "--device", "x"],
    ],
)
def test_wrong_commands(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err.startswith("error [USAGE]: ")
