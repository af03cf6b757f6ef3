"""A checkpoint of the demo encoder's training, run by torch, as a harvest needs it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor

from engine.errors import UsageError
from engine.pack.manifest import EncoderSpec
from training.activations.encoders import FloatArray, LayerTokens, checked, split_rows
from training.activations.layers import LAST, unknown_layer
from training.activations.shard import file_sha256
from training.encoder.checkpoint import load_model
from training.encoder.config import PIXEL_MEAN, PIXEL_STD
from training.encoder.sources import encoder_spec
from training.encoder.vit import VisionTransformer

CHECKPOINT_NAME = "checkpoint.safetensors"


class TorchEncoder:
    """The averaged weights of a checkpoint (`training.encoder.checkpoint`), the tokens of any layer by a hook.

    Parameters
    ----------
    path : Path
        ``checkpoint.safetensors`` or its folder.
    layer : str
        `LAST`, "embeddings" or "block0", "block1", ….
    device : {"auto", "cpu", "cuda"}
    threads : int, optional
        CPU threads of torch in this process.

    Raises
    ------
    UsageError
        ``ENCODER_FILE``, ``LAYER_UNKNOWN``, ``DEVICE_UNKNOWN``.
    """

    def __init__(self, path: Path, layer: str = LAST, device: str = "auto", threads: int | None = None) -> None:
        file = path / CHECKPOINT_NAME if path.is_dir() else path
        try:
            self.vit: VisionTransformer = load_model(file).vit.eval()
        except (OSError, SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
            raise UsageError(
                "ENCODER_FILE",
                f"{file} is no checkpoint of the encoder's training ({type(error).__name__})",
                "name a folder written by the training, or an encoder.onnx with --spec",
            ) from error
        if layer not in (names := torch_layers(self.vit)):
            raise unknown_layer(layer, names)
        if threads is not None:
            torch.set_num_threads(threads)
        self._device = _device(device)
        self.vit.to(self._device)
        self.spec: EncoderSpec = encoder_spec(self.vit.config, PIXEL_MEAN, PIXEL_STD)
        self.layer = layer
        self.sha256 = file_sha256(file)
        self.runtime = f"torch {torch.__version__} {self._device}"
        self.warnings: tuple[str, ...] = ()

    def tokens(self, pixels: FloatArray, *, patches: bool) -> LayerTokens:
        """Run the encoder on pixels (N, 3, H, W)."""
        seen: list[Tensor] = []
        x = torch.from_numpy(pixels).to(self._device)
        # TF32 rounds to 10 bits: the tokens would not be those of the exported graph.
        with torch.inference_mode(), torch.backends.cudnn.flags(allow_tf32=False), self._watch(seen):
            token, rest = self.vit(x)
        if self.layer == LAST:
            return checked(_array(token), _array(rest) if patches else None, len(pixels), self.spec)
        return split_rows(_array(seen[0]), len(pixels), self.spec, patches=patches)

    def _watch(self, seen: list[Tensor]) -> torch.utils.hooks.RemovableHandle:
        """Keep what the wanted block takes or gives; the hook goes with the end of the run."""
        if self.layer == "embeddings":
            return self.vit.blocks[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))
        number = int(self.layer.removeprefix("block")) if self.layer != LAST else -1
        return self.vit.blocks[number].register_forward_hook(lambda _, __, output: seen.append(output))


def torch_layers(vit: VisionTransformer) -> list[str]:
    """Return the names of an encoder's layers."""
    return [LAST, "embeddings", *(f"block{number}" for number in range(len(vit.blocks)))]


def _array(tensor: Tensor) -> FloatArray:
    return np.asarray(tensor.float().cpu().numpy(), dtype=np.float32)


def _device(name: str) -> torch.device:
    if name not in ("auto", "cpu", "cuda"):
        raise UsageError("DEVICE_UNKNOWN", f"torch runs on cpu or cuda here, not on {name!r}", "use auto, cpu or cuda")
    available = torch.cuda.is_available()
    if name == "cuda" and not available:
        raise UsageError("DEVICE_UNKNOWN", "there is no CUDA device that torch can use", "use --device cpu")
    return torch.device("cuda" if available and name != "cpu" else "cpu")
