"""``saerad analyse``: many images in, one folder of results for each, and a summary."""

from __future__ import annotations

import signal
import sys
import traceback
from argparse import ArgumentTypeError
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from engine.cli.draft_options import add_draft_options
from engine.cli.main import INTERRUPTED, error_line, internal_error
from engine.cli.parser import Parser, filled, filled_path, positive
from engine.cli.progress import ProgressLine
from engine.cli.read_ahead import AHEAD, ReadAhead, Upcoming
from engine.cli.result_folders import (
    RESULT_FILES,
    Outcome,
    ResultFolders,
    Row,
    require_folder,
    require_no_review,
    rows_json,
    sentences,
    write_summary,
)
from engine.dicom.files import find_images
from engine.dicom.radiograph import Radiograph
from engine.errors import ExportError, PluginError, ReadError, SaeRadError
from engine.export import WRITERS, export_all, resolve_formats, skipped_formats
from engine.inference.analyzer import Analyzer
from engine.inference.attribution import DEFAULT_METHOD, Method
from engine.inference.devices import DEVICE_NAMES, PRECISION_NAMES
from engine.pack.library import load_pack
from engine.plugins.composers import OWN_DRAFT
from engine.plugins.exporters import run_exporters
from engine.report.rewrite import RewriteChoice, Rewriter, rewriting_note
from engine.report.wishes import DraftWishes

PARTLY = 3


def run(argv: Sequence[str]) -> int:
    """Run the command; 0 all analysed, 3 some refused or failed, 130 interrupted."""
    parser = _parser()
    options = parser.parse_args(argv)
    formats = resolve_formats(["json", *options.format])
    analyzer = Analyzer(
        load_pack(options.pack), options.device, options.threads, options.map_method, precision=options.precision
    )
    for text in analyzer.warnings:
        print(f"warning: {text}", file=sys.stderr)
    wishes = DraftWishes(options.indication, options.language, options.style, options.composer)
    wishes.check()
    wishes.check_composer()
    require_folder(options.out)
    rewriter = Rewriter(RewriteChoice(options.rewrite)) if options.rewrite else None
    batch = _Batch(
        analyzer,
        options.out,
        formats,
        wishes,
        rewriter,
        quiet=options.json,
        debug=options.debug,
        plugins=options.plugin,
    )
    interrupted = False
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # a batch system's stop is like Ctrl-C
    try:
        batch.work(options.paths)
    except KeyboardInterrupt:
        interrupted = True
        print("interrupted: the summary names the images that were finished", file=sys.stderr)
    finally:
        signal.signal(signal.SIGTERM, before)
        if rewriter is not None:
            rewriter.close()
    told = _summarise(options.out, batch.rows)
    if options.json:
        print(rows_json(batch.rows), end="")
    if interrupted:
        return INTERRUPTED
    return 0 if told and not batch.plugins_failed and all(row.outcome == "analysed" for row in batch.rows) else PARTLY


def _summarise(out: Path, rows: list[Row]) -> bool:
    """Write the summary; where that fails say so, and leave it to the caller to print the rows nevertheless."""
    try:
        write_summary(out, rows)
    except ExportError as error:
        print(error_line(error), file=sys.stderr)
        return False
    return True


def _parser() -> Parser:
    parser = Parser(
        prog="saerad analyse",
        example="saerad analyse study/ chest.png --out results/ --format text,pdf",
        description="Analyse chest radiographs. Writes DIR/<SOPInstanceUID>/analysis.json, heat maps and a draft\n"
        "report for each image, and DIR/summary.json.\n"
        "Exit status: 0 all analysed, 3 some refused or failed, 2 wrong arguments.",
    )
    parser.add_argument(
        "paths", nargs="+", metavar="PATH", type=filled_path, help="DICOM, PNG or JPEG file, folder, ZIP or DICOMDIR"
    )
    parser.add_argument(
        "--out", metavar="DIR", type=filled_path, required=True, help="folder for the results; made if needed"
    )
    parser.add_argument(
        "--pack", metavar="P", type=filled, help="model pack: folder, .saepack or installed name (default: demo)"
    )
    parser.add_argument("--device", choices=DEVICE_NAMES, default="auto", help="where the model runs (default: auto)")
    parser.add_argument(
        "--precision",
        choices=PRECISION_NAMES,
        default="auto",
        help="of the encoder; fp16 is for GPUs and int8 for CPUs, where the pack offers them (default: auto, which is "
        "fp32 on a CPU)",
    )
    parser.add_argument(
        "--threads", metavar="N", type=positive, help="processor threads of the model (default: the cores it may use)"
    )
    parser.add_argument(
        "--map-method",
        choices=get_args(Method),
        default=DEFAULT_METHOD,
        help=f"how heat maps are made; occlusion runs the model hundreds of times (default: {DEFAULT_METHOD})",
    )
    parser.add_argument(
        "--format",
        metavar="LIST",
        type=_format_names,
        default="text,json",
        help=f"what to write beside report.json: {', '.join(WRITERS)} or all, with commas (default: text,json)",
    )
    parser.add_argument(
        "--plugin",
        metavar="LIST",
        type=_format_names,
        default=[],
        help="exporters of installed plug-ins, with commas; 'saerad plugins' lists them (default: none)",
    )
    add_draft_options(parser)
    parser.add_argument(
        "--rewrite",
        metavar="MODEL.gguf",
        type=filled_path,
        help="let a local language model reword the drafts; a sentence that says more or less than before stays as it "
        "was (default: off)",
    )
    parser.add_argument("--json", action="store_true", help="print the summary as JSON instead of one line an image")
    return parser


def _format_names(text: str) -> list[str]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names:
        raise ArgumentTypeError("it must name a format")
    return names


@dataclass(frozen=True)
class _Input:
    """One file to analyse, or a path at which there is none."""

    path: Path
    error: SaeRadError | None = None


class _Batch:
    """Analyses inputs one by one while the next ones are read; the worker process bears what a file does to it."""

    def __init__(
        self,
        analyzer: Analyzer,
        out: Path,
        formats: list[str],
        wishes: DraftWishes,
        rewriter: Rewriter | None,
        *,
        quiet: bool,
        debug: bool,
        plugins: Sequence[str] = (),
    ) -> None:
        self.plugins_failed = False
        self._plugins = plugins
        self.rows: list[Row] = []
        self._rewriter = rewriter
        self._analyzer, self._out, self._formats, self._quiet, self._debug = analyzer, out, formats, quiet, debug
        self._folders, self._wishes = ResultFolders(out), wishes

    def work(self, paths: Sequence[Path]) -> None:
        inputs = list(_inputs(paths, self._out))
        files = [item.path if item.error is None else None for item in inputs]
        with ProgressLine(len(inputs)) as line, ReadAhead(files, self._analyzer.prepare, AHEAD) as reading:
            for item, upcoming in zip(inputs, reading, strict=True):
                self.rows.append(self._row(item, upcoming, line))
                line.next_image()

    def _row(self, item: _Input, upcoming: Upcoming | None, line: ProgressLine) -> Row:
        """Everything that can go wrong with one image ends in its row, and the others go on."""
        uid = ""
        try:
            if item.error is not None:
                raise item.error
            assert upcoming is not None
            radiograph = upcoming.radiograph()
            uid = radiograph.identity.sop_instance_uid
            return self._analyse(item.path, radiograph, upcoming, line)
        except SaeRadError as error:
            self._report(error, item.path, line)
            return _failed(item.path, uid, error)
        except Exception as error:  # a fault of ours on this image must not cost the others their results
            fault = internal_error(error)
            self._report(fault, item.path, line)
            return _failed(item.path, uid, fault)

    def _analyse(self, path: Path, radiograph: Radiograph, upcoming: Upcoming, line: ProgressLine) -> Row:
        folder = self._folders.choose(radiograph.identity.sop_instance_uid, radiograph.pixel_sha256)
        require_no_review(folder)
        analysis = self._analyzer.analyse(radiograph, line.step, prepared=upcoming.prepared())
        refused = analysis.gate.verdict == "refused"
        draft = None if refused else self._wishes.draft(analysis, radiograph)
        rewritten = ""
        if draft is not None and self._rewriter is not None:
            draft = self._rewriter.rewrite(draft)
            rewritten = rewriting_note(draft)
            if draft.rewriting is not None and draft.rewriting.warning:
                line.write(f"warning {path}: {rewritten}", error=True)
        skipped = {} if refused else skipped_formats(radiograph)
        formats = [name for name in self._formats if name not in skipped]
        export_all(folder, radiograph, analysis, draft, formats, replaced=RESULT_FILES)
        failures = run_exporters(self._plugins, folder, radiograph, analysis, draft)
        if draft is not None and draft.composing is not None and draft.composing.code:
            failures.insert(0, PluginError(draft.composing.code, draft.composing.message, OWN_DRAFT))
        for error in failures:
            self.plugins_failed = True
            line.write(error_line(error, str(path)), error=True)
        notes = [] if analysis.gate.code == "OK" else [analysis.gate.message]
        if folder.name != analysis.sop_instance_uid:
            notes.append(f"another image has the same SOP Instance UID; the results are in {folder.name}")
        left_out = [name for name in skipped if name in self._formats]
        notes += [
            f"not written: {', '.join(name for name in left_out if skipped[name] == reason)}; {reason}"
            for reason in dict.fromkeys(skipped[name] for name in left_out)
        ]
        notes += [f"left out [{error.code}]: {error.message}" for error in failures]
        notes += [rewritten] if rewritten else []
        notes += radiograph.warnings
        outcome: Outcome = "refused" if refused else "analysed"
        self._tell(outcome, path, analysis.gate.code, sentences(notes), line)
        message = sentences([*notes, *analysis.warnings])
        return Row(str(path), analysis.sop_instance_uid, outcome, analysis.gate.code, message)

    def _tell(self, outcome: Outcome, path: Path, code: str, message: str, line: ProgressLine) -> None:
        """Print the line of an image; what concerns all of them, such as another device, was said at the start."""
        if not self._quiet:
            shown = "" if code == "OK" else f" [{code}]"
            line.write(f"{outcome:<9} {path}{shown}" + (f": {message}" if message else ""))

    def _report(self, error: SaeRadError, path: Path, line: ProgressLine) -> None:
        line.write(error_line(error, str(path)), error=True)
        if self._debug:
            line.write(traceback.format_exc(), error=True)


def _inputs(paths: Sequence[Path], out: Path) -> Iterator[_Input]:
    """Yield every file under the paths once; a path without any is an input that fails.

    Results of an earlier run that lie in a searched folder are not inputs.
    """
    seen = set()
    for path in paths:
        try:
            found = find_images([path])
            if path.is_dir():
                found = [file for file in found if not file.resolve().is_relative_to(out.resolve())]
            if not found:
                what = "the folder" if path.is_dir() else "the archive or DICOMDIR"
                raise ReadError("NO_IMAGES", f"{what} holds no DICOM, PNG or JPEG file", "name another")
        except ReadError as error:
            yield _Input(path, error)
            continue
        for file in found:
            if (key := file.resolve()) not in seen:
                seen.add(key)
                yield _Input(file)


def _failed(path: Path, uid: str, error: SaeRadError) -> Row:
    return Row(str(path), uid, "failed", error.code, sentences([error.message, error.hint]))
