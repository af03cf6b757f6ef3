"""What a run has finished, a line an image, so that one that was killed can go on (``progress.jsonl``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from engine.cli.result_folders import Row
from engine.errors import UsageError
from engine.export.atomic import write_atomic, write_error
from engine.export.staging import LAST

NAME = "progress.jsonl"


@dataclass(frozen=True)
class Finished:
    """A file whose results lie there: its row, and the folder's name."""

    row: Row
    folder: str


class Journal:
    """The journal of a folder of results.

    The first line says what decides the results; a line is written when an image's results lie there whole. What a kill
    has left of the last line is dropped.

    Parameters
    ----------
    out : Path
    run : mapping
        What decides the results, such as pack and formats; JSON.
    resume : bool
        Go on where an earlier run ended; otherwise its journal goes.

    Raises
    ------
    UsageError
        ``RESUME_OTHER``.
    ExportError
        ``EXPORT_WRITE``.
    """

    def __init__(self, out: Path, run: Mapping[str, object], *, resume: bool) -> None:
        self._out, self._path = out, out / NAME
        self._head = json.dumps(run, sort_keys=True)
        self._found: dict[str, Any] = {}
        written = _whole_lines(self._path) if resume else []
        if written:
            head, *lines = written
            if head != json.loads(self._head):
                raise UsageError(
                    "RESUME_OTHER",
                    f"the results in {out} are of a run with another pack, other options or another version",
                    "give the same options, name another folder with --out, or leave --resume out",
                )
            self._found = {line["file"]: line for line in lines}
            text = "".join(json.dumps(line) + "\n" for line in (head, *self._found.values()))
            write_atomic(self._path, text.encode())
        else:
            self._path.unlink(missing_ok=True)

    def found(self, path: Path) -> Finished | None:
        """Return what an earlier run finished of a file that is still the same, and whose results still lie there."""
        line = self._found.get(str(path.absolute()))
        if line is None or line["mark"] != _mark(path) or not (self._out / line["folder"] / LAST).is_file():
            return None
        return Finished(Row(**line["row"]), line["folder"])

    def add(self, path: Path, row: Row, folder: Path) -> None:
        """Write down that the results of a file lie in a folder; raises `ExportError`."""
        line = {"file": str(path.absolute()), "mark": _mark(path), "folder": folder.name, "row": asdict(row)}
        head = "" if self._path.exists() else self._head + "\n"
        try:
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(f"{head}{json.dumps(line)}\n")
        except OSError as error:
            raise write_error(self._path, error) from error


def _mark(path: Path) -> list[int]:
    """Return what a file that was changed does not keep: size and time."""
    try:
        status = path.stat()
    except OSError:
        return []  # as one that was taken away, which is never the same
    return [status.st_size, status.st_mtime_ns]


def _whole_lines(path: Path) -> list[Any]:
    """Return the lines up to the first that was not written whole."""
    lines: list[Any] = []
    content = path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""
    for text in content.splitlines():
        try:
            lines.append(json.loads(text))
        except ValueError:
            break
    return lines
