"""What a person chose: read from and kept in a readable file, checked against the declarations."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, QSettings, Signal

from viewer.i18n import tr
from viewer.settings.catalogue import SETTINGS
from viewer.settings.spec import Setting, Value
from viewer.state.images import Problem

KEYS = "keys/"
"""Group of the file in which a person's own keys stand, by the action's id."""


class Preferences(QObject):
    """Values of all settings, and a person's own keys.

    Parameters
    ----------
    path : Path, optional
        INI file; None keeps nothing (demonstrations, tests).

    Attributes
    ----------
    problems : list of Problem
        Lines of the file that could not be used; their defaults hold, and the lines stay until they are set anew.
    """

    changed = Signal(str)
    """Id of the setting that has another value now."""
    keys_changed = Signal()
    noticed = Signal(object)
    """A `Problem`: a choice could not be kept."""

    def __init__(self, path: Path | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.path = path
        self.problems: list[Problem] = []
        self._values: dict[str, Value] = {}
        self._keys: dict[str, tuple[str, ...]] = {}
        self._file: QSettings | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = QSettings(str(path), QSettings.Format.IniFormat)
            self._read(self._file)

    def _read(self, file: QSettings) -> None:
        for setting in SETTINGS:
            if file.contains(setting.id):
                try:
                    self._values[setting.id] = setting.parse(str(file.value(setting.id)))
                except ValueError as error:
                    self.problems.append(
                        Problem(
                            "SETTING_INVALID",
                            tr("the setting {name} cannot be used: {reason}", name=setting.id, reason=error),
                            tr("its default holds; choose it anew in Edit > Settings or mend {path}", path=self.path),
                        )
                    )
        for name in file.allKeys():
            if name.startswith(KEYS):
                self._keys[name.removeprefix(KEYS)] = tuple(str(file.value(name)).split())

    # settings

    def value(self, setting: Setting) -> Value:
        """Return the value that holds."""
        return self._values.get(setting.id, setting.default)

    def text(self, setting: Setting) -> str:
        """Return the value of a setting with choices."""
        return str(self.value(setting))

    def flag(self, setting: Setting) -> bool:
        """Return the value of a setting that is on or off."""
        return bool(self.value(setting))

    def number(self, setting: Setting) -> float:
        """Return the value of a number."""
        return float(self.value(setting))

    def set(self, setting: Setting, value: Value) -> None:
        """Choose a value and keep it.

        Raises
        ------
        ValueError
            If the declaration does not allow it.
        """
        value = setting.parse(setting.write(value))
        if value == self.value(setting):
            return
        self._values[setting.id] = value
        self._write(setting.id, setting.write(value))
        self.changed.emit(setting.id)

    # what the window notes for itself

    def kept(self, name: str) -> str:
        """Return what was kept under a name that is no setting; empty when nothing was."""
        return str(self._file.value(name, "")) if self._file is not None else ""

    def keep(self, name: str, text: str) -> None:
        """Keep a text under a name that is no setting."""
        if text != self.kept(name):
            self._write(name, text)

    # keys

    def keys(self, action: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Return the keys of an action, in Qt's portable notation."""
        return self._keys.get(action, default)

    def set_keys(self, chosen: dict[str, tuple[str, ...]]) -> None:
        """Replace a person's own keys, by action; actions that are not named have their default keys."""
        for action in self._keys.keys() - chosen.keys():
            self._write(KEYS + action, None)
        for action, keys in chosen.items():
            self._write(KEYS + action, " ".join(keys))
        self._keys = dict(chosen)
        self.keys_changed.emit()

    def _write(self, name: str, text: str | None) -> None:
        if self._file is None:
            return
        if text is None:
            self._file.remove(name)
        else:
            self._file.setValue(name, text)
        self._file.sync()
        if self._file.status() is not QSettings.Status.NoError:
            self.noticed.emit(
                Problem(
                    "SETTING_NOT_SAVED",
                    tr("{path} cannot be written", path=self.path),
                    tr("the choice holds until the program ends; make the folder writable to keep it"),
                )
            )
