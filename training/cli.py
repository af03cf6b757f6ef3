"""`saerad-train`: make and measure model packs."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from engine.cli.main import guarded
from engine.cli.parser import positive
from engine.errors import UsageError
from training.status_line import tell_share

LIBRARIES = frozenset({"torch", "onnx", "onnxscript", "matplotlib", "scipy", "pyarrow"})
"""What the training extra installs beside the program."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status (0 done, 2 usage, 3 failed, 130 interrupted)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    return guarded(lambda: _run(arguments), debug="--debug" in arguments)


def _run(arguments: list[str]) -> int:
    try:
        args = _parser().parse_args(arguments)
        args.command_line = shlex.join(["saerad-train", *arguments])
        return int(args.run(args))
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in LIBRARIES:
            raise
        raise UsageError(
            "TRAINING_MISSING",
            f"training needs the library {error.name}, which is not installed",
            "install it with: pip install 'saerad-workstation[training]', or run: python3 packaging/bootstrap.py test",
        ) from error


def _parser() -> argparse.ArgumentParser:
    from training.activations.cli import add_parser as add_harvest
    from training.benchmarks.cli import add_parser as add_bench
    from training.data.index_cli import add_parser as add_index
    from training.data.phantom.cli import add_parser as add_phantom
    from training.encoder.import_cli import add_parser as add_import
    from training.evaluation.report_cli import add_parser as add_report
    from training.export_cli import add_parser as add_export
    from training.labelling.cli import add_parser as add_label
    from training.precision.cli import add_parser as add_quantise
    from training.sae.cli import add_parser as add_fit

    parser = argparse.ArgumentParser(
        prog="saerad-train",
        description=__doc__,
        epilog="example: saerad-train demo-pack --toy --out /tmp/toy-pack",
    )
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    add_index(commands)
    add_phantom(commands)
    add_import(commands)
    add_harvest(commands)
    add_fit(commands)
    add_report(commands)
    add_label(commands)
    add_export(commands)
    add_quantise(commands)
    add_bench(commands)
    _add_demo_pack(commands)
    _add_evaluate(commands)
    return parser


def _add_demo_pack(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    demo = commands.add_parser(
        "demo-pack",
        help="build the demonstration pack from nothing",
        description="Draw phantoms, train encoder and autoencoder, describe the features, write and measure the pack.",
        epilog="example: saerad-train demo-pack --out resources/packs/demo --data cxrtrain",
    )
    demo.add_argument("--out", type=Path, required=True, help="folder of the pack; an older pack in it is replaced")
    demo.add_argument("--data", type=Path, help="folder of cxrtrain.csv; without it the pack knows phantoms only")
    demo.add_argument("--work", type=Path, help="folder of the stages (default: OUT with '-work' appended)")
    demo.add_argument("--toy", action="store_true", help="a tiny pack from phantoms alone, in two or three minutes")
    demo.add_argument("--minutes", type=float, default=36.0, help="time for the encoder's training (default 36)")
    encoder = demo.add_mutually_exclusive_group()
    encoder.add_argument("--encoder", type=Path, help="an exported encoder or a checkpoint instead of training one")
    encoder.add_argument(
        "--start-from", type=Path, metavar="ENCODER.ONNX", help="train an older demo encoder further, for --minutes"
    )
    demo.add_argument("--phantoms", type=Path, help="a set of 'saerad-train phantom' instead of drawing one")
    demo.add_argument("--version", default="0.2.0", help="version of the pack (default 0.2.0)")
    demo.add_argument("--page", type=Path, help="page of the evaluation (default: evaluation.md in the work folder)")
    demo.add_argument("--no-evaluation", action="store_true", help="do not measure the pack")
    _common(demo)
    demo.set_defaults(run=_demo_pack)


def _add_evaluate(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    from training.evaluation.reports_cli import add_parser as add_reports

    evaluate = commands.add_parser(
        "evaluate",
        help="measure a pack on held-out phantoms and NIH images, or reports against references",
        description="Measure drafts, heat maps and features of a pack through the engine, its drafts beside others "
        "(SAE-Rad as published, a dense probe, the nearest report, always normal); write a page and figures. "
        "'evaluate reports' measures reports against reference reports.",
        epilog="example: saerad-train evaluate --pack resources/packs/demo --phantoms phantoms --data cxrtrain "
        "--out docs/evaluation",
    )
    add_reports(evaluate.add_subparsers(metavar="[reports]", title="instead of a pack"))
    evaluate.add_argument("--pack", type=Path, help="folder of the pack")
    evaluate.add_argument("--phantoms", type=Path, help="the phantoms that the pack was built with")
    evaluate.add_argument("--data", type=Path, help="folder of cxrtrain.csv; without it phantoms only")
    evaluate.add_argument("--out", type=Path, help="folder of the figures and evaluation.json")
    evaluate.add_argument("--page", type=Path, help="the page (default: OUT.md)")
    evaluate.add_argument("--work", type=Path, help="folder of class tokens (default: OUT with '-work' appended)")
    evaluate.add_argument("--limit", type=positive, help="use at most this many test phantoms")
    evaluate.add_argument("--no-random", action="store_true", help="leave out the random-weight encoder")
    evaluate.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    _common(evaluate)
    evaluate.set_defaults(run=_evaluate)


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", type=int, default=0, help="seed of everything that is drawn (default 0)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")


def _demo_pack(args: argparse.Namespace) -> int:
    from dataclasses import replace

    import torch

    from training.build_pack import BuildOptions
    from training.demo_pack import DemoPackOptions, build_demo_pack, phantom_folder, toy_options

    _require_folders(args.data, args.phantoms)
    torch.set_num_threads(args.threads)
    work = args.work or _beside(args.out)
    options = DemoPackOptions(
        out=args.out,
        work=work,
        repository=_repository(),
        command=args.command_line,
        data=args.data,
        encoder=args.encoder,
        phantoms=args.phantoms,
        start_from=args.start_from,
        minutes=args.minutes,
        seed=args.seed,
        threads=args.threads,
        version=args.version,
        build=BuildOptions(seed=args.seed, threads=args.threads),
    )
    if args.toy:
        options = toy_options(options)
    manifest = build_demo_pack(options, tell_share)
    print(
        f"{args.out}: {manifest.name} {manifest.version}, {len(manifest.calibration.readouts)} readouts, "
        f"mean L0 {manifest.sae.mean_l0:.1f}, explained variance {manifest.sae.explained_variance:.3f}"
    )
    if not args.no_evaluation:
        page = args.page or work / "evaluation.md"
        args = argparse.Namespace(
            pack=args.out,
            phantoms=phantom_folder(options),
            data=options.data,
            out=page.with_suffix(""),
            page=page,
            work=work,
            limit=None,
            no_random=False,
            json=False,
            seed=args.seed,
            threads=args.threads,
            command_line=args.command_line,
        )
        _measure(args, replace(options.build, threads=args.threads))
    return 0


def _evaluate(args: argparse.Namespace) -> int:
    missing = [f"--{name}" for name in ("pack", "phantoms", "out") if getattr(args, name) is None]
    if missing:
        raise UsageError("USAGE", f"evaluate lacks {', '.join(missing)}", "see saerad-train evaluate --help")
    import torch

    from training.build_pack import BuildOptions

    _require_folders(args.pack, args.data, args.phantoms)
    torch.set_num_threads(args.threads)
    args.work = args.work or _beside(args.out)
    _measure(args, BuildOptions(seed=args.seed, threads=args.threads))
    return 0


def _measure(args: argparse.Namespace, build: object) -> None:
    from training.build_pack import BuildOptions
    from training.demo_pack import corpus, spec_of
    from training.encoder.start import vit_config
    from training.evaluation.baselines.page import baselines_lines
    from training.evaluation.page import as_json
    from training.evaluation.run import build_random_pack, evaluate

    assert isinstance(build, BuildOptions)
    random_pack = None
    if not args.no_random:
        encoder = args.pack / "encoder.onnx"
        random_pack = build_random_pack(
            corpus(args.phantoms, args.data),
            spec_of(encoder),
            vit_config(encoder),
            args.work,
            repository=_repository(),
            options=build,
            progress=tell_share,
        )
    evaluation = evaluate(
        args.pack,
        args.phantoms,
        args.data,
        args.out,
        page=args.page or args.out.with_suffix(".md"),
        work=args.work,
        command=args.command_line,
        build=build,
        random_encoder=random_pack,
        limit=args.limit,
        progress=tell_share,
    )
    if args.json:
        print(json.dumps(as_json(evaluation)))
        return
    for title, s in evaluation.systems.items():
        print(f"{title}: F1 {s.f1}, with side {s.f1_with_side}, pointing {s.pointing}, all findings {s.pointing_all}")
    for row in evaluation.nih:
        print(f"{row.task}: AUROC of active features {row.sparse}, of the dense token {row.dense}")
    print(baselines_lines(evaluation.baselines))


def _require_folders(*folders: Path | None) -> None:
    for folder in folders:
        if folder is not None and not folder.is_dir():
            raise UsageError("NO_FOLDER", f"there is no folder {folder}", "check the path")


def _beside(out: Path) -> Path:
    return out.with_name(out.name + "-work")


def _repository() -> Path:
    return Path(__file__).resolve().parents[1]


if __name__ == "__main__":
    sys.exit(main())
