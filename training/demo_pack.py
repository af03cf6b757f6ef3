"""`saerad-train demo-pack`: the demonstration pack from nothing, every stage kept so that a killed run goes on."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from engine.errors import UsageError
from engine.pack.manifest import EncoderSpec, Manifest
from engine.pack.verify import MANIFEST_NAME
from training.build_pack import BuildOptions, build_pack
from training.corpus import Sample, real_samples, split_phantoms
from training.data.phantom.dataset import TABLE, write_phantoms
from training.encoder.export_onnx import export_encoder
from training.encoder.sources import encoder_spec, training_data
from training.encoder.start import vit_config
from training.encoder.train import PIXEL_MEAN, PIXEL_STD, EncoderTrainingConfig, OptimiserConfig, train_encoder
from training.encoder.vit import VitConfig

Progress = Callable[[str, float], None]
NAME, VERSION = "demo", "0.2.0"
DEFAULT_MINUTES = 36.0
"""What the shipped pack was trained for, on two CPU cores with nothing else to do."""
FURTHER_RATE = 6e-4
"""Peak rate of a training that goes on from an encoder: below that of one from nothing, which would undo it."""
SHARE_REAL = 0.7
"""Share of phantoms on real normal radiographs: what is learnt there carries over to real findings best."""


@dataclass(frozen=True)
class DemoPackOptions:
    """What to build.

    Attributes
    ----------
    data : Path, optional
        Folder of ``cxrtrain.csv``: real images and backgrounds. Without it the pack knows phantoms only.
    encoder : Path, optional
        An exported encoder (``encoder.onnx`` and ``tail.safetensors``) or a checkpoint, instead of training one.
    phantoms : Path, optional
        A set written by ``saerad-train phantom``, instead of drawing one.
    start_from : Path, optional
        ``encoder.onnx`` of an older demo pack to train further, instead of random weights.
    toy : bool
        A tiny pack from procedural phantoms in two or three minutes, to test the chain.
    """

    out: Path
    work: Path
    repository: Path
    command: str
    data: Path | None = None
    encoder: Path | None = None
    phantoms: Path | None = None
    start_from: Path | None = None
    toy: bool = False
    minutes: float = DEFAULT_MINUTES
    seed: int = 0
    threads: int = 2
    version: str = VERSION
    build: BuildOptions = field(default_factory=BuildOptions)


TOY_VIT = VitConfig(image_size=96, width=48, depth=3, heads=3, stem_width=8)
TOY_BUILD = BuildOptions(
    n_features=768, target_l0=10.0, steps=250, batch=256, not_chest=60, augmented=False, minimum_images=6
)


def toy_options(options: DemoPackOptions) -> DemoPackOptions:
    """Return the options with the toy's sizes; real data is left out."""
    return replace(options, toy=True, data=None, build=replace(TOY_BUILD, seed=options.seed, threads=options.threads))


def build_demo_pack(options: DemoPackOptions, progress: Progress) -> Manifest:
    """Draw phantoms, train and export the encoder, and build the pack; finished stages are not repeated.

    Raises
    ------
    UsageError
        ``DEMO_PACK_OUT`` when the output folder holds something else than a pack; ``DEMO_PACK_ENCODER`` when the
        encoder is neither an export nor a checkpoint; ``ENCODER_START`` when that to start from is no demo encoder.
    """
    if options.out.exists() and any(options.out.iterdir()) and not (options.out / MANIFEST_NAME).is_file():
        raise UsageError(
            "DEMO_PACK_OUT", f"{options.out} is not empty and not a pack", "name another folder with --out"
        )
    options.work.mkdir(parents=True, exist_ok=True)
    if options.start_from is not None and not options.start_from.is_file():
        raise UsageError("ENCODER_START", f"there is no file {options.start_from}", "name an encoder.onnx")
    phantoms = _phantoms(options, progress)
    encoder = _encoder(options, phantoms, progress)
    return build_pack(
        corpus(phantoms, options.data),
        encoder,
        spec_of(encoder / "encoder.onnx"),
        options.out,
        work=options.work,
        name=NAME,
        version=options.version,
        command=options.command,
        repository=options.repository,
        options=options.build,
        progress=progress,
    )


def corpus(phantoms: Path, data: Path | None) -> list[Sample]:
    """Return phantoms first, then real images; raises as `split_phantoms`."""
    return [*split_phantoms(phantoms), *(real_samples(data) if data is not None else [])]


def phantom_folder(options: DemoPackOptions) -> Path:
    """Return the folder of the phantoms that a run with these options uses."""
    return options.phantoms or options.work / "phantoms"


def _phantoms(options: DemoPackOptions, progress: Progress) -> Path:
    folder = phantom_folder(options)
    if options.phantoms is not None:
        return folder
    count, size = (420, 128) if options.toy else (24000, 224)
    wanted = {
        "count": count,
        "size": size,
        "seed": options.seed,
        "share_real": SHARE_REAL if options.data is not None else 0.0,
    }
    if not _done(folder, wanted) or not (folder / TABLE).is_file():
        progress("drawing phantoms", 0.0)
        shutil.rmtree(folder, ignore_errors=True)
        write_phantoms(
            folder,
            count,
            options.seed,
            size,
            options.data,
            share_real=SHARE_REAL,
            workers=options.threads,
            progress=False,
        )
        _mark(folder, wanted)
    return folder


def _encoder(options: DemoPackOptions, phantoms: Path, progress: Progress) -> Path:
    export = options.work / "encoder"
    if options.encoder is not None:
        if (options.encoder / "encoder.onnx").is_file():
            return options.encoder
        if not (options.encoder / "checkpoint.safetensors").is_file() and options.encoder.suffix != ".safetensors":
            raise UsageError(
                "DEMO_PACK_ENCODER",
                f"{options.encoder} holds neither an exported encoder nor a checkpoint",
                "name a folder with encoder.onnx and tail.safetensors, or with checkpoint.safetensors",
            )
        progress("exporting the encoder", 0.0)
        export_encoder(options.encoder, export)
        return export
    config, start = encoder_config(options), options.start_from
    table = hashlib.sha256((phantoms / TABLE).read_bytes()).hexdigest()
    wanted = {"config": json.loads(json.dumps(asdict(config))), "phantoms": table}
    if start is not None:
        wanted["start"] = hashlib.sha256(start.read_bytes()).hexdigest()
    if not _done(export, wanted):
        progress("training the encoder", 0.0)
        data = training_data(
            phantoms, options.data, config, cache=options.work / "pixels", minimum=6 if options.toy else 40
        )
        checkpoint = train_encoder(config, data, options.work / "encoder-run", start=start)
        progress("exporting the encoder", 0.0)
        export_encoder(checkpoint, export)
        _mark(export, wanted)
    return export


def encoder_config(options: DemoPackOptions) -> EncoderTrainingConfig:
    """Return the configuration of the encoder's training."""
    if options.toy:
        return EncoderTrainingConfig(
            vit=TOY_VIT,
            optimiser=OptimiserConfig(steps=160, batch_size=16),
            validate_every=1e9,
            save_every=60.0,
            seed=options.seed,
            threads=options.threads,
            bfloat16=False,
        )
    optimiser = OptimiserConfig(seconds=60.0 * options.minutes)
    config = EncoderTrainingConfig(optimiser=optimiser, seed=options.seed, threads=options.threads)
    if options.start_from is None:
        return config
    return replace(config, optimiser=replace(optimiser, rate=FURTHER_RATE), late=(0.0, 0.0))


def spec_of(path: Path) -> EncoderSpec:
    """Return the specification of an exported demo encoder."""
    return encoder_spec(vit_config(path), PIXEL_MEAN, PIXEL_STD)


def _done(folder: Path, wanted: Mapping[str, object]) -> bool:
    path = folder / "stage.json"
    return path.is_file() and json.loads(path.read_text(encoding="utf-8")) == wanted


def _mark(folder: Path, wanted: Mapping[str, object]) -> None:
    (folder / "stage.json").write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")
