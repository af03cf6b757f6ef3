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

from engine.inference.runtime import FloatArray, load_session, needed_graph, run_session
from engine.inference.tail import Tail
from engine.pack.precision import PROFILE_FILES
from training.benchmarks.encoder_features import ACTIVE, feature_calls, random_sae
from training.benchmarks.result import Column, Result
from training.benchmarks.timing import seconds
from training.benchmarks.turns import Times, Turn, take_turns
from training.encoder.dinov2.config import Dinov2Config
from training.encoder.dinov2.files import CONFIG, WEIGHTS
from training.encoder.dinov2.graph import encoder_graph
from training.encoder.dinov2.model import Dinov2
from training.encoder.dinov2.weights import UNUSED, expected_shapes, read_weights
from training.encoder.export_onnx import tail_tensors
from training.encoder.exported import ENCODER
from training.precision.int8 import cosines, int8_graph

OURS, INT8, TORCH, BESIDE = "ours", "ours, int8", "transformers, eager", "SAE and all maps"
CALIBRATION = 2
"""Random images that the int8 profile is calibrated on; the measured one is another."""
ASKED = ("class_token", "attn_cls", "v_last", "x0_last")
"""What `saerad analyse` asks of the encoder where the pack's gate does not look at patches."""
OUTLYING = ("layer_scale2.lambda1", "fc2.bias")
COLUMNS = (
    Column("ms", "ms an image", ".0f"),
    Column("least_ms", "least", ".0f"),
    Column("peak_share", "share of peak", ".2f"),
    Column("peak_mib", "peak memory, MiB", ".0f"),
    Column("cosine", "cosine with fp32", ".5f"),
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
    outliers: bool = False
    """Whether every 37th channel of the residual stream dominates, as in trained encoders of this family."""
    features: int = 49152


def measure_encoder(options: EncoderOptions, peers: Peers | None, tell: Callable[[str], None]) -> Result:
    """Measure; `peers` makes the other implementations of the same weights, and says what could not be made."""
    torch.set_num_threads(options.threads)
    result = Result("encoder", settings=asdict(options))
    with tempfile.TemporaryDirectory(prefix="saerad-") as name:
        folder = Path(name)
        config = write_random(folder, options)
        image = random_images(options, 1)[0]
        tell("our graph")
        content = write_graph(folder, config, options.image)
        tell("our graph in int8")
        calibration = [pixels.numpy() for pixels in random_images(options, CALIBRATION + 1)[1:]]
        (folder / PROFILE_FILES["int8"]).write_bytes(int8_graph(content, calibration, options.threads).content)
        del content
        runs = {
            OURS: _runner(folder / ENCODER, image, options),
            INT8: _runner(folder / PROFILE_FILES["int8"], image, options),
        }
        turns: dict[str, Turn] = {name: _turn(run) for name, run in runs.items()}
        output = runs[OURS]()
        cosine = float(cosines(runs[INT8]()[0], output[0])[0])
        beside = _features(folder, config, dict(zip(ASKED, output, strict=True)), options)
        turns |= {name: _turn(call) for name, call in beside.items()}
        if peers is not None:
            made, result.notes = peers(folder, image, tell)
            turns |= {name: _turn(call) for name, call in made.items()}
        tell("in turns")
        times = take_turns(turns, options.rounds)
        memory = {name: _peak_mib(name, folder, options) for name in (OURS, INT8, TORCH) if name in turns}
    result.notes += times.failed
    _fill(result, times, config, memory, cosine)
    for name in beside:
        result.ours[name] = _seconds(times.steps[name]) | {"encoder_share": times.against(OURS, name)}
    return result


def _fill(result: Result, times: Times, config: Dinov2Config, memory: dict[str, float], cosine: float) -> None:
    """Enter two cases: our fp32 beside the others, and our int8 beside the same runs of theirs."""
    side = result.settings["image"]
    whole, ours = flops(config, side), flops(config, side, class_row_only=True)
    figures = {
        name: {
            **_seconds(taken),
            "peak_share": times.share(name, ours if name in (OURS, INT8) else whole),
            **({"peak_mib": memory[name]} if name in memory else {}),
        }
        for name, taken in times.steps.items()
        if not name.startswith(BESIDE)
    }
    figures[INT8]["cosine"] = cosine
    for own, kind in ((OURS, "fp32"), (INT8, "int8")):
        case = f"one image of {side} x {side}, {kind}"
        result.ours[case] = figures[own]
        for name, values in figures.items():
            if name not in (OURS, INT8):
                against = {"ours_against": times.against(own, name)}
                result.peers.setdefault(name, {})[case] = values | against
        against_all = [cases[case]["ours_against"] for cases in result.peers.values()]
        if against_all:
            result.ratios[case] = min(against_all)


def _seconds(taken: list[float]) -> dict[str, float]:
    return {"ms": 1e3 * statistics.median(taken), "least_ms": 1e3 * min(taken)}


def random_images(options: EncoderOptions, count: int) -> list[Tensor]:
    """Return images of random pixels, each (1, 3, image, image)."""
    generator = torch.Generator().manual_seed(options.seed)
    return [torch.randn(1, 3, options.image, options.image, generator=generator) for _ in range(count)]


def _runner(graph: Path, image: Tensor, options: EncoderOptions) -> Callable[[], list[FloatArray]]:
    """Return what runs a graph as the engine does."""
    session, _ = load_session(needed_graph(graph.read_bytes(), ASKED, "cpu"), graph.name, "cpu", options.threads)
    pixels = image.numpy()
    return lambda: run_session(session, list(ASKED), {"pixel_values": pixels})


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
        if options.outliers and name.endswith(OUTLYING):
            tensors[name][5::37] *= 30.0
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
    return {f"{BESIDE} ({ACTIVE} active of {sae.n_features:,}), {method}": c for method, c in calls.items()}


def _turn(call: Callable[[], object]) -> Turn:
    return lambda _: seconds(call)


def _peak_mib(name: str, folder: Path, options: EncoderOptions) -> float:
    """Return the most memory that a process of its own takes to load the encoder and run it three times."""
    graphs = {OURS: ENCODER, INT8: PROFILE_FILES["int8"]}
    arguments = [graphs.get(name, "torch"), str(folder), str(options.image), str(options.threads)]
    done = subprocess.run(
        [sys.executable, "-m", "training.benchmarks.encoder_memory", *arguments],
        check=True,
        capture_output=True,
        text=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    return float(done.stdout.strip().splitlines()[-1])
