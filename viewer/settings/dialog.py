"""The settings' dialog, made from the declarations; what is chosen holds at once."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QFrame,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from viewer.i18n import tr
from viewer.settings.catalogue import GROUPS, SETTINGS
from viewer.settings.path_field import PathField
from viewer.settings.preferences import Preferences
from viewer.settings.spec import Setting
from viewer.theme.text import plain_label

SHOWN_LETTERS = 30
"""Of a choice at most, in its closed box."""

LABEL_WIDTH = 250

Control = QCheckBox | QComboBox | QLineEdit | QSpinBox | QDoubleSpinBox


class SettingsDialog(QDialog):
    """A control for each setting, with its prose below it.

    Attributes
    ----------
    controls : dict of str to QWidget
        By the setting's id.
    """

    def __init__(self, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._preferences = preferences
        self.controls: dict[str, Control] = {}
        self.setWindowTitle(tr("Settings"))
        self.resize(720, 620)
        inside = QFrame()
        inside.setProperty("role", "panel")
        form = QFormLayout(inside)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.FieldsStayAtSizeHint)
        for name, settings in GROUPS:
            form.addRow(plain_label(tr(name), role="title"))
            for setting in settings:
                self._add(form, setting)
        area = QScrollArea()
        area.setAccessibleName(tr("Settings"))
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        close = buttons.button(QDialogButtonBox.StandardButton.Close)
        close.setText(tr("Close"))
        close.setAccessibleName(tr("Close"))
        self.defaults = QPushButton(tr("Defaults"))
        self.defaults.setAccessibleName(tr("Set every setting to its default"))
        self.defaults.clicked.connect(self._reset)
        buttons.addButton(self.defaults, QDialogButtonBox.ButtonRole.ResetRole)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(area)
        layout.addWidget(buttons)
        preferences.changed.connect(self._follow)

    def _add(self, form: QFormLayout, setting: Setting) -> None:
        field: QWidget
        control: Control
        if setting.file:
            chooser = PathField(tr(setting.name), folder=setting.folder)
            _show(chooser.line, setting, self._preferences)
            chooser.chosen.connect(partial(self._preferences.set, setting))
            field, control = chooser, chooser.line
        else:
            field = control = _control(setting, self._preferences)
        control.setAccessibleName(tr(setting.name))
        control.setAccessibleDescription(tr(setting.prose))
        self.controls[setting.id] = control
        label = plain_label(tr(setting.name))
        label.setWordWrap(True)
        label.setFixedWidth(LABEL_WIDTH)
        label.setBuddy(control)
        form.addRow(label, field)
        prose = tr(setting.prose) + (" " + tr("From the next start on.") if setting.restart else "")
        told = plain_label(prose, role="small")
        told.setWordWrap(True)
        told.setAlignment(Qt.AlignmentFlag.AlignTop)
        form.addRow(told)

    def _reset(self) -> None:
        for setting in SETTINGS:
            self._preferences.set(setting, setting.default)

    def _follow(self, changed: str) -> None:
        setting = next(setting for setting in SETTINGS if setting.id == changed)
        _show(self.controls[changed], setting, self._preferences)


def _control(setting: Setting, preferences: Preferences) -> Control:
    """Return the control of a setting's type (none is a path), with its value, connected to the preferences."""
    keep = partial(preferences.set, setting)
    control: Control
    if setting.choices:
        control = QComboBox()
        # The longest choice must not push the form out of the dialog; the list that opens shows it whole.
        control.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        control.setMinimumContentsLength(min(SHOWN_LETTERS, max(len(tr(name)) for _, name in setting.choices)))
        for value, name in setting.choices:
            control.addItem(tr(name), value)
        _show(control, setting, preferences)
        control.currentIndexChanged.connect(lambda n: keep(setting.choices[n][0]))
    elif setting.words:
        control = QLineEdit()
        control.setMinimumWidth(280)
        _show(control, setting, preferences)
        control.editingFinished.connect(lambda: keep(control.text()))
    elif isinstance(setting.default, bool):
        control = QCheckBox()
        _show(control, setting, preferences)
        control.toggled.connect(keep)
    else:
        control = QDoubleSpinBox() if isinstance(setting.default, float) else QSpinBox()
        if isinstance(control, QDoubleSpinBox):
            control.setSingleStep(0.25)
            control.setRange(setting.low, setting.high)
        else:
            control.setRange(round(setting.low), round(setting.high))
        _show(control, setting, preferences)
        control.valueChanged.connect(keep)
    return control


def _show(control: Control, setting: Setting, preferences: Preferences) -> None:
    value = preferences.value(setting)
    if isinstance(control, QComboBox):
        control.setCurrentIndex(control.findData(value))
    elif isinstance(control, QLineEdit):
        control.setText(str(value))
    elif isinstance(control, QCheckBox):
        control.setChecked(bool(value))
    elif isinstance(control, QSpinBox):
        control.setValue(int(value))
    else:
        control.setValue(float(value))
