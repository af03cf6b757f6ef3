"""``saerad analyse``: many images in, one folder of results for each, and a summary."""

from __future__ import annotations

import signal
import sys
from argparse import ArgumentTypeError, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import get_args

from engine.cli.batch import Batch, Maker, Telling, local_maker
from engine.cli.draft_options import add_draft_options
from engine.cli.image_results import ImageSettings
from engine.cli.journal import Journal
from engine.cli.main import INTERRUPTED, error_line
from engine.cli.parser import Parser, filled, filled_path, positive
from engine.cli.read_ahead import AHEAD
from engine.cli.result_folders import Row, require_folder, rows_json, write_summary
from engine.cluster.opening import add_cluster_option
from engine.errors import ExportError, UsageError
from engine.export import WRITERS, resolve_formats
from engine.export.identity import software_version
from engine.inference.analyzer import Analyzer
from engine.inference.attribution import DEFAULT_METHOD, Method
from engine.inference.devices import DEVICE_NAMES, PRECISION_NAMES
from engine.language.local_model import check_file
from engine.pack.library import InstalledPack, load_pack
from engine.report.rewrite import RewriteChoice, Rewriter
from engine.report.wishes import DraftWishes

PARTLY = 3


def run(argv: Sequence[str]) -> int:
    """Run the command; 0 all analysed, 3 some refused or failed, 130 interrupted."""
    options = _parser().parse_args(argv)
    if options.cluster is not None and (options.rewrite or options.plugin):
        raise UsageError("USAGE", "--rewrite and --plugin do not go with --cluster", "leave one out")
    formats = resolve_formats(["json", *options.format])
    wishes = DraftWishes(options.indication, options.language, options.style, options.composer)
    wishes.check()
    wishes.check_composer()
    if options.rewrite:
        check_file(options.rewrite)
    settings = ImageSettings(tuple(formats), wishes, tuple(options.plugin))
    pack = load_pack(options.pack)
    interrupted = False
    with _maker(options, pack, settings) as make:
        require_folder(options.out)
        journal = Journal(options.out, _decisive(options, pack, settings), resume=options.resume)
        batch = Batch(options.out, make, journal, Telling(options.json, options.debug))
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)  # a batch system's stop is like Ctrl-C
        try:
            batch.work(options.paths)
        except KeyboardInterrupt:
            interrupted = True
            print("interrupted: the summary names the images that were finished", file=sys.stderr)
        finally:
            signal.signal(signal.SIGTERM, before)
    told = _summarise(options.out, batch.rows)
    if options.json:
        print(rows_json(batch.rows), end="")
    if interrupted:
        return INTERRUPTED
    return 0 if told and not batch.plugins_failed and all(row.outcome == "analysed" for row in batch.rows) else PARTLY


@contextmanager
def _maker(options: Namespace, pack: InstalledPack, settings: ImageSettings) -> Iterator[Maker]:
    """Open who analyses: this process, or a cluster's workers; what is to be said of the model is said."""
    if options.cluster is None:
        analyzer = Analyzer(pack, options.device, options.threads, options.map_method, precision=options.precision)
        _warn(analyzer.warnings)
        rewriter = Rewriter(RewriteChoice(options.rewrite)) if options.rewrite else None
        try:
            yield local_maker(analyzer, settings, rewriter, AHEAD)
        finally:
            if rewriter is not None:
                rewriter.close()
        return
    from engine.cli.cluster_batch import ClusterTask, ModelOpening, cluster_maker, describe_model
    from engine.cluster.opening import open_crew

    threads = options.threads or 1
    there = options.pack and Path(options.pack).exists()
    name = str(Path(options.pack).absolute()) if there else options.pack
    opening = ModelOpening(name, pack.sha256, options.device, threads, options.map_method, options.precision)
    with open_crew(options.cluster, cpus=threads, gpus=int(options.device in ("cuda", "tensorrt"))) as crew:
        (warnings,) = crew.map(describe_model, opening, [None])
        _warn(warnings)
        yield cluster_maker(crew, ClusterTask(opening, settings))


def _warn(warnings: Sequence[str]) -> None:
    for text in warnings:
        print(f"warning: {text}", file=sys.stderr)


def _decisive(options: Namespace, pack: InstalledPack, settings: ImageSettings) -> dict[str, object]:
    """Return what decides the results, but for who makes them."""
    return {
        "version": software_version(),
        "pack": pack.sha256,
        "map_method": options.map_method,
        "precision": options.precision,
        "formats": list(settings.formats),
        "plugins": list(settings.plugins),
        "rewrite": str(options.rewrite) if options.rewrite else "",
        "wishes": {name: str(value) for name, value in asdict(settings.wishes).items() if value is not None},
    }


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
        example="saerad analyse study/ chest.png --out results/ --format text,pdf\n"
        "  saerad analyse /shared/study --out results/ --cluster 10.0.0.1:6379 --resume",
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
    add_cluster_option(parser)
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with a run that ended early: images whose results lie there are not analysed again",
    )
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
