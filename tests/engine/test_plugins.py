"""Plug-ins are found by their entry points, and one that fails is left out."""

from __future__ import annotations

import csv
import json
import sys
import tomllib
from pathlib import Path

import pytest

from engine.cli.main import main
from tests.engine.pictures import write_dicom

EXAMPLE = Path(__file__).resolve().parents[2] / "packaging" / "example-plugin"
BAD = """
import sys
number = 5
def fails(folder, radiograph, analysis, draft):
    (folder / "half").write_text("half")
    raise ValueError("out of ink")
def leaves(folder, radiograph, analysis, draft):
    sys.exit(0)
"""


def install(folder: Path, package: str, entries: dict[str, str]) -> None:
    """Lay down what an installer would: metadata with entry points, beside the modules."""
    info = folder / f"{package}-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 0.1.0\n")
    lines = [f"{name} = {target}" for name, target in entries.items()]
    (info / "entry_points.txt").write_text("\n".join(["[saerad.exporters]", *lines]))


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The example package and one of bad plug-ins, installed for the test."""
    project = tomllib.loads((EXAMPLE / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    folder = tmp_path / "site"
    install(folder, project["name"], project["entry-points"]["saerad.exporters"])
    targets = ("saerad_bad:fails", "saerad_bad:leaves", "saerad_bad:number", "saerad_none:at_all")
    install(folder, "bad", {target.partition(":")[2]: target for target in targets})
    (folder / "saerad_bad.py").write_text(BAD)
    (folder / "saerad_example.py").write_bytes((EXAMPLE / "saerad_example.py").read_bytes())
    monkeypatch.syspath_prepend(str(folder))
    for name in ("saerad_bad", "saerad_example"):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.usefixtures("plugins")
def test_plugins_are_listed_and_the_bad_ones_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "--json"]) == 3
    rows = json.loads(capsys.readouterr().out)
    codes = {row["name"]: row["code"] for row in rows if row["package"] in ("bad", "saerad-example-plugin")}
    assert codes == {"csv": "OK", "fails": "OK", "leaves": "OK", "number": "PLUGIN_TYPE", "at_all": "PLUGIN_IMPORT"}


@pytest.mark.usefixtures("plugins")
def test_an_analysis_goes_on_without_the_plugins_that_fail(
    toy_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    uid = write_dicom(tmp_path / "a.dcm")

    def analyse(names: str) -> int:
        command = ["analyse", str(tmp_path / "a.dcm"), "--out", str(tmp_path / "out"), "--pack", str(toy_pack)]
        return main([*command, "--device", "cpu", *(["--plugin", names] if names else [])])

    assert analyse("fails,csv,leaves,number,at_all,nobody") == 3
    folder, said = tmp_path / "out" / uid, capsys.readouterr().err
    codes = {"fails": "FAILED", "leaves": "FAILED", "number": "TYPE", "at_all": "IMPORT", "nobody": "UNKNOWN"}
    for name, code in codes.items():
        assert any(f"[PLUGIN_{code}]" in line and repr(name) in line for line in said.splitlines()), name
    assert [path.name for path in folder.glob("plugin_*")] == ["plugin_csv"]
    features = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))["features"]
    with (folder / "plugin_csv" / "features.csv").open(encoding="utf-8") as stream:
        assert [row["feature"] for row in csv.DictReader(stream)] == [str(one["id"]) for one in features]
    assert analyse("csv") == 0 and (folder / "plugin_csv").is_dir()
    assert analyse("") == 0 and not (folder / "plugin_csv").exists()
