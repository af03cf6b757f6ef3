"""Hangs the open images of a patient by the rules of a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import HangingError
from viewer.i18n import tr
from viewer.settings import hanging
from viewer.settings.preferences import Preferences
from viewer.state.hanging_choice import choose
from viewer.state.hanging_rules import Rules, read_rules, shipped_rules
from viewer.state.images import Problem
from viewer.state.session import Session

if TYPE_CHECKING:
    from viewer.hanging.desk import Desk


class Ruling:
    """Asks the rules what to hang; a file of a person's own that cannot be used is told, and the shipped one holds."""

    def __init__(self, session: Session, desk: Desk, preferences: Preferences) -> None:
        self._session, self._desk, self._preferences = session, desk, preferences

    def rules(self) -> Rules:
        """Return the rules that hold."""
        own = self._preferences.text(hanging.RULES)
        if own:
            try:
                return read_rules(Path(own).expanduser())
            except HangingError as error:
                self._session.noticed.emit(Problem.of(error))
        return read_rules(shipped_rules())

    def hang(self) -> str:
        """Hang what belongs beside the image shown; returns what a person reads of it.

        Raises
        ------
        HangingError
            ``HANGING_NONE`` when no rule fits.
        """
        images = {key: image.identity for key, image in self._session.images.items() if image.identity is not None}
        shown = self._session.current_key
        choice = choose(self.rules(), shown, images) if shown in images else None
        if choice is None:
            raise HangingError(
                "HANGING_NONE",
                "no rule fits the open images of this patient",
                "open the other view or the earlier study, or drag images into panes (View menu)",
            )
        self._desk.state.hang(choice.layout, choice.keys, choice.active)
        self._desk.links.link_by_rule(choice.link)
        return tr("Hung by the rule “{name}”", name=choice.rule)
