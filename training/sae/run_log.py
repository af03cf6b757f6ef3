"""``metrics.jsonl``: what an autoencoder's training looked like, a line every few steps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from training.sae.checkpoint import replace_durably
from training.sae.run_folder import LOG

LAST = 0.9
"""Share of the steps behind which a batch is one of the last."""


class RunLog:
    """The log of one autoencoder.

    Parameters
    ----------
    folder : Path
        Of the autoencoder in its run.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / LOG

    def begin(self) -> None:
        """Make the folder and an empty log in it."""
        self._path.parent.mkdir(exist_ok=True)
        self._path.write_text("", encoding="utf-8")

    def append(self, kind: str, step: int, tokens: int, values: Mapping[str, float]) -> None:
        """Add a line of the kind "train" or "held-out" on what was found behind a number of steps and tokens."""
        row = {"kind": kind, "step": step, "tokens": tokens, **values}
        with self._path.open("a", encoding="utf-8") as log:
            log.write(json.dumps(row) + "\n")

    def last_l0(self) -> float | None:
        """Return the mean L0 of the batches that were logged in the last tenth of the steps; None without any."""
        lines = self._path.read_text(encoding="utf-8").splitlines() if self._path.is_file() else []
        found = {row["step"]: row["l0"] for row in map(json.loads, lines) if row["kind"] == "train"}
        last = [l0 for step, l0 in found.items() if step > LAST * max(found)]
        return sum(last) / len(last) if last else None

    def forget_after(self, step: int) -> None:
        """Drop lines of steps that will be done again, and a line that a kill cut short."""
        lines = self._path.read_text(encoding="utf-8").splitlines(keepends=True) if self._path.is_file() else []
        kept = [line for line in lines if line.endswith("\n") and json.loads(line)["step"] <= step]
        temporary = self._path.with_name(self._path.name + ".partial")
        temporary.write_text("".join(kept), encoding="utf-8")
        replace_durably(temporary, self._path)
