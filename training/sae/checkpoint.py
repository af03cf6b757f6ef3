"""Checkpoints of a run: one safetensors file, whose header carries all that is no tensor; replaced in one rename."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from engine.errors import SaeRadError

NAME = "checkpoint.safetensors"


@dataclass(frozen=True)
class Checkpoint:
    """A state of a run.

    Attributes
    ----------
    meta : mapping
        JSON values: step, position in the stream, configuration, controllers.
    tensors : mapping of str to Tensor
        Weights, optimiser, counters, states of the random generators.
    """

    meta: Mapping[str, Any]
    tensors: Mapping[str, Tensor]

    def part(self, name: str) -> dict[str, Tensor]:
        """Return the tensors whose names begin with ``name/``, without it."""
        start = f"{name}/"
        return {key[len(start) :]: value for key, value in self.tensors.items() if key.startswith(start)}


def save(folder: Path, checkpoint: Checkpoint) -> None:
    """Write ``checkpoint.safetensors``: whenever the process or the machine stops, the old one is there or the new."""
    write_tensors(folder / NAME, checkpoint.tensors, {"saerad": json.dumps(checkpoint.meta)})


def load(folder: Path) -> Checkpoint:
    """Read ``checkpoint.safetensors``.

    Raises
    ------
    SaeRadError
        ``FIT_CHECKPOINT`` when it cannot be read.
    """
    path = folder / NAME
    try:
        with safe_open(path, framework="pt") as handle:
            meta = json.loads(handle.metadata()["saerad"])
            return Checkpoint(meta, {name: handle.get_tensor(name) for name in handle.keys()})  # noqa: SIM118
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise SaeRadError(
            "FIT_CHECKPOINT", f"{path} is no checkpoint of a run ({error})", "begin anew in another folder"
        ) from error


def write_tensors(path: Path, tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None) -> None:
    """Write a safetensors file in one rename.

    Raises
    ------
    SaeRadError
        ``FIT_WRITE`` when the disk is full or the folder may not be written to.
    """
    temporary = path.with_name(path.name + ".partial")
    try:
        save_file({name: value.detach().contiguous() for name, value in tensors.items()}, temporary, metadata)
        replace_durably(temporary, path)
    except (OSError, SafetensorError) as error:
        raise SaeRadError(
            "FIT_WRITE", f"{path} could not be written ({error})", "make room and resume; what was there before is kept"
        ) from error


def replace_durably(temporary: Path, path: Path) -> None:
    """Put a finished file in another's place, and on the disk before and after."""
    with temporary.open("rb+") as handle:
        os.fsync(handle.fileno())
    temporary.replace(path)
    if os.name == "posix":  # elsewhere a folder cannot be opened
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file in one rename."""
    write_text(path, json.dumps(value, indent=1) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file in one rename."""
    temporary = path.with_name(path.name + ".partial")
    temporary.write_text(text, encoding="utf-8")
    replace_durably(temporary, path)
