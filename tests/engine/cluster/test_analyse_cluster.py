"""A batch on a cluster leaves what one on this machine leaves, whatever becomes of workers and command."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pydicom
import pytest

from engine.cli import analyse, cluster_batch
from engine.cli.batch import Maker, Pending
from engine.cli.main import main
from engine.cluster import opening
from engine.cluster.ray_crew import RayCrew
from engine.errors import PackError
from tests.engine.cli.test_read_ahead import contents, mixed_study
from tests.engine.cluster import jobs

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals"),
]


@pytest.fixture
def on_pair(pair: RayCrew, monkeypatch: pytest.MonkeyPatch) -> RayCrew:
    """Lets ``--cluster pair`` be the workers of this module."""

    @contextmanager
    def given(address: str, *, cpus: int, gpus: int) -> Iterator[RayCrew]:
        assert (address, cpus, gpus) == ("pair", 1, 0)
        yield pair

    monkeypatch.setattr(opening, "open_crew", given)
    return pair


def arguments(pack: Path, study: Path, out: Path, *more: str) -> list[str]:
    return ["analyse", str(study), "--out", str(out), "--pack", str(pack), "--device", "cpu", "--threads", "1", *more]


def told(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("warning: a worker died")]


def test_the_bytes_are_those_of_one_process(
    on_pair: RayCrew, toy_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = tmp_path / "study"
    mixed_study(study)
    (study / "zz.dcm").write_bytes((study / "1.dcm").read_bytes())  # one UID twice
    said = []
    for place in ("here", "there"):
        more = ["--cluster", "pair"] if place == "there" else []
        assert main(arguments(toy_pack, study, tmp_path / place, *more)) == 3
        captured = capsys.readouterr()
        said.append((captured.out, told(captured.err)))
    assert said[0] == said[1]
    assert contents(tmp_path / "here") == contents(tmp_path / "there")
    assert len(list((tmp_path / "there").glob("*_*"))) == 1


def test_a_corrected_report_names_the_one_before(on_pair: RayCrew, toy_pack: Path, tmp_path: Path) -> None:
    study, out = tmp_path / "study", tmp_path / "out"
    mixed_study(study)
    reports = []
    for _ in range(2):
        assert main(arguments(toy_pack, study / "1.dcm", out, "--format", "sr", "--cluster", "pair")) == 0
        (path,) = out.glob("*/report.dcm")
        reports.append(pydicom.dcmread(path))
    (earlier,) = reports[1].PredecessorDocumentsSequence
    named = earlier.ReferencedSeriesSequence[0].ReferencedSOPSequence[0].ReferencedSOPInstanceUID
    assert named == reports[0].SOPInstanceUID != reports[1].SOPInstanceUID


def kill_one(workers: Iterable[int]) -> None:
    """Kill a worker that lives after half a second; Ray ends those of an earlier map when it likes."""
    time.sleep(0.5)
    for pid in workers:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
        return


def test_killed_workers_and_a_killed_command_cost_no_image(
    on_pair: RayCrew, toy_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study, out, here = tmp_path / "study", tmp_path / "out", tmp_path / "here"
    mixed_study(study)
    assert main(arguments(toy_pack, study, here)) == 3
    workers = {pid for _, pid in on_pair.map(jobs.note, tmp_path, range(6))}
    threading.Thread(target=kill_one, args=(workers,), daemon=True).start()

    class Killed(BaseException):
        """As if the command had ended here."""

    made = cluster_batch.cluster_maker

    def ending(crew: RayCrew, task: cluster_batch.ClusterTask) -> Maker:
        def make(files: Sequence[Path | None]) -> Generator[Pending | None, None, None]:
            for number, pending in enumerate(made(crew, task)(files)):
                if number == 4:
                    raise Killed
                yield pending

        return make

    with monkeypatch.context() as patch:
        patch.setattr(cluster_batch, "cluster_maker", ending)
        with pytest.raises(Killed):
            analyse.run(arguments(toy_pack, study, out, "--cluster", "pair", "--debug")[1:])
    assert not (out / "summary.json").exists()
    assert main(arguments(toy_pack, study, out, "--cluster", "pair", "--resume")) == 3
    assert contents(out) == contents(here)


def test_an_image_that_kills_every_worker_fails_and_the_others_go_on(
    on_pair: RayCrew, toy_pack: Path, tmp_path: Path
) -> None:
    names = [tmp_path / name for name in ("a", "deadly", "b", "c")]
    found = list(cluster_batch.images_of(on_pair, jobs.die_of, None, names))
    assert [image.error.code if image.error else image.uid for image in found] == ["a", "CLUSTER_WORKER_DIED", "b", "c"]


def test_a_worker_with_another_pack_is_refused(toy_pack: Path) -> None:
    opening = cluster_batch.ModelOpening(str(toy_pack), "0" * 64, "cpu", 1, "messages", "auto")
    with pytest.raises(PackError, match="CLUSTER_PACK"):
        cluster_batch.describe_model(opening, None)


def test_what_does_not_go_with_a_cluster(toy_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    given = arguments(toy_pack, tmp_path, tmp_path / "out", "--cluster", "local", "--plugin", "x")
    assert main(given) == 2
    assert "--rewrite and --plugin do not go with --cluster" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
