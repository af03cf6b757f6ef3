"""A library that is none: answers as a child process would, at once."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from training.benchmarks.peers.child import PeerFailed


class FakePeer:
    """Learns nothing in no time; the adapter named `failing` fails at the command given."""

    def __init__(self, adapter: str, log: list[str], failing: str = "", command: str = "start") -> None:
        self._adapter, self._log, self._fails = adapter, log, command if adapter == failing else ""
        self._request: dict[str, Any] = {}

    def ask(self, command: str, values: Mapping[str, Any]) -> dict[str, Any]:
        self._log.append(f"{self._adapter} {command}")
        if command == self._fails:
            raise PeerFailed(f"{self._adapter} failed: for the test")
        if command == "start":
            self._request = dict(values)
        if command == "fit":
            rows = np.load(values["held_out"])
            rng = np.random.default_rng(0)
            np.savez(
                Path(values["out"]),
                decoder=rng.standard_normal((self._request["n_features"], self._request["d_model"])),
                reconstruction=np.broadcast_to(rows.mean(0), rows.shape),
                fires=np.full(
                    self._request["n_features"], len(rows) * self._request["k"] // self._request["n_features"]
                ),
            )
        return {"seconds": 1000.0, "version": "1.2.3"}

    def close(self) -> None:
        self._log.append(f"{self._adapter} close")
