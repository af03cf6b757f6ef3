"""From a folder in Hugging Face's form to one that `harvest` and `export` take: checked, exported, proven, recorded."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import onnx
import onnxruntime as ort
import torch
from safetensors.torch import save_file

from engine.dicom.files import find_images, read_radiograph
from engine.errors import EncoderError, ReadError
from engine.export.atomic import file_mask
from engine.export.staging import staged
from engine.pack.manifest import EncoderSpec
from training.activations.shard import file_sha256
from training.encoder.dinov2.config import Dinov2Config, parse_config
from training.encoder.dinov2.files import (
    CONFIG,
    PREPROCESSOR,
    WEIGHTS,
    check_files,
    licence_text,
    licence_title,
    read_json,
)
from training.encoder.dinov2.graph import check_size, encoder_graph
from training.encoder.dinov2.model import Dinov2
from training.encoder.dinov2.preprocessor import Preprocessor, parse_preprocessor
from training.encoder.dinov2.proof import FloatArray, Parity, prove
from training.encoder.dinov2.reference import transformers_of
from training.encoder.dinov2.weights import expected_shapes, read_weights
from training.encoder.export_onnx import tail_tensors
from training.encoder.exported import ENCODER, LICENCE, RECORD, SPEC, TAIL
from training.graph import plain_bytes

MOST_IMAGES = 16
"""Radiographs of the proof: more would prove no more and take minutes."""


@dataclass(frozen=True)
class ImportOptions:
    """What a person says of the import.

    Attributes
    ----------
    name : str
        Of the encoder, as packs will show it; empty: the folder's.
    licence : str, optional
        A file, or words; None takes the folder's.
    images : tuple of Path
        Radiographs of the proof: files, or folders of which the first are taken.
    intensity : {"display", "min-max"}
        Whether the encoder sees the greys that a person sees, or these stretched from the darkest to the brightest.
    """

    name: str = ""
    licence: str | None = None
    images: tuple[Path, ...] = ()
    intensity: str = "display"
    threads: int = 2


@dataclass(frozen=True)
class Imported:
    """What an import wrote."""

    spec: EncoderSpec
    parity: Parity
    weights_sha256: str
    onnx_sha256: str
    unread: tuple[str, ...]


def import_encoder(
    folder: Path, out: Path, options: ImportOptions, step: Callable[[str], None] = lambda _: None
) -> Imported:
    """Check, export and prove; `out` appears whole when all of it went well, and not at all otherwise.

    Raises
    ------
    EncoderError
        Codes that begin with ``IMPORT_``.
    ExportError
        ``EXPORT_WRITE``.
    """
    check_files(folder)
    if out.exists() and any(out.iterdir()) and not (out / RECORD).is_file():
        raise EncoderError(
            "IMPORT_OUT", f"{out} is not empty and no imported encoder", "name another folder with --out"
        )
    config = parse_config(read_json(folder / CONFIG))
    preprocessor = parse_preprocessor(read_json(folder / PREPROCESSOR), config.patch_size)
    text, licence_from = licence_text(folder, options.licence)
    images, unread = read_images(options.images)
    step("weights")
    check_size(sum(torch.Size(shape).numel() for shape in expected_shapes(config).values()))
    vit = Dinov2(config, read_weights(folder / WEIGHTS, config), preprocessor.crop_size.height)
    spec = encoder_spec(config, preprocessor, options.name or folder.resolve().name, licence_title(text), options)
    step("graph")
    graph = encoder_graph(vit)
    if graph.ByteSize() < 2**30:  # the checker copies the model
        onnx.checker.check_model(graph)
    content = plain_bytes(graph)
    del graph
    parity = prove(content, vit, transformers_of(folder), images, spec, threads=options.threads, step=step)
    step("writing")
    weights_sha256 = file_sha256(folder / WEIGHTS)
    with staged(out, [ENCODER, TAIL, SPEC, RECORD, LICENCE]) as work:
        (work / ENCODER).write_bytes(content)
        save_file(tail_tensors(vit), work / TAIL)
        (work / SPEC).write_text(spec.model_dump_json(indent=1) + "\n", encoding="utf-8")
        (work / LICENCE).write_text(text, encoding="utf-8")
        files = {name: file_sha256(work / name) for name in (ENCODER, TAIL, SPEC, LICENCE)}
        record = {
            "schema_version": 1,
            "files": files,
            "source": {name: file_sha256(folder / name) for name in (CONFIG, PREPROCESSOR)} | {WEIGHTS: weights_sha256},
            "licence_from": licence_from,
            "versions": {"torch": torch.__version__, "onnx": onnx.__version__, "onnxruntime": ort.__version__},
            "parity": asdict(parity),
            "unread_images": list(unread),
        }
        (work / RECORD).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
        (work / TAIL).chmod(0o666 & ~file_mask())  # its library makes files private
    return Imported(spec, parity, weights_sha256, hashlib.sha256(content).hexdigest(), unread)


def encoder_spec(
    config: Dinov2Config, preprocessor: Preprocessor, name: str, licence: str, options: ImportOptions
) -> EncoderSpec:
    """Return how the engine makes the encoder's input, and what a pack says of the encoder."""
    side, depth = preprocessor.crop_size.height, config.num_hidden_layers
    intensity: dict[str, Any] = {"intensity_rule": "display"}
    if options.intensity == "min-max":
        intensity = {"intensity_rule": "percentile", "intensity_percentiles": (0.0, 100.0)}
    return EncoderSpec(
        source=name,
        licence=licence,
        architecture=f"DINOv2, {depth} blocks, width {config.hidden_size}, patch {config.patch_size}",
        input_height=side,
        input_width=side,
        patch_rows=side // config.patch_size,
        patch_columns=side // config.patch_size,
        d_model=config.hidden_size,
        n_heads=config.num_attention_heads,
        layer_norm_eps=config.layer_norm_eps,
        mean=preprocessor.image_mean,
        std=preprocessor.image_std,
        resize_rule="shortest_edge_bicubic",
        resize_edge=preprocessor.size.shortest_edge,
        **intensity,
    )


def read_images(paths: Sequence[Path]) -> tuple[list[FloatArray], tuple[str, ...]]:
    """Read the radiographs of the proof; those that cannot be read are named with their code.

    Raises
    ------
    EncoderError
        ``IMPORT_IMAGES`` when images were named and none can be read.
    """
    found: list[FloatArray] = []
    unread: list[str] = []
    for path in find_images(paths):
        if len(found) == MOST_IMAGES:
            break
        try:
            found.append(read_radiograph(path).display())
        except ReadError as error:
            unread.append(f"{path.name}: {error.code}")
    if paths and not found:
        raise EncoderError(
            "IMPORT_IMAGES",
            "no radiograph to prove the encoder on can be read" + (f" ({unread[0]})" if unread else ""),
            "name DICOM, PNG or JPEG files, or a folder of them, with --images",
        )
    return found, tuple(unread)
