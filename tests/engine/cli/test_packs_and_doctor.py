import json
import shutil
from pathlib import Path

import pytest

from engine.cli.main import main
from tests.engine.toy_pack import feature_rows


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
    assert "random weights" in text
    described = sum(1 for row in feature_rows() if row["observation"])
    assert f"{described} features name a finding" in text and f"{40 - described} more were examined" in text
    assert main(["packs", "info", "toy", "--json"]) == 0
    info = json.loads(capsys.readouterr().out)
    assert info["sae"]["n_features"] == 40
    assert info["feature_counts"] == {"described": described, "reportable": described, "unexplained": 40 - described}
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


def test_a_damaged_pack_is_listed_named_and_removed(toy_pack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["packs", "install", str(toy_pack), "--json"])
    folder = json.loads(capsys.readouterr().out)["folder"]
    Path(folder, "pack.json").write_text("{}", encoding="utf-8")
    assert main(["packs", "list"]) == 0
    (line,) = [text for text in capsys.readouterr().out.splitlines() if text.startswith("toy")]
    assert "0.1.0" in line and "PACK_SCHEMA" in line
    assert main(["doctor", "--device", "cpu"]) == 3
    assert "toy 0.1.0 (installed): [PACK_SCHEMA]" in capsys.readouterr().out
    assert main(["packs", "info", "toy"]) == 3
    assert folder in capsys.readouterr().err
    assert main(["packs", "remove", "toy", "--json"]) == 0
    (removed,) = json.loads(capsys.readouterr().out)
    assert (removed["name"], removed["version"], removed["folder"]) == ("toy", "0.1.0", folder)
    assert not Path(folder).exists()
    assert main(["packs", "remove", "toy"]) == 3
    assert capsys.readouterr().err.startswith("error [PACK_NOT_INSTALLED]: ")


def test_a_changed_file_is_seen_by_list_and_remove_says_what_it_did(
    demo_pack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["packs", "install", str(demo_pack), "--json"])
    folder = json.loads(capsys.readouterr().out)["folder"]
    Path(folder, "LICENSE").write_text("changed", encoding="utf-8")
    assert main(["packs", "list", "--json"]) == 0
    assert [(p["origin"], p["code"]) for p in json.loads(capsys.readouterr().out) if p["name"] == "demo"] == [
        ("installed", "PACK_CHANGED"),
        ("bundled", ""),
    ]
    assert main(["packs", "remove", "demo"]) == 0
    said = capsys.readouterr().out
    assert f"from {folder}" in said and "(bundled) is used now" in said


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
        ["packs", "remove"],
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
