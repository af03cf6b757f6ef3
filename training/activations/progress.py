"""The line that says how far a harvest is: images a second and the time that is left."""

from __future__ import annotations

import sys
from types import TracebackType

from tqdm import tqdm


class ProgressBar:
    """Counts images on stderr; silent unless stderr is a terminal. Fits `training.activations.harvest.Progress`.

    Parameters
    ----------
    total : int
        Images to harvest, those of former runs with them.
    """

    def __init__(self, total: int) -> None:
        self._bar = tqdm(total=total, unit="image", desc="harvest", file=sys.stderr, disable=not sys.stderr.isatty())

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

    def step(self) -> None:
        """One image more."""
        self._bar.update()

    def tell_stopping(self) -> None:
        """Say that the run will end soon."""
        self._bar.write("finishing the shard in work; a second signal stops at once", file=sys.stderr)
