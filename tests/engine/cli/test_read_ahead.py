"""Reading ahead changes nothing but the time: results, order, memory, and what one bad file can do."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from engine.cli import analyse as command
from engine.cli import read_ahead
from engine.cli.main import main
from engine.cli.read_ahead import AHEAD, ReadAhead, Upcoming
from engine.dicom.radiograph import Radiograph
from engine.errors import WorkerError
from engine.inference.analyzer import Analyzer
from engine.pack.library import load_pack
from engine.worker.decode import close_shared_decoder, shared_decoder, submit_decode
from engine.worker.job import Job
from tests.engine.pictures import picture, write_dicom


def analyse(pack: Path, study: Path, out: Path) -> int:
    return main(["analyse", str(study), "--out", str(out), "--pack", str(pack), "--device", "cpu"])


def contents(out: Path) -> dict[str, Any]:
    """Every file of the results; of an analysis all but how long its steps took."""
    found: dict[str, Any] = {}
    for path in sorted(path for path in out.rglob("*") if path.is_file()):
        found[str(path.relative_to(out))] = path.read_bytes()
        if path.name == "analysis.json":
            values = json.loads(path.read_bytes())
            found[str(path.relative_to(out))] = values | {"timing_ms": sorted(values["timing_ms"])}
    return found


def mixed_study(study: Path) -> None:
    study.mkdir()
    for seed in range(4):
        write_dicom(study / f"{seed}.dcm", picture(200 + seed, 150, seed))
    write_dicom(study / "0a.dcm", ViewPosition="LL")
    write_dicom(study / "0b.dcm", picture(12, 300))  # too small: cannot be prepared
    write_dicom(study / "0c.dcm", picture(12, 300), ViewPosition="LL")  # refused before that matters
    write_dicom(study / "0d.dcm", picture() // 4096)  # blank
    (study / "1a.dcm").write_bytes(b"\0" * 128 + b"DICM" + b"\xff" * 50)
    Image.fromarray((picture(seed=9) >> 4).astype("uint8")).save(study / "2a.png")


def test_ahead_and_one_by_one_give_the_same(
    toy_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mixed_study(tmp_path / "study")
    out = tmp_path / "out"
    runs = []
    for ahead in (0, AHEAD, 20):
        monkeypatch.setattr(command, "AHEAD", ahead)
        status = analyse(toy_pack, tmp_path / "study", out)
        runs.append((status, contents(out), capsys.readouterr()))
        out.rename(tmp_path / f"out{ahead}")
    assert runs[0] == runs[1] == runs[2]
    status, files, _ = runs[0]
    rows = {Path(row["path"]).name: (row["outcome"], row["code"]) for row in json.loads(files["summary.json"])}
    assert status == 3 and list(rows) == sorted(rows)
    assert rows["0b.dcm"] == ("failed", "IMAGE_SHAPE") and rows["0c.dcm"] == ("refused", "LATERAL_VIEW")
    assert rows["0d.dcm"] == ("refused", "NOT_A_RADIOGRAPH")
    assert [rows[f"{seed}.dcm"] for seed in range(4)] == [("analysed", "OK")] * 4


def instead(path: Path, function: str, *args: object) -> Callable[[Path], Job[Any]]:
    """What a file does to its decoder, done to the real one by a function in place of the file."""

    def submit(given: Path) -> Job[Any]:
        return shared_decoder().submit(function, *args) if given == path else submit_decode(given)

    return submit


def test_a_file_that_kills_the_decoder_loses_only_itself(
    toy_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = tmp_path / "study"
    study.mkdir()
    for seed in range(6):
        write_dicom(study / f"{seed}.dcm", picture(seed=seed))
    monkeypatch.setattr(read_ahead, "submit_decode", instead(study / "2.dcm", "os:abort"))
    assert analyse(toy_pack, study, tmp_path / "out") == 3
    rows = json.loads((tmp_path / "out" / "summary.json").read_bytes())
    expected = [("failed", "WORKER_CRASHED") if seed == 2 else ("analysed", "OK") for seed in range(6)]
    assert [(row["outcome"], row["code"]) for row in rows] == expected


def live() -> int:
    gc.collect()
    # Not isinstance, which asks the other objects of the process for their class and wakes what some of them import.
    return sum(type(item) is Radiograph for item in gc.get_objects())


def test_no_more_images_are_held_than_it_says(toy_pack: Path, tmp_path: Path) -> None:
    paths: list[Path | None] = []
    for seed in range(8):
        write_dicom(tmp_path / f"{seed}.dcm", picture(seed=seed))
        paths.append(tmp_path / f"{seed}.dcm")
    close_shared_decoder()  # it holds the last image of the test before
    before, most = live(), 0
    with ReadAhead(paths, Analyzer(load_pack(toy_pack), "cpu").prepare, AHEAD) as reading:
        for number, upcoming in enumerate(reading):
            assert upcoming is not None and upcoming.prepared() is not None
            expected = min(AHEAD + 1, len(paths) - number)
            deadline = time.monotonic() + 30
            while live() - before < expected and time.monotonic() < deadline:
                time.sleep(0.01)
            time.sleep(0.1)  # long enough to read another of these small files, if one were asked for
            most = max(most, live() - before)
            assert live() - before >= expected
    assert most == AHEAD + 1


@pytest.mark.parametrize("stuck", [0, 1])
def test_leaving_stops_a_file_that_takes_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stuck: int) -> None:
    for seed in range(3):
        write_dicom(tmp_path / f"{seed}.dcm", picture(seed=seed))
    paths: list[Path | None] = [tmp_path / f"{seed}.dcm" for seed in range(3)]
    shared_decoder().warm_up().result()
    monkeypatch.setattr(read_ahead, "submit_decode", instead(tmp_path / f"{stuck}.dcm", "time:sleep", 50))
    given: list[Upcoming | None] = []
    start = time.monotonic()
    with pytest.raises(KeyboardInterrupt), ReadAhead(paths, lambda _: None, AHEAD) as reading:
        for upcoming in reading:
            given.append(upcoming)
            time.sleep(0.3)
            raise KeyboardInterrupt
    assert time.monotonic() - start < 20
    assert len(given) == 1
    assert submit_decode(tmp_path / "2.dcm").result().rows == 96


def test_a_place_without_a_file_stays_in_its_place(tmp_path: Path) -> None:
    write_dicom(tmp_path / "a.dcm")
    with ReadAhead([None, tmp_path / "a.dcm", None], lambda _: None, AHEAD) as reading:
        assert [upcoming is None for upcoming in reading] == [True, False, True]


def test_an_error_is_raised_to_whoever_asks_for_that_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_dicom(tmp_path / "a.dcm")
    monkeypatch.setattr(read_ahead, "submit_decode", instead(tmp_path / "b.dcm", "os:abort"))
    with ReadAhead([tmp_path / "b.dcm", tmp_path / "a.dcm"], lambda _: None, AHEAD) as reading:
        first, second = list(reading)
        assert first is not None and second is not None
        with pytest.raises(WorkerError, match="crashed"):
            first.radiograph()
        assert second.radiograph().rows == 96 and second.prepared() is None
