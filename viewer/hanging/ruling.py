"""Hangs the open images of a patient by the rules of a file."""

from __future__ import annotations

from pathlib import Path

from engine.errors import HangingError
from viewer.i18n import tr
from viewer.settings import hanging
from viewer.settings.preferences import Preferences
from viewer.state.hanging import Hanging
from viewer.state.hanging_choice import choose
from viewer.state.hanging_rules import Rules, read_rules, shipped_rules
from viewer.state.images import Problem
from viewer.state.session import Session


class Ruling:
    """Asks the rules what to hang; a file of a person's own that cannot be used is told, and the shipped one holds."""

    def __init__(self, session: Session, state: Hanging, preferences: Preferences) -> None:
        self._session, self._state, self._preferences = session, state, preferences

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
        self._state.hang(choice.layout, choice.keys, choice.active)
        return tr("Hung by the rule “{name}”", name=choice.rule)
