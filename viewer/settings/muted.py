"""What is muted, kept in the settings' file: it is chosen in the list of features, not in the dialog."""

from __future__ import annotations

from viewer.i18n import tr
from viewer.settings.preferences import Preferences
from viewer.state.images import Problem
from viewer.state.muted import MuteKey, muted_from_text, muted_to_text

NAME = "features/muted"


def read_muted(preferences: Preferences) -> frozenset[MuteKey]:
    """Return what is muted; a line that cannot be used is a problem of the settings, and nothing is muted then."""
    try:
        return muted_from_text(preferences.kept(NAME))
    except ValueError as error:
        preferences.problems.append(
            Problem(
                "SETTING_INVALID",
                tr("the setting {name} cannot be used: {reason}", name=NAME, reason=error),
                tr("no feature is muted; mute them anew or mend {path}", path=preferences.path),
            )
        )
        return frozenset()


def keep_muted(preferences: Preferences, muted: frozenset[MuteKey]) -> None:
    """Keep what is muted for the next start."""
    preferences.keep(NAME, muted_to_text(muted))
