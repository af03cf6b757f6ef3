"""Runs the command `index` in the test's own process."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from training.cli import main
from training.data.manifest import IndexRow, read_manifest


@dataclass(frozen=True)
class Outcome:
    """What a run of the command left."""

    status: int
    rows: dict[str, IndexRow]
    summary: dict[str, Any]
    problems: list[tuple[str, str, str]]
    errors: str

    @property
    def codes(self) -> list[str]:
        """Codes of all problems, in order of name."""
        return sorted(code for code, _, _ in self.problems)


class Indexer:
    """Indexes into a folder of its own."""

    def __init__(self, out: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.out = out / "manifest.parquet"
        self._capsys = capsys

    def __call__(self, kind: str, root: Path, *options: str) -> Outcome:
        """Run `index KIND ROOT`; rows are empty where no manifest was written."""
        self._capsys.readouterr()
        status = main(["index", kind, str(root), "--out", str(self.out), "--json", *options])
        printed = self._capsys.readouterr()
        file = self.out.with_name("manifest.problems.csv")
        problems = []
        if file.is_file():
            with file.open(newline="", encoding="utf-8") as opened:
                problems = [(row["code"], row["kind"], row["subject"]) for row in csv.DictReader(opened)]
        rows = read_manifest(self.out) if self.out.is_file() else []
        summary = json.loads(printed.out) if printed.out else {}
        return Outcome(status, {row.sample_id: row for row in rows}, summary, problems, printed.err)
