"""Which keys an action has now, and which action has a key already."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtGui import QKeySequence

from viewer.actions.catalogue import ACTIONS, BY_ID
from viewer.settings.preferences import Preferences

Keys = dict[str, tuple[str, ...]]
"""Keys of every action, by its id."""


def default_keys() -> Keys:
    """Return the keys of the catalogue."""
    return {spec.id: spec.keys for spec in ACTIONS}


def current_keys(preferences: Preferences) -> Keys:
    """Return the keys a person chose, else those of the catalogue."""
    return {spec.id: preferences.keys(spec.id, spec.keys) for spec in ACTIONS}


def own_keys(keys: Mapping[str, tuple[str, ...]]) -> Keys:
    """Return what differs from the catalogue, which is what the settings keep."""
    return {action: chosen for action, chosen in keys.items() if chosen != BY_ID[action].keys}


def portable(key: str) -> str:
    """Return the one spelling of a key, so that "ctrl+o" and "Ctrl+O" are the same."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.PortableText)


def holder(keys: Mapping[str, tuple[str, ...]], key: str, asking: str) -> str:
    """Return the id of another action than `asking` that has `key`; empty when none has."""
    wanted = portable(key)
    return next(
        (action for action, its in keys.items() if action != asking and wanted in (portable(k) for k in its)), ""
    )


def shown(keys: Sequence[str]) -> str:
    """Return keys as a person's system writes them."""
    return ", ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in keys)
