"""One image through an encoder of RAD-DINO's size: the engine's graph beside PyTorch and a plain export, in turns."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from engine.inference.session import load_session, needed_graph, run_session
from engine.inference.tail import Tail
from training.benchmarks.encoder_features import ACTIVE, feature_calls, random_sae
from training.benchmarks.result import Column, Result
from training.benchmarks.timing import seconds
from training.benchmarks.turns import Turn, take_turns
from training.encoder.dinov2.config import Dinov2Config
from training.encoder.dinov2.files import CONFIG, WEIGHTS
from training.encoder.dinov2.graph import encoder_graph
from training.encoder.dinov2.model import Dinov2
from training.encoder.dinov2.weights import UNUSED, expected_shapes, read_weights
from training.encoder.export_onnx import tail_tensors
from training.encoder.exported import ENCODER

OURS, TORCH = "ours", "transformers, eager"
ASKED = ("class_token", "attn_cls", "v_last", "x0_last")
"""What `saerad analyse` asks of the encoder where the pack's gate does not look at patches."""
COLUMNS = (
    Column("ms", "ms an image", ".0f"),
    Column("least_ms", "least", ".0f"),
    Column("peak_share", "share of peak", ".2f"),
    Column("peak_mib", "peak memory, MiB", ".0f"),
    Column("encoder_share", "share of the encoder", ".2%"),
)
Peers = Callable[[Path, Tensor, Callable[[str], None]], tuple[dict[str, Callable[[], object]], list[str]]]


@dataclass(frozen=True)
class EncoderOptions:
    """Sizes of the encoder (RAD-DINO's by default) and of the measurement."""

    d_model: int = 768
    layers: int = 12
    heads: int = 12
    image: int = 518
    rounds: int = 7
    threads: int = 2
    seed: int = 0
    features: int = 49152


def measure_encoder(options: EncoderOptions, peers: Peers | None, tell: Callable[[str], None]) -> Result:
    """Measure; `peers` makes the other implementations of the same weights, and says what could not be made."""
    torch.set_num_threads(options.threads)
    result = Result("encoder", settings=asdict(options))
    case = f"one image of {options.image} x {options.image}, fp32"
    with tempfile.TemporaryDirectory(prefix="saerad-") as name:
        folder = Path(name)
        config = write_random(folder, options)
        image = torch.randn(1, 3, options.image, options.image, generator=torch.Generator().manual_seed(options.seed))
        tell("our graph")
        content = write_graph(folder, config, options.image)
        session, _ = load_session(needed_graph(content, ASKED, "cpu"), ENCODER, "cpu", options.threads)
        del content
        pixels = image.numpy()
        turns: dict[str, Turn] = {OURS: _turn(lambda: run_session(session, list(ASKED), {"pixel_values": pixels}))}
        output = dict(zip(ASKED, run_session(session, list(ASKED), {"pixel_values": pixels}), strict=True))
        beside = _features(folder, config, output, options)
        turns |= {name: _turn(call) for name, call in beside.items()}
        if peers is not None:
            made, result.notes = peers(folder, image, tell)
            turns |= {name: _turn(call) for name, call in made.items()}
        tell("in turns")
        times = take_turns(turns, options.rounds)
        memory = {name: _peak_mib(name, folder, options) for name in (OURS, TORCH) if name in turns}
    result.notes += times.failed
    whole, ours = flops(config, options.image), flops(config, options.image, class_row_only=True)
    for name, taken in times.steps.items():
        figures = {"ms": 1e3 * statistics.median(taken), "least_ms": 1e3 * min(taken)}
        if name in beside:
            result.ours[name] = figures | {"encoder_share": times.against(OURS, name)}
            continue
        figures["peak_share"] = times.share(name, ours if name == OURS else whole)
        if name in memory:
            figures["peak_mib"] = memory[name]
        if name == OURS:
            result.ours[case] = figures
        else:
            result.peers[name] = {case: figures | {"ours_against": times.against(OURS, name)}}
    against = [cases[case]["ours_against"] for cases in result.peers.values()]
    if against:
        result.ratios[case] = min(against)
    return result


def flops(config: Dinov2Config, image: int, *, class_row_only: bool = False) -> float:
    """Return the operations of all matrix products, those of the last block for one row alone if that is all."""
    d, m, rows = config.hidden_size, config.mlp_width, (image // config.patch_size) ** 2 + 1

    def block(queries: int) -> float:
        """Keys and values of all rows; queries, attention, output and MLP of some."""
        return 2.0 * rows * 2 * d * d + 2.0 * queries * (2 * d * d + 2 * d * m) + 4.0 * queries * rows * d

    patches = 2.0 * (rows - 1) * 3 * config.patch_size**2 * d
    return patches + (config.num_hidden_layers - 1) * block(rows) + block(1 if class_row_only else rows)


def write_random(folder: Path, options: EncoderOptions) -> Dinov2Config:
    """Write an encoder with random weights that keep its activations at a steady size, in Hugging Face's form."""
    fields: dict[str, Any] = {
        "model_type": "dinov2",
        "architectures": ["Dinov2Model"],
        "hidden_size": options.d_model,
        "num_hidden_layers": options.layers,
        "num_attention_heads": options.heads,
        "image_size": options.image,
        "patch_size": 14,
    }
    (folder / CONFIG).write_text(json.dumps(fields), encoding="utf-8")
    config = Dinov2Config.model_validate(fields)
    generator = torch.Generator().manual_seed(options.seed)
    tensors = {}
    for name, shape in expected_shapes(config).items():
        if name.endswith("weight") and len(shape) > 1:
            tensors[name] = torch.randn(shape, generator=generator) * np.prod(shape[1:]) ** -0.5
        else:
            tensors[name] = torch.rand(shape, generator=generator) * (1.0 if "norm" in name or "scale" in name else 0.1)
    tensors[UNUSED] = torch.zeros(1, options.d_model)
    save_file(tensors, folder / WEIGHTS, metadata={"format": "pt"})
    return config


def write_graph(folder: Path, config: Dinov2Config, image: int) -> bytes:
    """Write ``encoder.onnx`` beside the weights and return its bytes."""
    content = bytes(encoder_graph(Dinov2(config, read_weights(folder / WEIGHTS, config), image)).SerializeToString())
    (folder / ENCODER).write_bytes(content)
    return content


def _features(
    folder: Path, config: Dinov2Config, output: dict[str, Any], options: EncoderOptions
) -> dict[str, Callable[[], object]]:
    """Return what comes behind the encoder, by the name of its row."""
    model = Dinov2(config, read_weights(folder / WEIGHTS, config), options.image)
    tail = Tail({name: tensor.numpy() for name, tensor in tail_tensors(model).items()}, config.layer_norm_eps)
    sae = random_sae(output["class_token"][0], options.features, options.seed)
    side = options.image // config.patch_size
    calls = feature_calls(sae, tail, output, (side, side), options.threads)
    return {f"SAE and all maps ({ACTIVE} active of {sae.n_features:,}), {method}": c for method, c in calls.items()}


def _turn(call: Callable[[], object]) -> Turn:
    return lambda _: seconds(call)


def _peak_mib(name: str, folder: Path, options: EncoderOptions) -> float:
    """Return the most memory that a process of its own takes to load the encoder and run it three times."""
    arguments = ["ours" if name == OURS else "torch", str(folder), str(options.image), str(options.threads)]
    done = subprocess.run(
        [sys.executable, "-m", "training.benchmarks.encoder_memory", *arguments],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    return float(done.stdout.strip().splitlines()[-1])
