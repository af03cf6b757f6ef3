"""How much a result object may hold: checked before it is built, so that a hostile file costs little."""

from __future__ import annotations

from engine.errors import ReadError

MAX_ITEMS = 20_000
"""Content items of a report, graphic and text objects of a presentation state, segments or frames of a segmentation."""

MAX_POINTS = 500_000
"""Points of all graphics of one object together."""

MAX_DEPTH = 64
"""Content items inside each other."""

MAX_CHARACTERS = 1_000_000
"""Characters of all texts of one object together."""


class Budget:
    """Counts down what one object may still hold.

    Raises
    ------
    ReadError
        ``RESULT_TOO_LARGE`` by each method, when too much is asked for.
    """

    def __init__(self) -> None:
        self._left = {"items": MAX_ITEMS, "points": MAX_POINTS, "characters": MAX_CHARACTERS}

    def items(self, count: int = 1) -> None:
        """Take so many items."""
        self._take("items", count)

    def points(self, count: int) -> None:
        """Take so many points."""
        self._take("points", count)

    def characters(self, count: int) -> None:
        """Take so many characters."""
        self._take("characters", count)

    def depth(self, depth: int) -> None:
        """Refuse items nested deeper than `MAX_DEPTH`."""
        if depth > MAX_DEPTH:
            raise _too_large(f"nests its content over {MAX_DEPTH} items deep")

    def _take(self, what: str, count: int) -> None:
        self._left[what] -= count
        if self._left[what] < 0:
            most = {"items": MAX_ITEMS, "points": MAX_POINTS, "characters": MAX_CHARACTERS}[what]
            raise _too_large(f"holds more than {most:,} {what}")


def _too_large(what: str) -> ReadError:
    return ReadError("RESULT_TOO_LARGE", f"the result object {what}", "the file is damaged or not to be trusted")
