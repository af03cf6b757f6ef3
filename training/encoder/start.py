"""Go on from an exported encoder: its weights from the graph, and heads fitted anew, since an export has none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from engine.errors import UsageError
from training.encoder.config import EncoderTrainingConfig
from training.encoder.dataset import BatchSampler
from training.encoder.export_onnx import TOLERANCE, greatest_difference
from training.encoder.model import SupervisedEncoder
from training.encoder.vit import VisionTransformer, VitConfig

PREFIX = "vit."
HEAD_STEPS, HEAD_RATE = 250, 4e-3
"""Steps and rate of the heads' fit: they are linear, and the encoder before them stands still."""


def vit_config(path: Path) -> VitConfig:
    """Return the sizes of an exported demo encoder, read from its graph."""
    graph = onnx.load(path, load_external_data=False).graph
    shapes = {
        value.name: [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
        for value in (*graph.input, *graph.output)
    }
    convolutions = [node for node in graph.node if node.op_type == "Conv"]
    weights = {tensor.name: tensor.dims for tensor in graph.initializer}
    return VitConfig(
        image_size=shapes["pixel_values"][2],
        width=shapes["class_token"][1],
        heads=shapes["attn_cls"][1],
        depth=sum(node.op_type == "Softmax" for node in graph.node),
        stem_width=weights[convolutions[0].input[1]][0],
        # Two plain convolutions, two of the fine residual, two of each coarse one.
        stem_blocks=(len(convolutions) - 4) // 2,
    )


def exported_vit(path: Path, config: VitConfig | None = None) -> VisionTransformer:
    """Return an exported demo encoder as a module, proven equal to the graph.

    Parameters
    ----------
    path : Path
        ``encoder.onnx``.
    config : VitConfig, optional
        Sizes that it must have; None takes those of the graph.

    Raises
    ------
    UsageError
        ``ENCODER_START`` when the graph is no demo encoder of these sizes.
    """
    try:
        vit = VisionTransformer(config or vit_config(path))
        vit.load_state_dict(exported_weights(path))
        size = vit.config.image_size
        inputs = np.random.default_rng(0).standard_normal((2, 3, size, size)).astype(np.float32)
        worst = greatest_difference(vit.eval(), path, inputs)
    except (KeyError, IndexError, ValueError, RuntimeError, onnx.checker.ValidationError) as error:
        raise UsageError(
            "ENCODER_START",
            f"{path} is no demo encoder of these sizes ({str(error).splitlines()[0]})",
            "name the encoder.onnx of a pack that 'saerad-train demo-pack' built",
        ) from error
    if worst > TOLERANCE:
        raise UsageError(
            "ENCODER_START",
            f"the weights read from {path} compute something else than its graph ({worst:.1e})",
            "name the encoder.onnx of a pack that 'saerad-train demo-pack' built, in 32-bit precision",
        )
    return vit


def exported_weights(path: Path) -> dict[str, Tensor]:
    """Return the parameters of an exported encoder by name.

    The exporter keeps the names of all tensors but the matrices of linear layers, which it turns over: one of these is
    known by the bias that is added to its product.
    """
    graph = onnx.load(path, load_external_data=False).graph
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    found = {name.removeprefix(PREFIX): value for name, value in values.items() if name.startswith(PREFIX)}
    products = {node.output[0]: node.input[1] for node in graph.node if node.op_type == "MatMul"}
    for node in graph.node:
        if node.op_type != "Add":
            continue
        for product, bias in (tuple(node.input), tuple(node.input)[::-1]):
            matrix = products.get(product)
            if matrix in values and bias.startswith(PREFIX) and bias.endswith(".bias"):
                found[f"{bias.removeprefix(PREFIX).removesuffix('.bias')}.weight"] = values[matrix].T
    return {name: torch.from_numpy(np.array(value, dtype=np.float32)) for name, value in found.items()}


def fit_heads(model: SupervisedEncoder, sampler: BatchSampler, config: EncoderTrainingConfig) -> float:
    """Fit everything behind the encoder while it stands still; returns the last batches' mean loss."""
    heads = [p for name, p in model.named_parameters() if not name.startswith(PREFIX)]
    for parameter in model.vit.parameters():
        parameter.requires_grad_(False)
    optimizer = torch.optim.AdamW(heads, lr=HEAD_RATE, weight_decay=0.0, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, HEAD_STEPS, HEAD_RATE / 20)
    model.train()
    losses: list[float] = []
    for step in range(HEAD_STEPS):
        batch = sampler.draw(config.optimiser.batch_size, config.seed * 1_000_003 - 1 - step)
        with torch.autocast("cpu", torch.bfloat16, enabled=config.bfloat16):
            loss, _ = model.losses(batch, config.loss)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        schedule.step()
        losses.append(float(loss.detach()))
    for parameter in model.vit.parameters():
        parameter.requires_grad_(True)
    return float(np.mean(losses[-20:]))
