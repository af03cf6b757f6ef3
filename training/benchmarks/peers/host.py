"""The process that a library is measured in: answers one JSON object a line on standard input with one on output.

Runs in the libraries' environment, as ``python -P host.py ADAPTER CONTROLLER``, and knows of this program only these
two files: the library's adapter and the controller that steers the penalty of our own training too.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
from pathlib import Path
from types import ModuleType
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

CONTROL_EVERY = 10
SAMPLE = 1024
PIECE = 1024


class Trainer(Protocol):
    """What ``build(request)`` of an adapter returns."""

    def step(self, x: Tensor) -> None:
        """Learn from a batch, shape (rows, d)."""

    def steer(self, weight: float) -> None:
        """Set the weight of the sparsity penalty."""

    def finish(self) -> None:
        """Bring the autoencoder into the form that the library has for inference."""

    def decoder(self) -> Tensor:
        """Return the latents' directions, shape (F, d)."""

    def infer(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return activations, shape (rows, F), and reconstruction, shape (rows, d)."""


class Host:
    """A trainer and the rows it reads in turn.

    Parameters
    ----------
    adapter, controller : module
    """

    def __init__(self, adapter: ModuleType, controller: ModuleType) -> None:
        self._adapter, self._controller = adapter, controller
        self._trainer: Trainer
        self._request: dict[str, Any]
        self._position = 0

    def start(self, request: dict[str, Any]) -> dict[str, Any]:
        """Build a trainer; the request says architecture, sizes, rates and where the rows are."""
        torch.set_num_threads(request["threads"])
        torch.manual_seed(request["seed"])
        self._request, self._position = request, 0
        self._rows = np.load(request["tokens"], mmap_mode="r")
        self._trainer = self._adapter.build(request)
        return {"library": self._adapter.LIBRARY, "version": self._adapter.version()}

    def _next(self) -> Tensor:
        batch = self._request["batch"]
        if self._position + batch > len(self._rows):
            self._position = 0
        x = torch.from_numpy(np.array(self._rows[self._position : self._position + batch]))
        self._position += batch
        return x

    def step(self, _request: dict[str, Any]) -> dict[str, Any]:
        """Do one step and say how long it took."""
        x = self._next()
        begin = time.perf_counter()
        self._trainer.step(x)
        return {"seconds": time.perf_counter() - begin}

    def fit(self, request: dict[str, Any]) -> dict[str, Any]:
        """Train to the end; where an L0 is wanted, steer the penalty to it. Write what the result is measured by."""
        wanted, steps = self._request.get("l0"), self._request["steps"]
        warm_up = request["penalty_warm_up"] * steps
        begin = time.perf_counter()
        controller = self._controller.SparsityController(request["penalty"], wanted) if wanted else None
        for step in range(steps):
            x = self._next()
            if controller is not None:
                rise = min(1.0, (step + 1) / warm_up) if warm_up > 0 else 1.0
                self._trainer.steer(controller.weight * rise)
            self._trainer.step(x)
            if controller is not None and (step + 1) % CONTROL_EVERY == 0 and step + 1 >= warm_up:
                with torch.no_grad():
                    activations, _ = self._trainer.infer(x[:SAMPLE])
                controller.update(float((activations > 0).sum(1).float().mean()))
        seconds = time.perf_counter() - begin
        self._trainer.finish()
        self._write(Path(request["held_out"]), Path(request["out"]))
        return {"seconds": seconds, "penalty": controller.weight if controller else 0.0}

    @torch.no_grad()
    def _write(self, held_out: Path, out: Path) -> None:
        x = torch.from_numpy(np.load(held_out))
        fires, pieces = torch.zeros(self._request["n_features"], dtype=torch.int64), []
        for piece in x.split(PIECE):
            activations, reconstruction = self._trainer.infer(piece)
            fires += (activations > 0).sum(0)
            pieces.append(reconstruction)
        np.savez(
            out,
            decoder=self._trainer.decoder().detach().numpy(),
            reconstruction=torch.cat(pieces).numpy(),
            fires=fires.numpy(),
        )


def load(path: str) -> ModuleType:
    """Return a module by its file, which need not be on the path of imports."""
    spec = importlib.util.spec_from_file_location("loaded_" + Path(path).stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def main() -> None:
    """Answer until standard input ends."""
    # What libraries print would be taken for answers: their output goes where errors go.
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    host = Host(load(sys.argv[1]), load(sys.argv[2]))
    commands = {"start": host.start, "step": host.step, "fit": host.fit}
    for line in sys.stdin:
        request = json.loads(line)
        answers.write(json.dumps(commands[request["do"]](request)) + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
