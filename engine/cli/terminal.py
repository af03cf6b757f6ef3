"""How wide a line of progress may be."""

from __future__ import annotations

import os
import sys

USUAL = (80, 24)


def unknown_size() -> dict[str, int]:
    """Return what tqdm is told of the size of the terminal on stderr, ``ncols`` and ``nrows``.

    Only of what the terminal does not know itself: it says 0 then (in a container, over a serial line, in ``script``),
    and tqdm would show nothing.
    """
    try:
        known = os.get_terminal_size(sys.stderr.fileno())
    except OSError:
        # Not a terminal.
        return {}
    return {
        name: usual
        for name, value, usual in zip(("ncols", "nrows"), (known.columns, known.lines), USUAL, strict=True)
        if not value
    }
