"""The encoder as one ONNX file that hands out what the heat maps need, proven equal to torch."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime as ort
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from training.encoder.block import PreNormTransformer
from training.encoder.checkpoint import load_model
from training.encoder.vit import VisionTransformer

logger = logging.getLogger(__name__)

OUTPUTS = ("class_token", "patch_tokens", "attn_cls", "v_last", "x0_last")
TOLERANCE = 1e-4
OPSET = 18


class ExportableEncoder(nn.Module):
    """The encoder with the outputs of the model pack (design §2)."""

    def __init__(self, vit: VisionTransformer) -> None:
        super().__init__()
        self.vit = vit

    def forward(self, pixel_values: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
        """Return the tensors named in ``OUTPUTS``: (N, D), (N, P, D), (N, h, T), (N, T, h, D / h), (N, D)."""
        x = self.vit.tokens(pixel_values)
        block, attention = self.vit.last, self.vit.last.attention
        u = block.norm1(x)
        weights = attention.weights(u, u)
        values = attention.split(attention.value(u))
        y = x + block.lambda1 * attention.output((weights @ values).transpose(1, 2).flatten(2))
        tokens = self.vit.norm(y + block.mlp(y))
        return tokens[:, 0], tokens[:, 1:], weights[:, :, 0], values.transpose(1, 2), x[:, 0]


def tail_tensors(vit: PreNormTransformer) -> dict[str, Tensor]:
    """Return the weights behind the last block's attention, from which the engine computes heat maps (float32)."""
    block = vit.last
    tensors = {
        "w_o": block.attention.output.weight,
        "b_o": block.attention.output.bias,
        "lambda1": block.lambda1,
        "ln2_weight": block.norm2.weight,
        "ln2_bias": block.norm2.bias,
        "fc1_weight": block.fc1.weight,
        "fc1_bias": block.fc1.bias,
        "fc2_weight": block.fc2.weight,
        "fc2_bias": block.fc2.bias,
        "lambda2": block.lambda2,
        "norm_weight": vit.norm.weight,
        "norm_bias": vit.norm.bias,
    }
    return {name: tensor.detach().float().contiguous().clone() for name, tensor in tensors.items()}


@dataclass(frozen=True)
class ExportedEncoder:
    """What an export wrote and what it proved.

    Attributes
    ----------
    max_difference : float
        Largest absolute difference between torch and ONNX Runtime over all outputs and proof inputs.
    """

    onnx: Path
    tail: Path
    max_difference: float


def write_onnx(vit: VisionTransformer, path: Path) -> None:
    """Write the graph at opset 18 as a single file with a dynamic batch.

    Raises
    ------
    RuntimeError
        When the graph holds a guard for masked softmax rows, which costs more than the attention itself.
    """
    model = ExportableEncoder(vit)
    size = vit.config.image_size
    example = torch.zeros(2, 3, size, size)
    with warnings.catch_warnings():
        # The exporter's own deprecations are no concern of whoever exports.
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            model,
            (example,),
            input_names=["pixel_values"],
            output_names=list(OUTPUTS),
            opset_version=OPSET,
            dynamic_shapes=({0: torch.export.Dim("batch", min=1, max=1024)},),
            dynamo=True,
            verbose=False,
        )
    assert program is not None
    program.save(str(path), external_data=False)
    graph = onnx.load(path)
    onnx.checker.check_model(graph, full_check=True)
    if any(node.op_type == "IsNaN" for node in graph.graph.node):
        raise RuntimeError("the exported graph holds a masked-softmax guard (IsNaN)")


def greatest_difference(vit: VisionTransformer, path: Path, inputs: npt.NDArray[np.float32]) -> float:
    """Return the largest absolute difference of any output from torch, one image at a time and all at once."""
    session = ort.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    with torch.no_grad():
        x = torch.from_numpy(inputs)
        read = vit.read(vit.tokens(x))
        token, patches = vit(x)
    expected = dict(zip(OUTPUTS, (token, patches, read.attention, read.values, read.x0), strict=True))
    worst = float((vit.norm(read.z) - token).abs().max().detach())
    for part in [slice(i, i + 1) for i in range(len(inputs))] + [slice(0, len(inputs))]:
        found = session.run(list(OUTPUTS), {"pixel_values": inputs[part]})
        for name, value in zip(OUTPUTS, found, strict=True):
            worst = max(worst, float(np.abs(value - expected[name][part].numpy()).max()))
    return worst


def export_encoder(checkpoint: Path, out_dir: Path, *, proof: npt.NDArray[np.float32] | None = None) -> ExportedEncoder:
    """Write ``encoder.onnx`` and ``tail.safetensors`` from a checkpoint's averaged weights.

    Parameters
    ----------
    checkpoint : Path
        File or folder written by ``train_encoder``.
    proof : ndarray of float32, shape (N, 3, H, W), optional
        Real input to prove the graph on, besides random input.

    Raises
    ------
    RuntimeError
        When ONNX Runtime differs from torch by more than 1e-4 anywhere.
    """
    vit = load_model(checkpoint).vit.eval()
    out_dir.mkdir(parents=True, exist_ok=True)
    path, tail = out_dir / "encoder.onnx", out_dir / "tail.safetensors"
    write_onnx(vit, path)
    size = vit.config.image_size
    inputs = np.random.default_rng(0).standard_normal((3, 3, size, size)).astype(np.float32)
    if proof is not None:
        inputs = np.concatenate([inputs, proof])
    worst = greatest_difference(vit, path, inputs)
    if worst > TOLERANCE:
        raise RuntimeError(f"ONNX differs from torch by {worst:.2e}, more than {TOLERANCE:.0e}")
    save_file(tail_tensors(vit), tail)
    logger.info("exported %s, %.1f MB, difference %.1e", path, path.stat().st_size / 1e6, worst)
    return ExportedEncoder(path, tail, worst)
