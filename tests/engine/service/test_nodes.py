"""Two nodes in processes of their own, one queue, a real archive: killed again and again, and the database cut off."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests

from engine.service.postgres_link import Link
from tests.engine.network.orthanc import running
from tests.engine.service.postgres import Postgres
from tests.engine.service.test_serve import SERVE, series_of, serving, write_images


def settled(page: str, wanted: dict[str, int], seconds: float = 300) -> dict[str, Any]:
    """What a node's page says once the jobs are as wanted."""
    end = time.monotonic() + seconds
    while True:
        state: dict[str, Any] = requests.get(f"{page}health", timeout=60).json()
        if state.get("jobs") == wanted or time.monotonic() > end:
            return state
        time.sleep(0.3)


@pytest.mark.slow
def test_two_nodes_killed_in_turns_and_a_database_that_goes_lose_and_double_nothing(
    toy_pack: Path, tmp_path: Path, repository: Path, server: Postgres, database: Link
) -> None:
    kills, count = 4, 16
    write_images(tmp_path / "in", count)
    chance = random.Random(11)
    with running(tmp_path / "orthanc") as archive:
        nodes = archive.nodes(tmp_path / "nodes.toml")
        common = ["pacs", "--nodes", nodes, "--pack", toy_pack, "--least-free", "1"]
        common += ["--queue", server.url, "--lease", "4"]
        first = [*common, "--node-name", "first", "--state", tmp_path / "first", "--watch", tmp_path / "in"]
        second = [*common, "--node-name", "second", "--state", tmp_path / "second", "--work-only"]
        for number in range(kills):
            with (
                serving(repository, tmp_path / "log1", *first) as (one, _),
                serving(repository, tmp_path / "log2", *second) as (other, _),
            ):
                time.sleep(chance.uniform(0, 3))
                (one, other)[number % 2].kill()
                time.sleep(chance.uniform(0, 2))
        with (
            serving(repository, tmp_path / "log1", *first),
            serving(repository, tmp_path / "log2", *second) as (_, page),
        ):
            time.sleep(2)
            database.close()
            server.stop()
            gone = requests.get(f"{page}health", timeout=60).json()
            assert gone["ok"] is False and gone["error"] == "QUEUE_LOST"
            time.sleep(3)
            server.start()
            state = settled(page, {"done": count})
            assert state["jobs"] == {"done": count}, state
            assert [row["name"] for row in state["nodes"] if row["alive"]] == ["first", "second"]
            assert all(sum(row["analysed"] for row in state["nodes"] if row["name"] == n) for n in ("first", "second"))
            assert "<table><tr><th>name<td>first" in requests.get(page, timeout=60).text
        found, held = series_of(archive), archive.instances()
    assert sorted(held) == sorted(uid for (uid,) in database.run("SELECT uid FROM saerad.result"))
    assert len(found) == count
    for kinds in found.values():
        assert {name: kinds[name] for name in ("SR", "PR", "DOC", "KO")} == {"SR": 1, "PR": 1, "DOC": 1, "KO": 1}, kinds
    assert database.run("SELECT count(*) FROM saerad.image") == [[0]]
    left = [sys.executable, "-W", "ignore", "-c", SERVE, *map(str, first), "--once", "--json", "--device", "cpu"]
    done = subprocess.run(left, cwd=repository, capture_output=True, check=True, timeout=100)
    assert json.loads(done.stdout)["jobs"] == {"done": count}
    assert list((tmp_path / "first" / "inbox").iterdir()) == []
