"""``model.safetensors`` of a DINOv2 encoder: every tensor by name, shape, type and value, or a refusal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from engine.errors import EncoderError
from training.encoder.dinov2.config import Dinov2Config

TYPES = ("F32", "F16", "BF16")
"""Types that turn into float32 without loss."""
UNUSED = "embeddings.mask_token"
"""Stands for hidden patches while DINOv2 is trained; nothing reads it afterwards."""
_NEWER = {
    "attention.q_proj": "attention.attention.query",
    "attention.k_proj": "attention.attention.key",
    "attention.v_proj": "attention.attention.value",
    "attention.o_proj": "attention.output.dense",
}
"""Names inside transformers 5 → names in files."""
_NEWER_PATTERN = re.compile("|".join(re.escape(name) for name in _NEWER))


def expected_shapes(config: Dinov2Config) -> dict[str, tuple[int, ...]]:
    """Return name and shape of every tensor that the encoder needs, in the order of computation."""
    d, m, p = config.hidden_size, config.mlp_width, config.patch_size
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.cls_token": (1, 1, d),
        "embeddings.position_embeddings": (1, config.trained_grid**2 + 1, d),
        "embeddings.patch_embeddings.projection.weight": (d, 3, p, p),
        "embeddings.patch_embeddings.projection.bias": (d,),
    }
    for number in range(config.num_hidden_layers):
        block = f"encoder.layer.{number}"
        for norm in ("norm1", "norm2"):
            shapes |= {f"{block}.{norm}.weight": (d,), f"{block}.{norm}.bias": (d,)}
        for part in ("query", "key", "value"):
            shapes[f"{block}.attention.attention.{part}.weight"] = (d, d)
            if config.qkv_bias:
                shapes[f"{block}.attention.attention.{part}.bias"] = (d,)
        shapes |= {f"{block}.attention.output.dense.weight": (d, d), f"{block}.attention.output.dense.bias": (d,)}
        shapes |= {f"{block}.layer_scale1.lambda1": (d,), f"{block}.layer_scale2.lambda1": (d,)}
        shapes |= {f"{block}.mlp.fc1.weight": (m, d), f"{block}.mlp.fc1.bias": (m,)}
        shapes |= {f"{block}.mlp.fc2.weight": (d, m), f"{block}.mlp.fc2.bias": (d,)}
    return shapes | {"layernorm.weight": (d,), "layernorm.bias": (d,)}


def read_weights(path: Path, config: Dinov2Config) -> dict[str, Tensor]:
    """Read the tensors of `expected_shapes` as float32.

    Raises
    ------
    EncoderError
        ``IMPORT_WEIGHTS``, naming what is missing, too much, of a wrong shape or type, or not finite.
    """
    try:
        with safe_open(path, framework="pt") as file:
            names = {_NEWER_PATTERN.sub(lambda found: _NEWER[found[0]], key): key for key in file.keys()}  # noqa: SIM118
            shapes = expected_shapes(config)
            _check_names(set(shapes), set(names) - {UNUSED})
            found = {name: file.get_slice(names[name]) for name in shapes}
            _refuse(
                f"{name} is {tuple(part.get_shape())}, not {shapes[name]}"
                for name, part in found.items()
                if tuple(part.get_shape()) != shapes[name]
            )
            _refuse(
                f"{name} is of type {part.get_dtype()}, not {', '.join(TYPES)}"
                for name, part in found.items()
                if part.get_dtype() not in TYPES
            )
            tensors = {name: file.get_tensor(names[name]).to(torch.float32) for name in shapes}
    except (SafetensorError, OSError) as error:
        raise _wrong(f"the file cannot be read: {error}") from error
    _refuse(f"{name} holds values that are not finite" for name, value in tensors.items() if not value.isfinite().all())
    return tensors


def _check_names(wanted: set[str], present: set[str]) -> None:
    problems = []
    for word, names in (("lacks", wanted - present), ("has, unasked for,", present - wanted)):
        if names:
            problems.append(f"it {word} {len(names)} tensor{'s' * (len(names) > 1)}: {_few(sorted(names))}")
    if problems:
        raise _wrong("; ".join(problems))


def _refuse(problems: Iterable[str]) -> None:
    found = list(problems)
    if found:
        raise _wrong(_few(found))


def _few(names: list[str], most: int = 4) -> str:
    return ", ".join(names[:most]) + (f", and {len(names) - most} more" if len(names) > most else "")


def _wrong(why: str) -> EncoderError:
    return EncoderError(
        "IMPORT_WEIGHTS",
        f"model.safetensors does not hold the encoder of config.json ({why})",
        "get both files again, from the same place",
    )
