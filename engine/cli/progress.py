"""A progress line on a terminal, and nothing anywhere else."""

from __future__ import annotations

import sys
from types import TracebackType

from tqdm import tqdm

from engine.cli.terminal import unknown_size


class ProgressLine:
    """Counts images on stderr; silent unless stderr is a terminal.

    Parameters
    ----------
    total : int
        Number of images.
    """

    def __init__(self, total: int) -> None:
        self._bar = tqdm(
            total=total, unit="image", file=sys.stderr, disable=not sys.stderr.isatty(), leave=False, **unknown_size()
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

    def write(self, text: str, *, error: bool = False) -> None:
        """Print a line without breaking the progress line."""
        self._bar.write(text, file=sys.stderr if error else sys.stdout)
