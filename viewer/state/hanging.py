"""Which image hangs in which pane, and which pane is the active one (no Qt here)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from viewer.state.event import Event
from viewer.state.session import Session

LAYOUTS: dict[str, tuple[int, int]] = {"1x1": (1, 1), "1x2": (1, 2), "2x1": (2, 1), "2x2": (2, 2)}
"""Rows and columns of panes."""

MOST_PANES = 4


@dataclass(eq=False)
class Hung:
    """What a pane holds; its maps are those that were on when it was left."""

    key: str | None = None
    visible: frozenset[int] = frozenset()


class Hanging:
    """Panes of a session. The image of the active pane is the session's: draft, overlay and tools belong to it.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self.layout, self.active = "1x1", 0
        self.panes = [Hung() for _ in range(MOST_PANES)]
        self.changed: Event[None] = Event()
        """Layout, active pane or the image of a pane."""
        self.turned: Event[int] = Event()
        """Another pane is the active one; its image is not the session's yet."""
        self.swapped: Event[tuple[int, int]] = Event()
        """Two panes changed places with all they show."""
        self._session = session
        session.current_changed.connect(self._on_current)

    @property
    def count(self) -> int:
        """How many panes are in sight."""
        rows, columns = LAYOUTS[self.layout]
        return rows * columns

    @property
    def shown(self) -> list[Hung]:
        """The panes in sight."""
        return self.panes[: self.count]

    @property
    def keys(self) -> tuple[str | None, ...]:
        """Images of the panes in sight."""
        return tuple(pane.key for pane in self.shown)

    def set_layout(self, layout: str) -> None:
        """Show other panes; those that go out of sight are emptied, and an active one among them hands over.

        Raises
        ------
        KeyError
            If there is no such layout.
        """
        rows, columns = LAYOUTS[layout]
        if self.active >= rows * columns:
            # The image a person works on stays.
            old, self.active = self.active, 0
            self.panes[0], self.panes[old] = self.panes[old], self.panes[0]
            self.swapped.emit((0, old))
        self.layout = layout
        for n in range(self.count, MOST_PANES):
            self.panes[n] = Hung()
        self._announce()

    def activate(self, number: int) -> None:
        """Make a pane in sight the active one: its image is the session's from now on, with the maps it had."""
        if number == self.active or not 0 <= number < self.count:
            return
        self._leave()
        self.active = number
        self._turn()

    def step(self, by: int) -> None:
        """Activate the next or previous pane, round and round."""
        self.activate((self.active + by) % self.count)

    def hang(self, layout: str, keys: Sequence[str | None], active: int = 0) -> None:
        """Hang images in the panes of a layout and make one pane the active one.

        Raises
        ------
        KeyError
            If there is no such layout or image.
        ValueError
            If there are more images than panes.
        """
        self._check(layout, keys, active)
        self._leave()
        kept = {pane.key: pane.visible for pane in self.shown}
        self.layout, self.active = layout, active
        padded = [*keys, *[None] * (MOST_PANES - len(keys))]
        self.panes = [Hung(key, kept.get(key, frozenset()) if key is not None else frozenset()) for key in padded]
        self._turn()

    def hang_beside(self, layout: str, keys: Sequence[str], active: int) -> None:
        """Hang images around the one shown, which keeps its view, its maps and what is selected.

        Raises
        ------
        KeyError
            If there is no such layout or image.
        ValueError
            If there are more images than panes, or the one shown does not hang in the pane `active`.
        """
        self._check(layout, keys, active)
        if keys[active] != self._session.current_key:
            raise ValueError(f"{keys[active]} is not the image shown")
        old, self.active = self.active, active
        if old != active:
            self.panes[old], self.panes[active] = self.panes[active], self.panes[old]
            self.swapped.emit((old, active))
        self.layout = layout
        for n in range(MOST_PANES):
            if n != active:
                self.panes[n] = Hung(keys[n] if n < len(keys) else None)
        self._announce()

    def clear(self) -> None:
        """Take the image out of the active pane; it stays open."""
        self._session.show(None)

    def _check(self, layout: str, keys: Sequence[str | None], active: int) -> None:
        rows, columns = LAYOUTS[layout]
        if len(keys) > rows * columns or not 0 <= active < rows * columns:
            raise ValueError(f"{len(keys)} images do not fit into {layout}")
        if any(key is not None and key not in self._session.images for key in keys):
            raise KeyError(keys)

    def _turn(self) -> None:
        """Let the session follow to the active pane, and show the maps that were on there."""
        pane = self.panes[self.active]
        visible = pane.visible
        self.turned.emit(self.active)
        self._session.show(pane.key)
        self._session.set_overlay(self._session.overlay.show(visible))
        self._announce()

    def _leave(self) -> None:
        self.panes[self.active].visible = self._session.overlay.visible

    def _on_current(self, key: str | None) -> None:
        if self.panes[self.active].key != key:
            self.panes[self.active] = Hung(key)
            self._announce()

    def _announce(self) -> None:
        self._session.hung = frozenset(key for key in self.keys if key is not None)
        self.changed.emit(None)
