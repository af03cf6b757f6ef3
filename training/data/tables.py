"""Read the CSV tables and texts of data sets: plain or gzipped, UTF-8 or not, streaming."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import IO, cast

from engine.errors import DataError, UsageError

_FIELD_BYTES = 1 << 24
_TEXT_BYTES = 4 << 20
_WIDE = (b"\xff\xfe", b"\xfe\xff")


def decode(content: bytes) -> tuple[str, bool]:
    """Decode bytes as UTF-8 or, where that fails, as Windows-1252.

    Returns
    -------
    str
        Without a byte order mark.
    bool
        Whether it was UTF-8.
    """
    try:
        return content.decode("utf-8-sig"), True
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace"), False


def read_text(path: Path) -> tuple[str, bool]:
    """Read a report; returns its text and whether it was UTF-8.

    Raises
    ------
    DataError
        ``REPORT_UNREADABLE`` if the system does not let it be read, or it is over 4 MiB and so no report.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_TEXT_BYTES + 1)
    except OSError as error:
        raise DataError("REPORT_UNREADABLE", f"the report cannot be read ({error.strerror or error})") from error
    if len(content) > _TEXT_BYTES:
        raise DataError("REPORT_UNREADABLE", "the file is over 4 MiB: no report")
    return decode(content)


def find_table(folder: Path, *patterns: str) -> Path | None:
    """Return the table in a folder that one of the patterns names, ".csv" or ".csv.gz"; the last by name of several.

    Patterns are tried in order; "mimic-cxr-*-split" finds the newest version.
    """
    for pattern in patterns:
        found = sorted([*folder.glob(f"{pattern}.csv"), *folder.glob(f"{pattern}.csv.gz")])
        if found:
            return found[-1]
    return None


def require_table(folder: Path, *patterns: str) -> Path:
    """Return as `find_table`; ``INDEX_TABLE`` when there is none."""
    found = find_table(folder, *patterns)
    if found is None:
        names = " or ".join(f"{pattern}.csv(.gz)" for pattern in patterns)
        raise UsageError(
            "INDEX_TABLE", f"there is no {names} in {folder}", "name the folder of the data set's tables with --tables"
        )
    return found


def read_rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    """Yield the rows of a CSV file as dictionaries, values without white space at their ends.

    The separator is comma, semicolon or tab, whichever the header has most of. A row that is too short gives "" for
    what it lacks.

    Parameters
    ----------
    columns : sequence of str
        Columns that must be there.

    Raises
    ------
    UsageError
        ``INDEX_TABLE`` if the file lacks one of them, or is no CSV file.
    """
    csv.field_size_limit(_FIELD_BYTES)
    try:
        with _open(path) as file:
            lines = _lines(path, file)
            first = next(lines, "")
            separator = max(",;\t", key=first.count)
            header = [name.strip() for name in next(csv.reader([first], delimiter=separator), [])]
            missing = [name for name in columns if name not in header]
            if missing:
                raise UsageError(
                    "INDEX_TABLE", f"{path.name} has no column {', '.join(missing)}", "check that it is the right file"
                )
            for values in csv.reader(lines, delimiter=separator):
                if values:
                    yield {
                        name: value.strip() for name, value in zip_longest(header, values[: len(header)], fillvalue="")
                    }
    except (csv.Error, EOFError, zlib.error, OSError) as error:
        raise UsageError("INDEX_TABLE", f"{path.name} cannot be read ({error})", "copy or download it again") from error


def header_of(path: Path) -> list[str]:
    """Return the names of a table's columns; raises as `read_rows`."""
    try:
        with _open(path) as file:
            first = next(_lines(path, file), "")
    except (EOFError, zlib.error, OSError) as error:
        raise UsageError("INDEX_TABLE", f"{path.name} cannot be read ({error})", "copy or download it again") from error
    return [name.strip() for name in next(csv.reader([first], delimiter=max(",;\t", key=first.count)), [])]


def _open(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path, "rb")) if path.suffix == ".gz" else path.open("rb")


def _lines(path: Path, file: IO[bytes]) -> Iterator[str]:
    for number, line in enumerate(file):
        if number == 0 and line.startswith(_WIDE):
            raise UsageError("INDEX_TABLE", f"{path.name} is in UTF-16", "save it as CSV in UTF-8")
        yield decode(line)[0]
