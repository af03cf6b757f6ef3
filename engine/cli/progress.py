"""A progress line on a terminal, and nothing anywhere else."""

from __future__ import annotations

import sys
from types import TracebackType

from tqdm import tqdm

from engine.cli.terminal import unknown_size


class ProgressLine:
    """Counts images, or other things, on stderr; silent unless stderr is a terminal.

    Parameters
    ----------
    total : int
        Number of images; 0 when it is not known yet.
    unit : str
        What is counted.
    """

    def __init__(self, total: int, unit: str = "image") -> None:
        self._bar = tqdm(
            total=total or None,
            unit=unit,
            file=sys.stderr,
            disable=not sys.stderr.isatty(),
            leave=False,
            **unknown_size(),
        )

    def __enter__(self) -> ProgressLine:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.close()

    def step(self, name: str, share: float) -> None:
        """Show what is done to the present image; fits ``Analyzer.analyse``."""
        self._bar.set_postfix_str(f"{name} {share:.0%}")

    def next_image(self) -> None:
        """One image is finished."""
        self._bar.update()

    def count(self, done: int, total: int) -> None:
        """Show that so many are finished, of so many where that is known (else 0)."""
        self._bar.total = total or None
        self._bar.n = done
        self._bar.refresh()

    def write(self, text: str, *, error: bool = False) -> None:
        """Print a line without breaking the progress line."""
        self._bar.write(text, file=sys.stderr if error else sys.stdout)
