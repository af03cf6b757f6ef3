"""What a run leaves of each autoencoder at its end: weights, the form for packs, and how good both are."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from engine.errors import SaeRadError
from training.activations.stream import FloatArray
from training.sae.checkpoint import replace_durably, write_json, write_tensors
from training.sae.export import InSpace, agreement, fold
from training.sae.member import Member
from training.sae.metrics import SaeMetrics, measure
from training.sae.run_log import RunLog
from training.sae.space import Space

FOLD_SAMPLE = 4096
"""Held-out tokens that the threshold of an architecture without an exact folded form is set on."""


def write_result(folder: Path, member: Member, space: Space, held_out: FloatArray, steps: int) -> dict[str, Any]:
    """Measure an autoencoder and write its weights, its folded form and the comparison of both.

    Parameters
    ----------
    folder : Path
        Has the log of the training. Receives ``model.safetensors``, ``sae.safetensors`` where there is a folded form,
        and ``result.json``.
    held_out : ndarray of float32, shape (N, d_model)
    steps : int
        That it was trained for.

    Returns
    -------
    dict
        What ``result.json`` holds.
    """
    native = InSpace(member.model, space)
    metrics = held_out_values(measure(native, held_out))
    result: dict[str, Any] = {
        "config": asdict(member.config),
        "steps": steps,
        "held_out": metrics,
        "batch_l0": RunLog(folder).last_l0(),
    }
    weights = dict(member.model.state_dict())
    weights["space.centre"], weights["space.forward"], weights["space.inverse"] = (
        space.centre,
        space.forward,
        space.inverse,
    )
    write_tensors(folder / "model.safetensors", weights)
    try:
        sample = torch.from_numpy(held_out[:FOLD_SAMPLE]).to(space.centre.device)
        folded = fold(member.model, space, space.enter(sample))
    except SaeRadError as error:
        result["folded"] = {"error": error.code}
    else:
        folded.save(folder / "sae.safetensors.partial")
        replace_durably(folder / "sae.safetensors.partial", folder / "sae.safetensors")
        result["folded"] = asdict(agreement(native, folded, held_out))
    write_json(folder / "result.json", result)
    return result


def write_diverged(folder: Path, member: Member, steps: int) -> None:
    """Leave word in ``result.json`` of an autoencoder that diverged behind a number of steps."""
    write_json(folder / "result.json", {"config": asdict(member.config), "steps": steps, "error": "FIT_DIVERGED"})


def held_out_values(metrics: SaeMetrics) -> dict[str, float]:
    """Return measures as logs and results have them."""
    return {"fvu": metrics.fvu, **asdict(metrics)}
