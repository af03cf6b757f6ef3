"""Kill ``saerad serve`` at random points and count what arrived: ``python -m tests.benchmarks.serve_kills 1000 50``.

Needs Linux and Orthanc (Debian packages orthanc and orthanc-dicomweb). Prints one JSON object: images, kills, jobs by
state, images whose results are all there once, those lost, those doubled, the seconds it took, and the memory of the
last run, which nothing kills, over the jobs that it brings to their end.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from tests.engine.network.orthanc import running
from tests.engine.service.test_serve import SERVE, series_of, serving, write_images
from tests.engine.toy_pack import build_toy_pack

STEP = 50
"""A row of the memory for so many jobs."""

ONCE = ("SR", "PR", "DOC", "KO")


def watch(process: subprocess.Popen[bytes], queue: Path) -> list[dict[str, float]]:
    """Return jobs at their end and resident memory (MiB) of the service and of its children, until the process ends."""
    rows, next_row = list[dict[str, float]](), at_their_end(queue) + 1
    while process.poll() is None:
        done, service = at_their_end(queue), resident(process.pid)
        if service and done >= next_row:
            next_row = done + STEP
            children = sum(map(resident, children_of(process.pid)))
            rows.append({"done": done, "service_mib": round(service, 1), "children_mib": round(children, 1)})
        time.sleep(0.5)
    return rows


def at_their_end(queue: Path) -> int:
    """Jobs that are done, of the service's own database, which is only read."""
    with closing(sqlite3.connect(f"file:{queue}?mode=ro", uri=True, timeout=10)) as database:
        return int(database.execute("SELECT count(*) FROM job WHERE state = 'done'").fetchone()[0])


def resident(pid: int) -> float:
    """Resident memory in MiB; 0 for a process that has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)


def children_of(pid: int) -> list[int]:
    """Processes that a process started, and theirs."""
    found = [one for path in Path(f"/proc/{pid}/task").glob("*/children") for one in path.read_text("ascii").split()]
    return [one for child in map(int, found) for one in (child, *children_of(child))]


def main() -> None:
    """Run it with the given numbers of images and kills."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", type=int)
    parser.add_argument("kills", type=int)
    parser.add_argument("--longest", type=float, default=3.0, help="seconds after the last job, at most")
    options = parser.parse_args()
    repository, begun, chance = Path(__file__).resolve().parents[2], time.monotonic(), random.Random(1)
    with tempfile.TemporaryDirectory() as name, running(Path(name) / "orthanc") as archive:
        work = Path(name)
        write_images(work / "in", options.images)
        nodes, pack = archive.nodes(work / "nodes.toml"), build_toy_pack(work / "pack")
        given = ["pacs", "--watch", work / "in", "--state", work / "state", "--nodes", nodes, "--pack", pack]
        share, killed_at = options.images / (options.kills + 1), list[int]()
        for _ in range(options.kills):
            with serving(repository, work / "log", *given) as (process, _page):
                # So that the kills are spread over all of the work, and each falls anywhere within a job.
                until = at_their_end(work / "state" / "queue.sqlite") + int(chance.uniform(0, 2 * share))
                until = min(until, options.images)
                while process.poll() is None and at_their_end(work / "state" / "queue.sqlite") < until:
                    time.sleep(0.1)
                time.sleep(chance.uniform(0, options.longest))
                process.kill()
            killed_at.append(at_their_end(work / "state" / "queue.sqlite"))
        begun_last = time.monotonic()
        arguments = ["-W", "ignore", "-c", SERVE, *map(str, given), "--once", "--json", "--device", "cpu"]
        last = subprocess.Popen(
            [sys.executable, *arguments], cwd=repository, env=os.environ | {"OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        memory = watch(last, work / "state" / "queue.sqlite")
        answer = last.communicate()[0]
        if last.returncode:
            raise SystemExit(f"the last run ended with {last.returncode}")
        last_s = time.monotonic() - begun_last
        found = series_of(archive)
    whole = sum(all(kinds[kind] == 1 for kind in ONCE) for kinds in found.values())
    doubled = sum(any(kinds[kind] > 1 for kind in ONCE) for kinds in found.values())
    told = {
        "images": options.images,
        "kills": options.kills,
        "killed_at": killed_at,
        "jobs": json.loads(answer)["jobs"],
        "whole": whole,
        "doubled": doubled,
        "lost": options.images - whole - doubled,
        "last_run_seconds": round(last_s, 1),
        "memory": memory,
        "seconds": round(time.monotonic() - begun, 1),
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
