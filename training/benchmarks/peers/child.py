"""A library in a process of its own, asked and answering in JSON."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, Protocol

from training.sae import controller

HERE = Path(__file__).resolve().parent
PEERS: dict[str, tuple[str, ...]] = {
    "sae_lens": ("gated", "topk", "batchtopk"),
    "dictionary_learning": ("gated", "topk", "batchtopk"),
    "sparsify": ("topk",),
}
"""Adapters and the architectures that their libraries have."""
NOT_MEASURED = "saev is not measured: it is not on PyPI"
QUIET = {"WANDB_MODE": "disabled", "HF_HUB_OFFLINE": "1", "PYTHONWARNINGS": "ignore", "TQDM_DISABLE": "1"}


class PeerFailed(Exception):  # noqa: N818 - a fact about the library, which is noted and no error of ours
    """A library could not do what it was asked."""


class Peer(Protocol):
    """What answers."""

    def ask(self, command: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a command.

        Raises
        ------
        PeerFailed
            When the library could not do it.
        """

    def close(self) -> None:
        """End the process."""


Open = Callable[[str], Peer]
"""Starts a library by the name of its adapter."""


class Child:
    """A process of :mod:`training.benchmarks.peers.host`.

    Parameters
    ----------
    python : Path
        The libraries' interpreter.
    adapter : str
        Key of :data:`PEERS`.
    threads : int
    """

    def __init__(self, python: Path, adapter: str, threads: int) -> None:
        self._adapter = adapter
        self._complaints = TemporaryFile(mode="w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - closed with the process
        # Without -P the adapters' folder would come first among imports, and they have their libraries' names.
        self._process = subprocess.Popen(
            [
                str(python),
                "-P",
                str(HERE / "host.py"),
                str(HERE / "adapters" / f"{adapter}.py"),
                str(controller.__file__),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._complaints,
            text=True,
            encoding="utf-8",
            env={**os.environ, **QUIET, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": ""},
        )

    def ask(self, command: str, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a command."""
        assert self._process.stdin is not None and self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps({**values, "do": command}) + "\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline()
        except OSError:
            line = ""
        if not line:
            self._process.wait()
            self._complaints.seek(0)
            last = (self._complaints.read().strip().splitlines() or ["it ended without a word"])[-1]
            raise PeerFailed(f"{self._adapter} failed: {last}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        self._complaints.close()
