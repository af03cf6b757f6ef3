"""Checkpoints of the encoder's training: tensors in safetensors, everything else in JSON beside them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from training.encoder.model import SupervisedEncoder
from training.encoder.vit import VitConfig


@dataclass(frozen=True)
class Checkpoint:
    """One saved state.

    Attributes
    ----------
    step : int
        Finished optimiser steps.
    elapsed : float
        Seconds of training so far, over all runs.
    meta : mapping
        ``vit``, ``outputs``, ``channels``, ``config`` and ``figures`` as JSON values.
    tensors : mapping of str to Tensor
        "model.*" and "average.*" (state), "m.*" and "v.*" (AdamW's moments).
    """

    step: int
    elapsed: float
    meta: Mapping[str, Any]
    tensors: Mapping[str, Tensor]

    def part(self, prefix: str) -> dict[str, Tensor]:
        """Return the tensors under a prefix, without it."""
        return {key[len(prefix) + 1 :]: value for key, value in self.tensors.items() if key.startswith(prefix + ".")}


def save_checkpoint(folder: Path, checkpoint: Checkpoint) -> Path:
    """Write ``checkpoint.safetensors`` and ``checkpoint.json`` so that a kill leaves the old pair or the new one."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "checkpoint.safetensors"
    # The JSON travels inside the tensor file's header too, so the pair is replaced in one rename.
    header = {"step": checkpoint.step, "elapsed": checkpoint.elapsed, **checkpoint.meta}
    tensors = {key: value.detach().contiguous() for key, value in checkpoint.tensors.items()}
    temporary = path.with_suffix(".partial")
    save_file(tensors, temporary, metadata={"saerad": json.dumps(header)})
    temporary.replace(path)
    (folder / "checkpoint.json").write_text(json.dumps(header, indent=1) + "\n", encoding="utf-8")
    return path


def load_checkpoint(path: Path) -> Checkpoint:
    """Read a checkpoint file (or the one in a folder)."""

    file = path / "checkpoint.safetensors" if path.is_dir() else path
    with safe_open(file, framework="pt") as handle:
        header = json.loads(handle.metadata()["saerad"])
    return Checkpoint(int(header.pop("step")), float(header.pop("elapsed")), header, load_file(file))


def load_model(path: Path, *, averaged: bool = True) -> SupervisedEncoder:
    """Build the model of a checkpoint, with its averaged weights unless told otherwise, in evaluation mode."""
    checkpoint = load_checkpoint(path)
    meta = checkpoint.meta
    model = SupervisedEncoder(VitConfig(**meta["vit"]), meta["outputs"], meta["channels"])
    model.load_state_dict(checkpoint.part("average" if averaged else "model"))
    return model.eval()


def flatten_optimizer(model: torch.nn.Module, optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return AdamW's moments by parameter name ("m.*", "v.*"); empty before the first step."""
    moments = {}
    for name, parameter in model.named_parameters():
        state = optimizer.state.get(parameter)
        if state:
            moments[f"m.{name}"], moments[f"v.{name}"] = state["exp_avg"], state["exp_avg_sq"]
    return moments


@torch.no_grad()
def restore_optimizer(model: torch.nn.Module, optimizer: torch.optim.Optimizer, checkpoint: Checkpoint) -> None:
    """Put AdamW's moments and step count back."""
    first, second = checkpoint.part("m"), checkpoint.part("v")
    for name, parameter in model.named_parameters():
        if name in first:
            optimizer.state[parameter] = {
                "step": torch.tensor(float(checkpoint.step)),
                # In the parameter's own memory layout, which the fused update takes for granted.
                "exp_avg": torch.empty_like(parameter).copy_(first[name]),
                "exp_avg_sq": torch.empty_like(parameter).copy_(second[name]),
            }
