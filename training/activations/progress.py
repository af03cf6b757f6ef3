"""The line that says how far a harvest or a labelling is: how many a second and the time that is left."""

from __future__ import annotations

import sys
from types import TracebackType

from tqdm import tqdm

from engine.cli.terminal import unknown_size


class ProgressBar:
    """Counts images on stderr; silent unless stderr is a terminal. Fits `training.activations.harvest.Progress`.

    Parameters
    ----------
    total : int
        Images to harvest, those of former runs with them.
    what, unit, part : str
        What is done, what is counted, and what is done at a time.
    """

    def __init__(self, total: int, what: str = "harvest", unit: str = "image", part: str = "shard") -> None:
        silent = not sys.stderr.isatty()
        self._bar = tqdm(total=total, unit=unit, desc=what, file=sys.stderr, disable=silent, **unknown_size())
        self._part = part

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def begin(self, done: int) -> None:
        """Count what former runs did as done, but not for the speed."""
        self._bar.initial = self._bar.n = done
        self._bar.refresh()

    def step(self, count: int = 1) -> None:
        """One more, or several."""
        self._bar.update(count)

    def tell_stopping(self) -> None:
        """Say that the run will end soon."""
        self._bar.write(f"finishing the {self._part} in work; a second signal stops at once", file=sys.stderr)
