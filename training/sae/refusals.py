"""What no run is begun with: tokens that nothing can be learnt or measured on, and a device that cannot be used."""

from __future__ import annotations

import torch
from torch import Tensor

from engine.cluster.crew import Crew, LocalCrew
from engine.errors import SaeRadError, UsageError


def check_tokens(rows: Tensor, name: str) -> None:
    """Refuse tokens, shape (N, d_model), without any variance: their explained share would be no number.

    Raises
    ------
    SaeRadError
        ``FIT_TOKENS``, with the name of these tokens.
    """
    if len(rows) < 2:
        raise SaeRadError("FIT_TOKENS", f"there are fewer than two {name} ({len(rows)})", "give more tokens")
    if not bool((rows != rows[0]).any()):
        raise SaeRadError("FIT_TOKENS", f"the {name} do not differ from each other", "give more and other tokens")


def check_device(device: torch.device, crew: Crew | None) -> None:
    """Refuse a GPU that PyTorch does not find, or for the workers of a cluster.

    Raises
    ------
    UsageError
        ``FIT_OPTION``.
    """
    if device.type == "cpu":
        return
    if not torch.cuda.is_available():
        raise UsageError(
            "FIT_OPTION", f"PyTorch finds no {device} here", "leave --device out, or install PyTorch for your GPU"
        )
    if not isinstance(crew or LocalCrew(), LocalCrew):
        raise UsageError("FIT_OPTION", "workers of a cluster train on processors", "leave --device or --cluster out")
