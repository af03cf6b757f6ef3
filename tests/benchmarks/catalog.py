"""How long the index of studies takes for 1,000 files, beside pydicom reading the same headers.

    .venv/bin/python -m tests.benchmarks.catalog [--files 1000] [--rounds 3] [--json]

Radiographs of the demonstration study, each written many times with identities of its own, are indexed in a new index
("first look") and again ("second look", all unchanged). The peer is ``pydicom.dcmread(stop_before_pixels=True)`` over
the same files, its values of what the index keeps taken as text; nothing is stored. All three are run in turns, with
the files in the system's cache; with ``--cold`` it is emptied of them before each (Linux).
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pydicom

from engine.catalog.look import look
from engine.catalog.reading import Catalog
from engine.resources import resource_path

BUDGET_S = 1.0
KEPT = (
    "PatientID", "PatientName", "PatientBirthDate", "PatientSex", "IssuerOfPatientID", "StudyInstanceUID", "StudyDate",
    "StudyTime", "StudyDescription", "AccessionNumber", "SeriesInstanceUID", "SeriesNumber", "Modality",
    "SeriesDescription", "BodyPartExamined", "SOPInstanceUID", "InstanceNumber", "ViewPosition", "ImageLaterality",
)  # fmt: skip


def write_files(folder: Path, count: int) -> list[Path]:
    """Write `count` radiographs, four to a study, two studies to a patient."""
    sources = [pydicom.dcmread(path) for path in sorted(resource_path("demo").glob("0[123]*.dcm"))]
    written = []
    for number in range(count):
        image = sources[number % len(sources)]
        image.PatientName, image.PatientID = f"Patient^{number // 8}", f"P{number // 8}"
        image.StudyInstanceUID, image.SeriesInstanceUID = f"1.2.{number // 4}", f"1.2.{number // 4}.1"
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = f"1.3.{number}"
        path = folder / f"{number // 100:02}" / f"{number:05}.dcm"
        path.parent.mkdir(exist_ok=True)
        image.save_as(path)
        written.append(path)
    os.sync()
    return written


def forget(files: list[Path]) -> None:
    """Drop files from the system's cache."""
    for path in files:
        handle = os.open(path, os.O_RDONLY)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)


def timed(work: Callable[[], object]) -> float:
    """Seconds of one call."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def peer(files: list[Path]) -> None:
    """Read what the index keeps with pydicom alone."""
    for path in files:
        header = pydicom.dcmread(path, stop_before_pixels=True)
        for keyword in KEPT:
            str(header.get(keyword, ""))


def measure(count: int, rounds: int, cold: bool) -> dict[str, Any]:
    """Seconds of each, the median over the rounds."""
    seconds: dict[str, list[float]] = {"first look": [], "second look": [], "pydicom": [], "1,000 answers": []}
    with tempfile.TemporaryDirectory(prefix="saerad-bench-") as name:
        folder = Path(name).resolve() / "images"
        folder.mkdir()
        files = write_files(folder, count)
        size = sum(path.stat().st_size for path in files)
        for number in range(rounds):
            index = folder.parent / f"{number}.sqlite"
            for what, work in (
                ("pydicom", lambda: peer(files)),
                ("first look", lambda index=index: look(index, [folder])),
                ("second look", lambda index=index: look(index, [folder])),
            ):
                if cold:
                    forget(files)
                seconds[what].append(timed(work))
            catalog = Catalog(index)
            if sum(row.images for row in catalog.studies()) != count:
                raise SystemExit("the index does not hold all files")
            seconds["1,000 answers"].append(timed(lambda c=catalog: [c.studies(f"p{n % 125}") for n in range(1000)]))
    middle = {what: statistics.median(values) for what, values in seconds.items()}
    return {
        "ours": {what: middle[what] for what in ("first look", "second look", "1,000 answers")},
        "peers": {"pydicom": middle["pydicom"], "budget": BUDGET_S * count / 1000},
        "ratio": middle["pydicom"] / middle["second look"],
        "ratio_first_look": middle["pydicom"] / middle["first look"],
        "files": count, "megabytes": size / 1e6, "cold": cold, "seconds": seconds,
    }  # fmt: skip


def table(result: dict[str, Any]) -> str:
    """The result for people."""
    lines = [f"{result['files']} files, {result['megabytes']:.0f} MB, {'cold' if result['cold'] else 'warm'}"]
    for what, values in result["seconds"].items():
        lines.append(f"{what:15} {statistics.median(values):8.3f} s   ({min(values):.3f} to {max(values):.3f})")
    lines.append(f"second look {result['ratio']:.1f} times, first look {result['ratio_first_look']:.2f} times pydicom")
    return "\n".join(lines)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="How long the index of studies takes.")
    parser.add_argument("--files", type=int, default=1000, help="how many files (default: 1000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often (default: 3)")
    parser.add_argument("--cold", action="store_true", help="empty the system's cache of the files before each")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    result = measure(options.files, options.rounds, options.cold)
    sys.stdout.write((json.dumps(result, indent=1) if options.json else table(result)) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
