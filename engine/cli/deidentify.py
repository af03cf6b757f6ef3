"""``saerad deidentify``: copies of DICOM files without what identifies their patients."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from engine.cli.analyse import PARTLY
from engine.cli.main import error_line, internal_error
from engine.cli.parser import Parser, filled_path
from engine.cli.progress import ProgressLine
from engine.cli.result_folders import require_folder, sentences
from engine.dicom.deidentify.files import Choices, Run
from engine.dicom.deidentify.pseudonyms import Pseudonyms, read_key
from engine.dicom.folders import find_images
from engine.errors import ExportError, ReadError, SaeRadError, UsageError


@dataclass(frozen=True)
class Row:
    """What became of one file; `code` is ``OK``, ``DEID_LOOK`` where a person should look at it, or the error's."""

    path: str
    written: str
    code: str
    message: str


def run(argv: Sequence[str]) -> int:
    """Run the command; 0 all written, 3 some refused or failed."""
    options = _parser().parse_args(argv)
    if options.key and options.new_key:
        raise UsageError("USAGE", "--key and --new-key exclude each other", "name one of them")
    require_folder(options.out)
    if options.new_key:
        pseudonyms = Pseudonyms(read_key(options.new_key, create=True))
    else:
        pseudonyms = Pseudonyms(read_key(options.key)) if options.key else Pseudonyms()
    work = Run(options.out, pseudonyms, Choices(options.dates == "shift", options.refuse_burned_in))
    files = list(_inputs(options.paths, options.out))
    rows = []
    with ProgressLine(len(files)) as line:
        for path, error in files:
            row = _row(work, path, error)
            rows.append(row)
            if row.code not in ("OK", "DEID_LOOK") or not options.json:
                _tell(row, line)
            line.next_image()
    if options.json:
        print(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=2))
    return 0 if all(row.written for row in rows) else PARTLY


def _parser() -> Parser:
    parser = Parser(
        prog="saerad deidentify",
        example="saerad deidentify study/ --out shared/ --key secret.key --dates shift",
        description="Copy DICOM files without what identifies their patients (Basic Application Confidentiality\n"
        "Profile of PS3.15). Writes DIR/<pseudonym>/<new SOPInstanceUID>.dcm; the pixels are copied as they are.\n"
        "Exit status: 0 all written, 3 some refused or failed, 2 wrong arguments.",
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", type=filled_path, help="DICOM file, folder, ZIP, DICOMDIR")
    parser.add_argument("--out", metavar="DIR", type=filled_path, required=True, help="folder for the copies")
    parser.add_argument(
        "--key",
        metavar="FILE",
        type=filled_path,
        help="secret key: the same pseudonyms and UIDs as in other runs with it",
    )
    parser.add_argument("--new-key", metavar="FILE", type=filled_path, help="make a secret key, and use it")
    parser.add_argument(
        "--dates",
        choices=("remove", "shift"),
        default="remove",
        help="remove dates and times, or move all dates of a patient by the same days (default: remove)",
    )
    parser.add_argument(
        "--refuse-burned-in",
        action="store_true",
        help="write no image with known or suspected text in its pixels (default: write it and warn)",
    )
    parser.add_argument("--json", action="store_true", help="print what became of each file as JSON")
    return parser


def _row(work: Run, path: Path, error: SaeRadError | None) -> Row:
    try:
        if error is not None:
            raise error
        written = work.deidentify(path)
    except SaeRadError as fault:
        return _told(path, fault)
    except Exception as fault:  # a fault of ours on this file must not cost the others their copies
        return _told(path, internal_error(fault))
    if written.warnings:
        return _told(path, ExportError("DEID_LOOK", sentences(written.warnings)), str(written.path))
    return Row(str(path), str(written.path), "OK", "")


def _told(path: Path, error: SaeRadError, written: str = "") -> Row:
    return Row(str(path), written, error.code, sentences([error.message, error.hint]))


def _tell(row: Row, line: ProgressLine) -> None:
    if not row.written:
        line.write(error_line(SaeRadError(row.code, row.message), row.path), error=True)
        return
    line.write(f"written   {row.written}")
    if row.message:
        line.write(f"warning [{row.code}]: {row.path}: {row.message}", error=True)


def _inputs(paths: Sequence[Path], out: Path) -> Iterator[tuple[Path, SaeRadError | None]]:
    """Yield every file under the paths once, without those of an earlier run in `out`."""
    seen = set()
    inside = out.resolve()
    for path in paths:
        try:
            found = [file for file in find_images([path]) if not file.resolve().is_relative_to(inside)]
            if not found:
                raise ReadError("NO_IMAGES", "there is no DICOM, PNG or JPEG file in it", "name another")
        except ReadError as error:
            yield path, error
            continue
        for file in found:
            if (key := file.resolve()) not in seen:
                seen.add(key)
                yield file, None
