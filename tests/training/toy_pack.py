"""A tiny pack made of an untrained encoder, for tests of what reads and writes packs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch
from safetensors.torch import save_file

from engine.pack.manifest import Manifest
from training.build_pack import BuildOptions, build_pack
from training.data.phantom.dataset import write_phantoms
from training.demo_pack import TOY_BUILD, TOY_VIT, corpus, spec_of
from training.encoder.export_onnx import tail_tensors, write_onnx
from training.encoder.vit import VisionTransformer

SMALL: BuildOptions = replace(TOY_BUILD, n_features=128, steps=60, batch=64, not_chest=24, threads=1)


def quiet(_message: str, _share: float) -> None:
    """Report nothing."""


def untrained_encoder(folder: Path) -> Path:
    """Write an encoder with weights as they were drawn."""
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    vit = VisionTransformer(TOY_VIT).eval()
    save_file(tail_tensors(vit), folder / "tail.safetensors")
    write_onnx(vit, folder / "encoder.onnx")
    return folder


def small_pack(folder: Path, out: Path) -> Manifest:
    """Build a pack of 90 phantoms into `out`."""
    write_phantoms(folder / "phantoms", 90, 3, size=128, progress=False)
    encoder = untrained_encoder(folder / "encoder")
    return build_pack(
        corpus(folder / "phantoms", None),
        encoder,
        spec_of(encoder / "encoder.onnx"),
        out,
        work=folder / "work",
        name="toy",
        version="0.0.1",
        command="a test",
        repository=folder,
        options=SMALL,
        progress=quiet,
    )
