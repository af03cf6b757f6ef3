import errno
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest
from PIL import Image

from engine.cli.main import main
from engine.cli.result_folders import sentences
from engine.export import DICOM
from engine.inference.attribution import METHOD_TITLES, Method
from engine.pack.manifest import OBSERVATIONS
from tests.engine.dicom.test_dicomdir import write_dicomdir
from tests.engine.pictures import picture, write_dicom

FEATURE_KEYS = {"id", "description", "activation", "percentile", "observation", "polarity", "laterality", "map"}


def summary(out: Path) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    return rows


def analysis(folder: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
    return content


def analyse(toy_pack: Path, out: Path, *arguments: str | Path) -> int:
    return main(["analyse", *map(str, arguments), "--out", str(out), "--pack", str(toy_pack), "--device", "cpu"])


def test_one_chest_gives_every_file(toy_pack: Path, tmp_path: Path) -> None:
    uid = write_dicom(tmp_path / "a.dcm")
    out = tmp_path / "out"
    assert analyse(toy_pack, out, tmp_path / "a.dcm") == 0
    assert summary(out) == [
        {"path": str(tmp_path / "a.dcm"), "sop_instance_uid": uid, "outcome": "analysed", "code": "OK", "message": ""}
    ]
    content = analysis(out / uid)
    pack_sha256 = hashlib.sha256((toy_pack / "pack.json").read_bytes()).hexdigest()
    assert content["sop_instance_uid"] == uid
    assert content["pack"] == {"name": "toy", "version": "0.1.0", "sha256": pack_sha256}
    assert (content["provider"], content["precision"]) == ("CPUExecutionProvider", "fp32") and content["gate"][
        "verdict"
    ] == "suitable"
    assert [o["observation"] for o in content["observations"]] == list(OBSERVATIONS)
    assert content["features"]
    for feature in content["features"]:
        assert set(feature) == FEATURE_KEYS
        values = np.load(out / uid / feature["map"], allow_pickle=False)
        assert values.shape == (8, 8) and values.dtype == np.float32
    report = json.loads((out / uid / "report.json").read_text(encoding="utf-8"))
    assert report["status"] == "draft"
    active = {feature["id"] for feature in content["features"]}
    sentences = [sentence for section in report["sections"] for sentence in section["sentences"]]
    assert sentences
    assert all(sentence["features"] and set(sentence["features"]) <= active for sentence in sentences)
    assert (out / uid / "report.txt").read_text(encoding="utf-8").strip()


@pytest.mark.parametrize("method", get_args(Method))
def test_the_maps_say_by_which_method_they_were_made(toy_pack: Path, tmp_path: Path, method: Method) -> None:
    uid = write_dicom(tmp_path / "a.dcm")
    out = tmp_path / "out"
    assert analyse(toy_pack, out, tmp_path / "a.dcm", "--map-method", method) == 0
    maps = analysis(out / uid)["maps"]
    assert maps and {made["method"] for made in maps.values()} == {METHOD_TITLES[method]}


def test_mixed_inputs_are_each_accounted_for(
    toy_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = tmp_path / "study"
    (study / "deep").mkdir(parents=True)
    good = write_dicom(study / "deep" / "chest.dcm")
    lateral = write_dicom(study / "lateral.dcm", ViewPosition="LL")
    (study / "broken.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 50)
    (tmp_path / "empty").mkdir()
    Image.fromarray((picture(seed=4) >> 4).astype(np.uint8)).save(tmp_path / "chest.png")
    out = tmp_path / "out"
    inputs = [study, tmp_path / "empty", tmp_path / "nowhere.dcm", tmp_path / "chest.png"]
    assert analyse(toy_pack, out, *inputs) == 3
    rows = {Path(row["path"]).name: row for row in summary(out)}
    assert len(rows) == 6
    assert (rows["chest.dcm"]["outcome"], rows["chest.dcm"]["sop_instance_uid"]) == ("analysed", good)
    assert (rows["lateral.dcm"]["outcome"], rows["lateral.dcm"]["code"]) == ("refused", "LATERAL_VIEW")
    assert rows["broken.dcm"]["outcome"] == "failed" and rows["broken.dcm"]["code"] not in ("INTERNAL", "OK")
    assert (rows["empty"]["outcome"], rows["empty"]["code"]) == ("failed", "NO_IMAGES")
    assert (rows["nowhere.dcm"]["outcome"], rows["nowhere.dcm"]["code"]) == ("failed", "FILE_MISSING")
    assert rows["chest.png"]["outcome"] == "analysed"
    refused = out / lateral
    assert sorted(path.name for path in refused.iterdir()) == ["analysis.json"]
    assert analysis(refused)["features"] == [] and analysis(refused)["observations"] == []
    errors = capsys.readouterr().err.splitlines()
    assert any(line.startswith("error [FILE_MISSING]: ") for line in errors)
    assert not any("Traceback" in line for line in errors)


def test_archives_and_discs_are_analysed_like_folders(toy_pack: Path, tmp_path: Path) -> None:
    disc, out = tmp_path / "disc", tmp_path / "out"
    disc.mkdir()
    uids = [write_dicom(disc / "IM1"), write_dicom(tmp_path / "b.dcm", picture(seed=2))]
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.write(tmp_path / "b.dcm", "in/b.dcm")
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as archive:
        archive.writestr("words.txt", "words")
    contents = write_dicomdir(disc, ["IM1"], ["GONE"])
    assert analyse(toy_pack, out, contents, tmp_path / "z.zip", tmp_path / "none.zip") == 3
    rows = {(row["path"], row["code"], row["sop_instance_uid"]) for row in summary(out)}
    assert rows == {
        (str(disc / "IM1"), "OK", uids[0]),
        (str(disc / "GONE"), "FILE_MISSING", ""),
        (str(tmp_path / "z.zip" / "in" / "b.dcm"), "OK", uids[1]),
        (str(tmp_path / "none.zip"), "NO_IMAGES", ""),
    }


def test_two_images_with_one_uid_do_not_hide_each_other(toy_pack: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    study.mkdir()
    for seed in (1, 2):
        write_dicom(study / f"{seed}.dcm", picture(seed=seed), SOPInstanceUID="1.2.3.4")
    shutil.copy(study / "1.dcm", study / "3.dcm")
    out = tmp_path / "out"
    for _ in range(2):  # a second run finds the same folders again
        assert analyse(toy_pack, out, study) == 0
        folders = sorted(path for path in out.iterdir() if path.is_dir())
        assert len(folders) == 3 and folders[0].name == "1.2.3.4"
        assert len({analysis(folder)["pixel_sha256"] for folder in folders}) == 2
        messages = [row["message"] for row in summary(out)]
        assert messages[0] == "" and all("same SOP Instance UID" in message for message in messages[1:])


def test_another_image_of_an_earlier_run_is_kept(toy_pack: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    for seed in (1, 2):
        write_dicom(tmp_path / f"{seed}.dcm", picture(seed=seed), SOPInstanceUID="1.2.3.4")
        assert analyse(toy_pack, out, tmp_path / f"{seed}.dcm") == 0
    hashes = {analysis(path)["pixel_sha256"] for path in out.iterdir() if path.is_dir()}
    assert len(hashes) == 2


def test_a_refusal_removes_an_earlier_report_of_the_image(toy_pack: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_dicom(tmp_path / "a.dcm", SOPInstanceUID="1.2.3.4")
    assert analyse(toy_pack, out, tmp_path / "a.dcm") == 0
    write_dicom(tmp_path / "a.dcm", SOPInstanceUID="1.2.3.4", BodyPartExamined="HIP")
    assert analyse(toy_pack, out, tmp_path / "a.dcm") == 3
    assert [path.name for path in (out / "1.2.3.4").iterdir()] == ["analysis.json"]


def test_every_format_that_the_image_allows(toy_pack: Path, tmp_path: Path) -> None:
    Image.fromarray((picture() >> 4).astype(np.uint8)).save(tmp_path / "a.png")
    uid = write_dicom(tmp_path / "b.dcm")
    out = tmp_path / "out"
    assert analyse(toy_pack, out, tmp_path / "a.png", tmp_path / "b.dcm", "--format", "all") == 0
    png, dicom = summary(out)
    assert f"Not written: {', '.join(DICOM)}; a DICOM report cannot" in png["message"] and dicom["message"] == ""
    names = {path.name for path in (out / png["sop_instance_uid"]).iterdir() if path.suffix != ".npy"}
    assert names == {"analysis.json", "report.json", "report.txt", "report.pdf"}
    names = {path.name for path in (out / uid).iterdir() if path.suffix != ".npy"}
    objects = {"report.dcm", "report_pdf.dcm", "presentation_state.dcm", "capture_01.dcm", "key_object.dcm"}
    assert names - {"segmentation.dcm"} >= {"analysis.json", "report.json", "report.txt", "report.pdf", *objects}


def test_results_inside_the_study_are_not_analysed_next_time(toy_pack: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    study.mkdir()
    write_dicom(study / "a.dcm")
    for _ in range(2):
        assert analyse(toy_pack, study / "results", study, "--format", "sr") == 0
        assert len(summary(study / "results")) == 1


def test_json_prints_the_summary(toy_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_dicom(tmp_path / "a.dcm")
    assert analyse(toy_pack, tmp_path / "out", tmp_path / "a.dcm", "--json") == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out) == summary(tmp_path / "out")
    assert captured.err == ""


def test_sources_are_not_changed(toy_pack: Path, tmp_path: Path) -> None:
    study = tmp_path / "study"
    study.mkdir()
    write_dicom(study / "a.dcm")
    before = (study / "a.dcm").read_bytes()
    assert analyse(toy_pack, tmp_path / "out", study) == 0
    assert (study / "a.dcm").read_bytes() == before and len(list(study.iterdir())) == 1


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["x.dcm"],
        ["--out", "o"],
        ["x.dcm", "--out", "o", "--device", "abacus"],
        ["x.dcm", "--out", "o", "--frmat", "pdf"],
        ["x.dcm", "--out", "o", "--format", "docx"],
        ["x.dcm", "--out", ""],
        ["x.dcm", "--out", " "],
        ["", "--out", "o"],
        ["x.dcm", "", "--out", "o"],
        ["x.dcm", "--out", "o", "--format", ""],
        ["x.dcm", "--out", "o", "--format", " , "],
        ["x.dcm", "--out", "o", "--pack", ""],
        ["x.dcm", "--out", "o", "--threads", "0"],
        ["x.dcm", "--out", "o", "--threads", "two"],
    ],
)
def test_wrong_arguments(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["analyse", *arguments]) == 2
    assert capsys.readouterr().err.startswith("error [")
    assert list(tmp_path.iterdir()) == []


def test_a_device_that_is_not_there_is_named_in_the_summary(
    toy_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    device = "coreml" if sys.platform != "darwin" else "directml"
    write_dicom(tmp_path / "a.dcm")
    out = tmp_path / "out"
    assert (
        main(["analyse", str(tmp_path / "a.dcm"), "--out", str(out), "--pack", str(toy_pack), "--device", device]) == 0
    )
    assert summary(out)[0]["message"].startswith(f"The device {device} is not available here")
    captured = capsys.readouterr()
    assert captured.err.startswith(f"warning: the device {device} is not available here")
    assert (captured.out + captured.err).count("not available") == 1


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted in another way there")
def test_the_model_has_the_threads_that_were_asked_for(toy_pack: Path, tmp_path: Path, repository: Path) -> None:
    """Of two runs that differ in this alone, one has that many threads more, in each of the two graphs."""
    write_dicom(tmp_path / "a.dcm")
    program = (
        "import os, sys\n"
        "from engine.cli import analyse\n"
        "kept, made = [], analyse.Analyzer\n"
        "analyse.Analyzer = lambda *args, **named: kept.append(made(*args, **named)) or kept[0]\n"
        "analyse.run(sys.argv[1:])\n"
        "print(len(os.listdir('/proc/self/task')))\n"
    )
    arguments = [str(tmp_path / "a.dcm"), "--out", str(tmp_path / "out"), "--pack", str(toy_pack), "--device", "cpu"]
    counts = []
    for threads in ("1", "4"):
        command = [sys.executable, "-c", program, *arguments, "--threads", threads]
        done = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True)
        counts.append(int(done.stdout.splitlines()[-1]))
    assert counts[1] - counts[0] == 2 * 3


def test_messages_are_sentences() -> None:
    said = sentences(["the view is lateral", "The file has 2 frames; one is shown.", "sae.onnx is damaged", "", "a"])
    assert said == "The view is lateral. The file has 2 frames; one is shown. sae.onnx is damaged. A."


def test_a_missing_pack_is_said_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_dicom(tmp_path / "a.dcm")
    arguments = ["analyse", str(tmp_path / "a.dcm"), "--out", str(tmp_path / "out"), "--pack", str(tmp_path / "none")]
    assert main(arguments) == 3
    errors = capsys.readouterr().err.splitlines()
    assert len(errors) == 1 and errors[0].startswith("error [PACK_MISSING]: ")
    assert main([*arguments, "--debug"]) == 3
    assert "Traceback" in capsys.readouterr().err


def test_a_fault_of_the_program_costs_only_its_image(
    toy_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = tmp_path / "study"
    study.mkdir()
    uids = [write_dicom(study / f"{seed}.dcm", picture(seed=seed)) for seed in (1, 2, 3)]
    from engine.report import wishes as command

    compose = command.compose

    def failing(given: Any, **kwargs: Any) -> Any:
        if given.sop_instance_uid == uids[1]:
            raise ZeroDivisionError("on purpose")
        return compose(given, **kwargs)

    monkeypatch.setattr(command, "compose", failing)
    out = tmp_path / "out"
    assert analyse(toy_pack, out, study) == 3
    assert [(row["outcome"], row["code"]) for row in summary(out)] == [
        ("analysed", "OK"),
        ("failed", "INTERNAL"),
        ("analysed", "OK"),
    ]


@pytest.mark.parametrize("out", ["file", "file/below", "/proc/foo"])
def test_a_folder_that_cannot_be_written_is_named_before_any_image_is_read(
    toy_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], out: str
) -> None:
    if out.startswith("/proc") and sys.platform != "linux":
        pytest.skip("there is no such place here")
    write_dicom(tmp_path / "a.dcm")
    (tmp_path / "file").write_text("a file")
    folder = tmp_path / out  # an absolute path stays as it is
    assert analyse(toy_pack, folder, tmp_path / "a.dcm", tmp_path / "nowhere.dcm") == 2
    captured = capsys.readouterr()
    (line,) = captured.err.splitlines()
    assert line.startswith("error [OUT_NOT_WRITABLE]: ") and str(folder) in line
    assert captured.out == ""


def test_a_disk_that_is_full_leaves_no_part_of_a_result_and_is_told(
    toy_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_dicom(tmp_path / "a.dcm")
    out = tmp_path / "out"

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert analyse(toy_pack, out, tmp_path / "a.dcm", "--json") == 3
    captured = capsys.readouterr()
    image, told = captured.err.splitlines()
    assert image.startswith("error [EXPORT_WRITE]: ") and str(out) in image
    assert told.startswith("error [EXPORT_WRITE]: ") and "summary.json" in told
    assert [row["code"] for row in json.loads(captured.out)] == ["EXPORT_WRITE"]
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("touch", ["status", "state", "pdf alone"])
def test_a_report_that_a_person_worked_on_is_not_replaced(
    toy_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], touch: str
) -> None:
    uid = write_dicom(tmp_path / "a.dcm")
    out = tmp_path / "out"
    assert analyse(toy_pack, out, tmp_path / "a.dcm") == 0
    report = json.loads((out / uid / "report.json").read_text(encoding="utf-8"))
    if touch == "status":
        report["status"] = "reviewed"
    elif touch == "state":
        report["sections"][0]["sentences"].append({"text": "Mine.", "state": "confirmed", "origin": "added"})
    (out / uid / "report.json").write_text(json.dumps(report), encoding="utf-8")
    if touch == "pdf alone":
        for path in (out / uid).glob("report.*"):
            path.unlink()
        (out / uid / "report.pdf").write_bytes(b"%PDF")
    before = {path.name: path.read_bytes() for path in (out / uid).iterdir()}
    assert analyse(toy_pack, out, tmp_path / "a.dcm") == 3
    assert "error [REPORT_REVIEWED]" in capsys.readouterr().err
    assert [row["code"] for row in summary(out)] == ["REPORT_REVIEWED"]
    assert {path.name: path.read_bytes() for path in (out / uid).iterdir()} == before


@pytest.mark.skipif(os.name == "nt", reason="signals are sent another way there")
@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_leaves_whole_files_and_a_summary(
    toy_pack: Path, tmp_path: Path, repository: Path, number: int
) -> None:
    study = tmp_path / "study"
    study.mkdir()
    for seed in range(200):
        write_dicom(study / f"{seed:03}.dcm", picture(400, 400, seed))
    out = tmp_path / "out"
    command = [
        sys.executable,
        "-c",
        # Whoever runs the tests may have them ignore the interrupt, which children inherit.
        "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler);"
        "from engine.cli.main import main; sys.exit(main(sys.argv[1:]))",
        "analyse",
        str(study),
        "--out",
        str(out),
        "--pack",
        str(toy_pack),
        "--device",
        "cpu",
    ]
    with subprocess.Popen(
        command, cwd=repository, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None and len(list(out.glob("*/report.txt"))) < 3:
            time.sleep(0.01)
        process.send_signal(number)
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "interrupted" in errors and "Traceback" not in errors
    rows = summary(out)
    assert 2 <= len(rows) < 200
    for row in rows:
        assert analysis(out / row["sop_instance_uid"])["features"]
        assert (out / row["sop_instance_uid"] / "report.json").is_file()
    for path in out.rglob("*.json"):
        json.loads(path.read_text(encoding="utf-8"))
    assert not list(out.rglob("*.part"))


@pytest.mark.slow
def test_a_leg_seen_from_the_side_is_no_chest(demo_pack: Path, tmp_path: Path, shared_data: Path) -> None:
    leg = shared_data / "dicom" / "radiographs" / "DX_vet_leg_YBR_jpeg.dcm"
    assert analyse(demo_pack, tmp_path / "out", leg) == 3
    (row,) = summary(tmp_path / "out")
    assert (row["outcome"], row["code"]) == ("refused", "NOT_A_CHEST")


def test_real_chests_and_other_radiographs(toy_pack: Path, tmp_path: Path, shared_data: Path) -> None:
    out = tmp_path / "out"
    assert analyse(toy_pack, out, shared_data / "dicom" / "radiographs") == 3
    rows = {Path(row["path"]).name: row for row in summary(out)}
    for name, row in rows.items():
        if name.startswith(("RG1_", "SIIM_PA_jpeg")):
            assert row["outcome"] == "analysed", name
        elif not name.startswith("SIIM"):
            assert row["outcome"] == "refused" and row["code"] in ("NOT_A_CHEST", "LATERAL_VIEW"), name
    assert len(rows) == 15
