"""``saerad results PATH…``: list the result objects of a study and print what they say."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from engine.cli.main import error_line
from engine.cli.parser import Parser, filled_path
from engine.errors import ReadError
from engine.readback.describe import as_values, content_lines, headline, origin
from engine.readback.find import Found, find_results
from engine.readback.objects import ResultObject

PARTLY = 3


def run(argv: Sequence[str]) -> int:
    """Run the command; 0 done (also where there is none), 3 an object could not be read, 2 usage."""
    options = _parser().parse_args(argv)
    found = find_results(options.paths)
    if options.json:
        failed = [{"path": str(f.path), "code": f.code, "message": f.message} for f in found.failures]
        rows = [as_values(result, found) for result in found.results]
        print(json.dumps({"results": rows, "failures": failed}, ensure_ascii=False, indent=2))
    else:
        _show(found, brief=options.list)
    for failure in found.failures:
        error = ReadError(failure.code, failure.message, failure.hint)
        print(error_line(error, str(failure.path)), file=sys.stderr)
    return PARTLY if found.failures else 0


def _parser() -> Parser:
    parser = Parser(
        prog="saerad results",
        example="saerad results study/\n  saerad results report.dcm --json",
        description="List the structured reports (SR), presentation states (GSPS) and segmentations (SEG) among files\n"
        "and folders, whoever made them, with what they say and which images they refer to.\n"
        "Exit status: 0 done (also where there is none), 3 one could not be read, 2 wrong arguments.",
    )
    parser.add_argument("paths", nargs="+", metavar="PATH", type=filled_path, help="file, folder, ZIP or DICOMDIR")
    parser.add_argument("--list", action="store_true", help="only list them, without what they say")
    parser.add_argument("--json", action="store_true", help="print JSON")
    return parser


def _show(found: Found, *, brief: bool) -> None:
    for result in found.results:
        print(headline(result))
        print(f"  {result.source}")
        print(f"  {origin(result)}")
        print(f"  {_of_images(result, found)}")
        for warning in result.warnings:
            print(f"  note: {warning}")
        if not brief:
            for line in content_lines(result):
                print(f"    {line}")
    if not found.results:
        print("no result objects")


def _of_images(result: ResultObject, found: Found) -> str:
    missing = found.missing(result)
    there = len(result.images) - len(missing)
    if not result.images:
        return "refers to no image"
    text = f"refers to {len(result.images)} image" + ("s" if len(result.images) != 1 else "")
    if not missing:
        return text
    return text + (
        f", of which {there} lie here" if there else ", of which none lies here: it can be drawn on no other"
    )
