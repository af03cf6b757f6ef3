"""A run that was killed goes on: what lies there whole is not analysed again, everything else is."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from engine.cli import batch
from engine.cli.main import main
from tests.engine.cli.test_read_ahead import contents, mixed_study

PROGRAM = "import sys; from engine.cli.main import main; sys.exit(main(['analyse', *sys.argv[1:]]))"


def arguments(pack: Path, study: Path, out: Path, *more: str) -> list[str]:
    return [str(study), "--out", str(out), "--pack", str(pack), "--device", "cpu", *more]


def test_a_killed_run_goes_on_and_ends_as_one_that_was_not(
    toy_pack: Path, tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, out, whole = tmp_path / "study", tmp_path / "out", tmp_path / "whole"
    mixed_study(study)
    assert main(["analyse", *arguments(toy_pack, study, whole)]) == 3
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, *arguments(toy_pack, study, out)],
        cwd=repository, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=os.environ | {"OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    journal = out / "progress.jsonl"
    end = time.monotonic() + 120
    while not (journal.is_file() and len(journal.read_text().splitlines()) > 3) and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with journal.open("a") as stream:
        stream.write('{"file": "half')
    before = {line["file"] for line in map(json.loads, journal.read_text().splitlines()[1:-1])}
    assert len(before) >= 3
    again = []
    finish = batch.LocalImage.finish

    def counted(image: batch.LocalImage, *given: Any) -> Any:
        made = finish(image, *given)
        again.append(made[1])
        return made

    monkeypatch.setattr(batch.LocalImage, "finish", counted)
    assert main(["analyse", *arguments(toy_pack, study, out, "--resume")]) == 3
    expected = contents(whole)
    analysed = sum(row["outcome"] != "failed" for row in json.loads((whole / "summary.json").read_text()))
    assert len(again) == analysed - len(before)
    found = contents(out)
    assert sorted(found.pop("progress.jsonl").splitlines()) == sorted(expected.pop("progress.jsonl").splitlines())
    assert {name: data for name, data in found.items() if ".part" not in name} == expected


def test_what_has_changed_or_gone_is_analysed_again_and_another_run_is_not_mixed_in(
    toy_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study, out = tmp_path / "study", tmp_path / "out"
    mixed_study(study)
    given = ["analyse", *arguments(toy_pack, study, out, "--json")]
    assert main(given) == 3
    first = json.loads(capsys.readouterr().out)
    times = {row["path"]: _time(out, row) for row in first if row["outcome"] == "analysed"}
    changed, gone = list(times)[:2]
    os.utime(changed)
    (out / next(row["sop_instance_uid"] for row in first if row["path"] == gone) / "analysis.json").unlink()
    assert main([*given, "--resume"]) == 3
    second = json.loads(capsys.readouterr().out)
    assert second == first
    renewed = {row["path"] for row in second if row["path"] in times and _time(out, row) != times[row["path"]]}
    assert renewed == {changed, gone}
    assert main([*given, "--resume", "--map-method", "integrated"]) == 2
    assert "RESUME_OTHER" in capsys.readouterr().err


def _time(out: Path, row: dict[str, str]) -> int:
    return (out / row["sop_instance_uid"] / "analysis.json").stat().st_mtime_ns
