"""`saerad-train import-encoder`: RAD-DINO or another encoder of the DINOv2 family, from a local folder."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.status_line import tell

if TYPE_CHECKING:
    from training.encoder.dinov2.importer import Imported

EXAMPLE = (
    "example: saerad-train import-encoder rad-dino --images radiographs --out rad-dino-encoder\n"
    "         saerad-train harvest --encoder rad-dino-encoder --images radiographs --out store"
)


def add_parser(subparsers: Any) -> argparse.ArgumentParser:
    """Add the command `import-encoder` to an argparse subparsers object."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "import-encoder",
        help="take over RAD-DINO or another DINOv2 from a local folder",
        description="Check a folder in Hugging Face's form (config.json, preprocessor_config.json, model.safetensors), "
        "export it as a pack needs it, and prove it equal to transformers on radiographs. Nothing is downloaded.",
        epilog=EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder of the encoder")
    parser.add_argument("--out", type=Path, required=True, help="folder to write; an older import in it is replaced")
    parser.add_argument(
        "--images",
        type=Path,
        nargs="+",
        default=[],
        help="radiographs of the proof: files or folders; 16 are used",
    )
    parser.add_argument("--licence", help="file with the licence of the weights, or its words (default: the folder's)")
    parser.add_argument("--name", default="", help="what packs call the encoder (default: the folder's name)")
    parser.add_argument(
        "--intensity",
        choices=("display", "min-max"),
        default="display",
        help="the greys that a person sees, or these from darkest to brightest (default display)",
    )
    parser.add_argument("--threads", type=int, default=2, help="CPU threads (default 2)")
    parser.add_argument("--json", action="store_true", help="print a summary as one JSON object")
    parser.set_defaults(run=run)
    return parser


def run(args: argparse.Namespace) -> int:
    """Import; returns the exit status.

    Raises
    ------
    SaeRadError
        See :func:`training.encoder.dinov2.importer.import_encoder`.
    """
    import torch

    from training.encoder.dinov2.importer import ImportOptions, import_encoder
    from training.interrupt import StopRequest

    torch.set_num_threads(args.threads)
    options = ImportOptions(args.name, args.licence, tuple(args.images), args.intensity, args.threads)
    with StopRequest() as stop:

        def step(text: str) -> None:
            if stop():
                # Nothing stands yet where the result will be; the way out cleans up what is beside it.
                raise KeyboardInterrupt
            tell(text)

        done = import_encoder(args.folder, args.out, options, step)
    tell("")
    if args.json:
        print(json.dumps(_summary(args.out, done)))
    else:
        print(_words(args.out, done))
    for warning in _warnings(done):
        print(f"warning: {warning}", file=sys.stderr)
    return 0


def _summary(out: Path, done: Imported) -> dict[str, Any]:
    parity = done.parity
    return {
        "encoder": str(out),
        "architecture": done.spec.architecture,
        "weights_sha256": done.weights_sha256,
        "encoder_onnx_sha256": done.onnx_sha256,
        "reference": parity.reference,
        "radiographs": parity.radiographs,
        "differences": parity.differences,
        "limits": parity.limits,
        "pixel_difference": parity.pixels,
        "unread_images": list(done.unread),
        "warnings": _warnings(done),
    }


def _words(out: Path, done: Imported) -> str:
    parity, spec = done.parity, done.spec
    lines = [
        f"{out}: {spec.source}, {spec.architecture}, input {spec.input_height} x {spec.input_width}",
        f"weights sha256 {done.weights_sha256}; licence: {spec.licence}",
        f"compared with {parity.reference} on {parity.radiographs} radiographs and an input of random pixels:",
        *(
            f"  {name:12} differs by at most {value:.1e} (limit {parity.limits[name]:.1e})"
            for name, value in parity.differences.items()
        ),
    ]
    if parity.pixels is not None:
        lines.append(f"  input pixels differ from the processor's by at most {255 * parity.pixels:.2f} of 255 greys")
    return "\n".join(lines)


def _warnings(done: Imported) -> list[str]:
    found = [f"not part of the proof: {text}" for text in done.unread]
    for output, (ours, theirs) in done.parity.excused.items():
        found.append(
            f"the weights magnify rounding: {output} is up to {ours:.1e} from double precision, "
            f"{done.parity.reference} itself {theirs:.1e}"
        )
    if not done.parity.radiographs:
        found.append("the proof saw no radiograph, only random pixels; name some with --images")
    if not done.parity.reference.startswith("transformers"):
        found.append(
            "transformers is not installed: the graph is proven equal to this program's own PyTorch model only; "
            "pip install 'saerad-workstation[huggingface]' and import again"
        )
    return found
