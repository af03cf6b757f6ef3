"""What a harvest did, for people and as JSON; images that are not in the store are named."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from training.activations.harvest import HarvestResult
from training.activations.store import ActivationStore

NAMED = 20
"""Failed images that a summary names; ``failures.parquet`` has all."""


class HarvestSummary:
    """The summary of one run.

    Parameters
    ----------
    out : Path
        Folder of the store, which is opened if it is finished.
    images : int
        That were to be harvested.
    result : HarvestResult

    Attributes
    ----------
    harvested : int
        Images in the finished store.
    failed : list of dict
        ``path`` and ``code`` of every image that is not in the finished store.
    """

    def __init__(self, out: Path, images: int, result: HarvestResult) -> None:
        self._out, self._images, self._result = out, images, result
        self._store = ActivationStore(out) if result.complete else None
        self.harvested = self._store.rows if self._store else 0
        self.failed: list[dict[str, str]] = []
        if self._store:
            self.failed = self._store.failures().select(["path", "code"]).to_pylist()
        self._codes = dict(sorted(Counter(failure["code"] for failure in self.failed).items()))
        self._speed = result.images_new / result.seconds if result.images_new else 0.0

    def as_json(self) -> dict[str, object]:
        """Return everything as values for JSON."""
        result = self._result
        summary: dict[str, object] = {
            "store": str(self._out),
            "complete": result.complete,
            "images": self._images,
            "images_done": result.images_done,
            "images_new": result.images_new,
            "seconds": round(result.seconds, 3),
            "images_per_s": round(self._speed, 3),
        }
        if self._store:
            summary |= {
                "rows": self._store.rows,
                "d_model": self._store.d_model,
                "layer": self._store.recipe.layer,
                "encoder_identity": self._store.recipe.encoder_identity,
                "sha256": self._store.sha256,
                "failures": self._codes,
                "failed": self.failed[:NAMED],
            }
        return summary

    def as_text(self) -> str:
        """Return the line on a finished store."""
        pace = f"{self._speed:.1f} images/s" if self._result.images_new else "nothing was left to do"
        return f"{self._out}: {self.harvested} images of {self._images}, {pace}"

    def failed_lines(self) -> list[str]:
        """Return what to say of the images that are not in the store, the first of many named."""
        if not self.failed:
            return []
        counts = ", ".join(f"{count} {code}" for code, count in self._codes.items())
        named = [f"  {failure['path']} [{failure['code']}]" for failure in self.failed[:NAMED]]
        more = [f"  and {len(self.failed) - NAMED} more"] if len(self.failed) > NAMED else []
        return [f"not in the store, see failures.parquet: {counts}", *named, *more]
