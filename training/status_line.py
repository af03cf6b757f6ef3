"""A line on a terminal that says what is being done, each in the place of the one before."""

from __future__ import annotations

import sys


def tell(text: str) -> None:
    """Show a text on stderr where that is a terminal; "" takes the last one away."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{text}")
        sys.stderr.flush()


def tell_share(message: str, share: float) -> None:
    """Show a message and the share that is done; the last one, with all done, stays."""
    tell(f"{share:4.0%} {message}" + ("\n" if share >= 1 else ""))
