"""Plug-ins are found by their entry points, and one that fails is left out."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest

from engine.catalog.header import read_header
from engine.catalog.look import look
from engine.cli.main import main
from engine.dicom.files import find_images, read_radiograph
from engine.dicom.radiograph import Calibration
from engine.errors import PluginError, WorkerError
from engine.plugins.composers import compose_with
from engine.report.compose import compose
from engine.report.draft import Draft
from engine.report.serialise import draft_from_dict, draft_to_dict, public_report
from engine.worker.decode import close_shared_decoder
from engine.worker.worker import Worker
from tests.engine.pictures import write_dicom
from tests.engine.report.factories import busy

REPOSITORY = Path(__file__).resolve().parents[2]
BAD = """
import sys, time
from dataclasses import replace
import numpy as np
from engine.plugins.readers import PlainImage
number = 5
def fails(folder, radiograph, analysis, draft):
    (folder / "half").write_text("half")
    raise ValueError("out of ink")
def leaves(*anything):
    sys.exit(0)
def text(content, name):
    return "an image"
def cube(content, name):
    return PlainImage(np.zeros((4, 4, 4), np.uint8))
def flat(content, name):
    return PlainImage(np.ones((8, 8), np.uint8), row_mm=0.0, column_mm=1.0)
def sleeps(content, name):
    time.sleep(600)
def spaced(content, name):
    return PlainImage(np.arange(64, dtype=np.uint16).reshape(8, 8), 0.2, 0.3, low_is_white=True)
def change(draft, **values):
    key = next(draft.sentences()).key
    return replace(draft, sections=tuple(
        replace(section, sentences=tuple(replace(s, **values) if s.key == key else s for s in section.sentences))
        for section in draft.sections
    ))
def none(analysis, draft):
    return None
def other_image(analysis, draft):
    return replace(draft, sop_instance_uid="1.2.3")
def no_evidence(analysis, draft):
    return change(draft, evidence=())
def invented(analysis, draft):
    return change(draft, evidence=(987654,))
def confirmed(analysis, draft):
    return change(draft, state="confirmed")
def damaged(analysis, draft):
    return change(draft, text=5)
def lines(analysis, draft):
    return change(draft, text="one\\ntwo")
def twice(analysis, draft):
    return replace(draft, sections=draft.sections * 2)
def in_place(analysis, draft):
    return change(draft, text="Other words.")
"""
TARGETS = {
    "exporters": {"fails": "fails", "leaves": "leaves", "number": "number", "at_all": ""},
    "readers": {"text": "text", "cube": "cube", "flat": "flat", "sleeps": "sleeps", "spaced": "spaced", "sp": "leaves"},
    "composers": {
        name: name
        for name in (
            *("none", "other_image", "no_evidence", "invented", "confirmed", "damaged", "lines", "twice", "in_place"),
            *("leaves", "number"),
        )
    },
}


@pytest.fixture(scope="session")
def installed_example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The example package as pip installs it, in a folder of its own."""
    folder = tmp_path_factory.mktemp("site")
    source = folder / "source"
    # The build writes beside what it builds.
    shutil.copytree(REPOSITORY / "packaging" / "example-plugin", source)
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index"]
    command += ["--no-deps", "--no-build-isolation", "--target", str(folder / "site"), str(source)]
    subprocess.run(command, check=True, timeout=120)
    return folder / "site"


@pytest.fixture
def plugins(installed_example: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The example package and one of bad plug-ins."""
    folder = tmp_path / "site"
    info = folder / "bad-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bad\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text(
        "\n".join(
            f"[saerad.{group}]\n"
            + "\n".join(f"{name} = saerad_bad:{at}" if at else f"{name} = saerad_none:x" for name, at in names.items())
            for group, names in TARGETS.items()
        )
    )
    (folder / "saerad_bad.py").write_text(BAD)
    monkeypatch.syspath_prepend(str(installed_example))
    monkeypatch.syspath_prepend(str(folder))
    # A process that was started before knows nothing of them, and one that is left would know them after.
    close_shared_decoder()
    yield
    close_shared_decoder()
    for name in [name for name in sys.modules if name.split(".")[0] in ("saerad_bad", "saerad_example")]:
        del sys.modules[name]


def write_pgm(path: Path, rows: int = 300, columns: int = 280) -> np.ndarray:
    levels = np.add.outer(np.arange(rows), np.arange(columns)).astype(">u2")
    path.write_bytes(b"P5\n# a scanner\n%d %d\n4095\n" % (columns, rows) + levels.tobytes())
    return levels.astype(np.uint16)


@pytest.mark.usefixtures("plugins")
def test_plugins_are_listed_and_the_bad_ones_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plugins", "--json"]) == 3
    rows = json.loads(capsys.readouterr().out)
    example = {row["group"]: row["code"] for row in rows if row["package"] == "saerad-example-plugin"}
    assert example == {f"saerad.{name}": "OK" for name in ("readers", "composers", "exporters", "panels")}
    codes = {row["name"]: row["code"] for row in rows if (row["package"], row["group"]) == ("bad", "saerad.exporters")}
    assert codes == {"fails": "OK", "leaves": "OK", "number": "PLUGIN_TYPE", "at_all": "PLUGIN_IMPORT"}


@pytest.mark.usefixtures("plugins")
def test_an_analysis_goes_on_without_the_plugins_that_fail(
    toy_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    uid = write_dicom(tmp_path / "a.dcm")

    def analyse(*more: str) -> int:
        command = ["analyse", str(tmp_path / "a.dcm"), "--out", str(tmp_path / "out"), "--pack", str(toy_pack)]
        return main([*command, "--device", "cpu", *more])

    assert analyse("--plugin", "fails,csv,leaves,number,at_all,nobody", "--composer", "none") == 3
    folder, said = tmp_path / "out" / uid, capsys.readouterr().err
    codes = {"fails": "FAILED", "leaves": "FAILED", "number": "TYPE", "at_all": "IMPORT", "nobody": "UNKNOWN"}
    for name, code in {**codes, "none": "RESULT"}.items():
        assert any(f"[PLUGIN_{code}]" in line and repr(name) in line for line in said.splitlines()), name
    assert [path.name for path in folder.glob("plugin_*")] == ["plugin_csv"]
    features = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))["features"]
    with (folder / "plugin_csv" / "features.csv").open(encoding="utf-8") as stream:
        assert [row["feature"] for row in csv.DictReader(stream)] == [str(one["id"]) for one in features]
    passed_over = json.loads((folder / "report.json").read_text(encoding="utf-8"))["composing"]
    assert passed_over["code"] == "PLUGIN_RESULT" and "NoneType" in passed_over["message"]
    assert "not the plug-in none" in (folder / "report.txt").read_text(encoding="utf-8")
    assert analyse("--plugin", "csv", "--composer", "impression-first") == 0 and (folder / "plugin_csv").is_dir()
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    assert report["sections"][0]["name"] == "impression"
    assert report["composing"] == {"name": "impression-first (saerad-example-plugin 0.2.0)", "code": "", "message": ""}
    assert analyse() == 0 and not (folder / "plugin_csv").exists()
    capsys.readouterr()
    assert analyse("--composer", "nobody") == 2
    assert "[PLUGIN_UNKNOWN]" in capsys.readouterr().err


@pytest.mark.usefixtures("plugins")
@pytest.mark.parametrize("name", [name for name in TARGETS["composers"] if name != "in_place"])
def test_a_draft_that_breaks_the_rules_is_passed_over(name: str) -> None:
    analysis = busy()
    own = compose(analysis)
    made = compose_with(name, analysis, own)
    assert made.sections == own.sections
    code = {"leaves": "PLUGIN_FAILED", "number": "PLUGIN_TYPE"}.get(name, "PLUGIN_RESULT")
    assert made.composing is not None and made.composing.code == code and repr(name) in made.composing.message


@pytest.mark.usefixtures("plugins")
def test_a_draft_of_a_plugin_is_kept_with_its_name() -> None:
    analysis = busy()
    own = compose(analysis)
    made = compose_with("in_place", analysis, own)
    first = next(made.sentences())
    assert (first.text, first.ai_text, first.origin) == ("Other words.", "Other words.", "composed")
    assert made.composing is not None and (made.composing.name, made.composing.code) == ("in_place (bad 0.1.0)", "")
    restored: Draft = draft_from_dict(json.loads(json.dumps(draft_to_dict(made))))
    assert restored == made
    assert public_report(made, "cpu", "fp32")["composing"]["name"] == "in_place (bad 0.1.0)"
    assert made.waiting == tuple(made.sentences())


@pytest.mark.usefixtures("plugins")
def test_a_reader_opens_what_the_program_does_not_know(toy_pack: Path, tmp_path: Path) -> None:
    close_shared_decoder()  # begun by another test, without the plug-ins
    folder = tmp_path / "images"
    folder.mkdir()
    levels = write_pgm(folder / "Film.PGM")
    (folder / "notes.txt").write_text("no image")
    radiograph = read_radiograph(folder / "Film.PGM")
    assert np.array_equal(radiograph.stored, levels) and not radiograph.is_dicom
    assert radiograph.spacing.calibration is Calibration.NONE
    assert "pgm (saerad-example-plugin 0.2.0)" in radiograph.warnings[0]
    assert find_images([folder]) == [folder / "Film.PGM"]
    assert look(tmp_path / "index.sqlite", [folder]).images == [(folder / "Film.PGM").resolve()]
    assert read_header(folder / "Film.PGM") is None
    with ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(folder / "Film.PGM", "Film.PGM")
    (member,) = find_images([tmp_path / "a.zip"])
    assert read_radiograph(member).pixel_sha256 == radiograph.pixel_sha256
    out = tmp_path / "out"
    assert main(["analyse", str(folder), "--out", str(out), "--pack", str(toy_pack), "--device", "cpu"]) == 0
    assert (out / radiograph.identity.sop_instance_uid / "analysis.json").is_file()


@pytest.mark.usefixtures("plugins")
def test_what_a_reader_returns_is_checked(tmp_path: Path) -> None:
    for ending, code in (
        ("text", "RESULT"),
        ("cube", "RESULT"),
        ("flat", "RESULT"),
        ("sp", "FAILED"),
        ("pgm", "FAILED"),
    ):
        path = tmp_path / f"a.{ending}"
        path.write_bytes(b"not what it seems")
        with pytest.raises(PluginError) as caught:
            read_radiograph(path)
        assert caught.value.code == f"PLUGIN_{code}", ending
    (tmp_path / "a.spaced").write_bytes(b"anything")
    radiograph = read_radiograph(tmp_path / "a.spaced")
    assert (radiograph.spacing.row_mm, radiograph.spacing.column_mm) == (0.2, 0.3)
    assert radiograph.spacing.calibration is Calibration.UNKNOWN
    assert radiograph.display()[0, 0] > radiograph.display()[-1, -1]


@pytest.mark.usefixtures("plugins")
def test_dicom_is_never_given_away(tmp_path: Path) -> None:
    uid = write_dicom(tmp_path / "a.text")
    assert read_radiograph(tmp_path / "a.text").identity.sop_instance_uid == uid


@pytest.mark.usefixtures("plugins")
def test_a_reader_that_never_returns_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "a.sleeps"
    path.write_bytes(b"anything")
    with Worker(preload=("engine.dicom.files",), name="reader") as worker:
        with pytest.raises(WorkerError) as caught:
            worker.submit("engine.dicom.files:read_radiograph", path, time_limit_s=1.0).result()
        assert caught.value.code == "WORKER_TIMEOUT"
        with pytest.raises(PluginError) as failed:
            (tmp_path / "a.text").write_bytes(b"anything")
            worker.submit("engine.dicom.files:read_radiograph", tmp_path / "a.text").result()
        assert failed.value.code == "PLUGIN_RESULT"
