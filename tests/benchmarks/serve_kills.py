"""Kill ``saerad serve`` at random points and count what arrived: ``python -m tests.benchmarks.serve_kills 1000 50``.

Needs Orthanc (Debian packages orthanc and orthanc-dicomweb). Prints one JSON object: images, kills, jobs by state,
images whose results are all there once, those lost, those doubled, and the seconds it took.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.engine.network.orthanc import running
from tests.engine.service.test_serve import SERVE, series_of, serving, write_images
from tests.engine.toy_pack import build_toy_pack

ONCE = ("SR", "PR", "DOC", "KO")


def main() -> None:
    """Run it with the given numbers of images and kills."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("images", type=int)
    parser.add_argument("kills", type=int)
    parser.add_argument("--longest", type=float, default=5.0, help="seconds of work before a kill, at most")
    options = parser.parse_args()
    repository, begun, chance = Path(__file__).resolve().parents[2], time.monotonic(), random.Random(1)
    with tempfile.TemporaryDirectory() as name, running(Path(name) / "orthanc") as archive:
        work = Path(name)
        write_images(work / "in", options.images)
        nodes, pack = archive.nodes(work / "nodes.toml"), build_toy_pack(work / "pack")
        given = ["pacs", "--watch", work / "in", "--state", work / "state", "--nodes", nodes, "--pack", pack]
        for _ in range(options.kills):
            with serving(repository, work / "log", *given) as (process, _page):
                time.sleep(chance.uniform(0, options.longest))
                process.kill()
        last = [sys.executable, "-W", "ignore", "-c", SERVE, *map(str, given), "--once", "--json", "--device", "cpu"]
        done = subprocess.run(last, cwd=repository, env=os.environ, capture_output=True, check=True)
        found = series_of(archive)
    whole = sum(all(kinds[kind] == 1 for kind in ONCE) for kinds in found.values())
    doubled = sum(any(kinds[kind] > 1 for kind in ONCE) for kinds in found.values())
    told = {
        "images": options.images,
        "kills": options.kills,
        "jobs": json.loads(done.stdout)["jobs"],
        "whole": whole,
        "doubled": doubled,
        "lost": options.images - whole - doubled,
        "seconds": round(time.monotonic() - begun, 1),
    }
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main()
