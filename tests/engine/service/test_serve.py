"""The service in a process of its own, against a real archive: killed at any moment, nothing is lost or sent twice."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
import requests

from engine.network.nodes import load_nodes
from engine.network.peer import Peer
from engine.network.store import read_outgoing
from tests.engine.network.orthanc import Orthanc, free_port, running
from tests.engine.pictures import picture, write_dicom

SERVE = "import sys; from engine.cli.main import main; sys.exit(main(['serve', *sys.argv[1:]]))"


def write_images(folder: Path, count: int) -> list[Path]:
    """Images of studies of their own."""
    folder.mkdir(exist_ok=True)
    paths = [folder / f"{number:04}.dcm" for number in range(count)]
    for number, path in enumerate(paths):
        study = f"1.2.826.0.1.3680043.10.7.{number + 1}"
        write_dicom(
            path, picture(seed=number), StudyInstanceUID=study, SeriesInstanceUID=f"{study}.1",
            SOPInstanceUID=f"{study}.1.1", PatientID=f"P{number}",
        )  # fmt: skip
    return paths


@contextmanager
def serving(repository: Path, log: Path, *arguments: str | Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The service, once its health page is open, and the page's address."""
    command = [sys.executable, "-W", "ignore", "-c", SERVE, *map(str, arguments), "--device", "cpu", "--health", "0"]
    log.write_bytes(b"")
    with log.open("wb") as stream:
        process = subprocess.Popen(command, cwd=repository, stderr=stream, env=os.environ | {"OMP_NUM_THREADS": "1"})
    try:
        end = time.monotonic() + 120
        while "health page: " not in (text := log.read_text(encoding="utf-8")) and time.monotonic() < end:
            assert process.poll() is None, text
            time.sleep(0.05)
        yield process, text.partition("health page: ")[2].split()[0]
    finally:
        process.kill()
        process.wait()


def series_of(archive: Orthanc) -> dict[str, Counter[str]]:
    """Modalities of the series of each study, with the number of their instances."""
    found: dict[str, Counter[str]] = {}
    for study in archive.get("studies?expand"):
        kinds = Counter[str]()
        for series in archive.get(f"studies/{study['ID']}/series"):
            kinds[series["MainDicomTags"]["Modality"]] += len(series["Instances"])
        found[study["MainDicomTags"]["StudyInstanceUID"]] = kinds
    return found


@pytest.mark.slow
def test_it_receives_and_says_how_it_is(toy_pack: Path, tmp_path: Path, repository: Path) -> None:
    paths = write_images(tmp_path / "in", 3)
    with running(tmp_path / "orthanc") as archive:
        nodes = archive.nodes(tmp_path / "nodes.toml")
        port = free_port()
        text = nodes.read_text(encoding="utf-8").replace(f"port = {archive.move_port}", f"port = {port}")
        own = f'[nodes.own]\nkind = "dimse"\nhost = "127.0.0.1"\nport = {port}\nae_title = "SAERAD"\n'
        nodes.write_text(text + own, encoding="utf-8")
        given = ["pacs", "--listen", "--state", tmp_path / "state", "--nodes", nodes, "--pack", toy_pack]
        with serving(repository, tmp_path / "log", *given, "--most-waiting", "2", "--least-free", "1") as (_, page):
            peer = Peer(load_nodes(nodes), "own")
            peer.echo()
            outcomes = [sent for path in paths for sent in peer.send([read_outgoing(path)], retries=6)]
            assert [sent.code for sent in outcomes] == ["OK"] * 3, "the third waits until there is room"
            end = time.monotonic() + 120
            while requests.get(f"{page}health", timeout=10).json()["jobs"] != {"done": 3} and time.monotonic() < end:
                time.sleep(0.2)
            state = requests.get(f"{page}health", timeout=10).json()
            assert state["ok"] and state["jobs"] == {"done": 3} and state["waiting"] == 0
            assert "<table>" in requests.get(page, timeout=10).text
            assert [sent.stored for sent in peer.send([read_outgoing(paths[0])])] == [True]
            assert requests.get(f"{page}health", timeout=10).json()["jobs"] == {"done": 3}
            sender = tmp_path / "sender.toml"
            sender.write_text(f'[local]\nae_title = "SENDER"\nport = {free_port()}\n{own}', encoding="utf-8")
            kept = Peer(load_nodes(sender), "own").commit([read_outgoing(path) for path in paths], 30.0)
            assert [sent.code for sent in kept] == ["OK"] * 3, "what is done stays for its time"
        found = series_of(archive)
        assert len(found) == 3 and all(kinds["SR"] == kinds["PR"] == kinds["KO"] == 1 for kinds in found.values())
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "1.2.826" not in log and "analysed" in log
    assert len(list((tmp_path / "state" / "inbox").iterdir())) == 3
    assert list((tmp_path / "state" / "results").iterdir()) == []


@pytest.mark.slow
def test_killed_at_random_points_it_loses_and_doubles_nothing(toy_pack: Path, tmp_path: Path, repository: Path) -> None:
    kills, count = 10, 40
    paths = write_images(tmp_path / "in", count)
    chance = random.Random(7)
    with running(tmp_path / "orthanc") as archive:
        nodes = archive.nodes(tmp_path / "nodes.toml")
        given = [
            "pacs",
            "--watch",
            tmp_path / "in",
            "--state",
            tmp_path / "state",
            "--nodes",
            nodes,
            "--pack",
            toy_pack,
        ]
        given += ["--least-free", "1"]
        for _ in range(kills):
            with serving(repository, tmp_path / "log", *given) as (process, _page):
                time.sleep(chance.uniform(0, 3))
                process.kill()
        left = [sys.executable, "-W", "ignore", "-c", SERVE, *map(str, given), "--device", "cpu", "--once", "--json"]
        done = subprocess.run(left, cwd=repository, capture_output=True, check=False, timeout=400)
        assert done.returncode == 0, done.stderr.decode()
        assert json.loads(done.stdout)["jobs"] == {"done": count}
        found, held = series_of(archive), archive.instances()
    with closing(sqlite3.connect(tmp_path / "state" / "queue.sqlite")) as queue:
        assert sorted(held) == sorted(uid for (uid,) in queue.execute("SELECT uid FROM result"))
    assert len(found) == len(paths)
    for kinds in found.values():
        assert {name: kinds[name] for name in ("SR", "PR", "DOC", "KO")} == {"SR": 1, "PR": 1, "DOC": 1, "KO": 1}, kinds
