"""The dock widgets: features and draft of the layer that is selected, each with its verdict and its strip."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QDir
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from viewer.features.panel import FeaturePanel
from viewer.hosts.editing import DraftEditing
from viewer.hosts.napari.host import Host, tell
from viewer.hosts.napari.packs import PackChoice
from viewer.i18n import tr
from viewer.image.strip import STRIP_HEIGHT, ResearchStrip
from viewer.lifetime import listen
from viewer.report.house_style import passed_over
from viewer.report.panel import DraftPanel
from viewer.state.groups import FeatureGroup
from viewer.state.selection import Selection, maps_of, sentences_of
from viewer.texts import verdict
from viewer.theme import palette, style
from viewer.theme.text import plain_label, set_property
from viewer.why.commands import WhyCommands

if TYPE_CHECKING:
    import napari.viewer


def _sheet() -> str:
    """Return the workstation's style after taking back what napari's gives every widget."""
    own = f"""
QWidget {{ padding: 0; background: {palette.PANEL}; }}
QLabel, QCheckBox {{ background: transparent; }}
QCheckBox {{ spacing: 0; }}
QCheckBox::indicator {{ padding: 0; }}
QCheckBox::indicator:indeterminate {{ image: none; padding: 0; width: 14px; height: 14px; }}
"""
    return own + style.sheet()


class _Dock(QWidget):
    """A panel between the verdict on the image above and the strip below, in the workstation's own colours."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        palette.use("dark")
        self.setPalette(palette.qt_palette())
        self.setStyleSheet(_sheet())
        self.verdict = plain_label()
        self.verdict.setWordWrap(True)
        self.strip = ResearchStrip(self)
        self.strip.setFixedHeight(STRIP_HEIGHT)
        self._lines = QVBoxLayout(self)
        self._lines.setContentsMargins(0, 0, 0, 0)
        self._lines.setSpacing(0)
        self._lines.addWidget(self.verdict)

    def _begin(self, *parts: QWidget | QHBoxLayout) -> None:
        """Lay the parts out, with the strip at the foot, and follow the session from now on."""
        for part in parts:
            if isinstance(part, QWidget):
                self._lines.addWidget(part, 1 if isinstance(part, FeaturePanel | DraftPanel) else 0)
            else:
                self._lines.addLayout(part)
        self._lines.addWidget(self.strip)
        session = self.host.session
        self.host.followed.connect(self.refresh)
        listen(self, session.image_changed, lambda key: self.refresh() if key == session.current_key else None)
        listen(self, session.draft_changed, lambda key: self.refresh() if key == session.current_key else None)
        listen(self, session.selection_changed, lambda _selection: self._mark())
        self.refresh()

    def refresh(self) -> None:
        """Show what is known of the layer that is followed."""
        image = self.host.session.current
        tone, text = verdict(image) if image is not None else ("idle", self.host.why_not)
        if image is not None and image.radiograph is not None:
            lengths = tr(image.radiograph.spacing.calibration.value)
            text = f"{image.path.name}: {text}  ·  " + tr("lengths: {calibration}", calibration=lengths)
        self.verdict.setText(text)
        self.verdict.setAccessibleName(text)
        set_property(self.verdict, "tone", tone)
        self._show()
        self._mark()

    def _show(self) -> None:
        raise NotImplementedError

    def _mark(self) -> None:
        raise NotImplementedError


class FeatureDock(_Dock):
    """The active features and the switches of their heat maps."""

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(Host.of(napari_viewer))
        session, controller = self.host.session, self.host.controller
        self.panel = FeaturePanel()
        self.panel.features_chosen.connect(self._choose)
        self.panel.switched.connect(lambda ids, on: session.set_overlay(session.overlay.switch(ids, on)))
        self.panel.recoloured.connect(lambda key, colour: session.set_overlay(session.overlay.recolour(key, colour)))
        self.panel.sliders.opacity_changed.connect(lambda v: session.set_overlay(session.overlay.with_opacity(v)))
        self.panel.sliders.threshold_changed.connect(lambda v: session.set_overlay(session.overlay.with_threshold(v)))
        # A layer of napari's is heat; it has no contour lines.
        self.panel.look.contour.hide()
        self.panel.look.look_wanted.connect(
            lambda key, look, _of: session.set_overlay(session.overlay.with_look(key, look))
        )
        self.panel.look.mute_wanted.connect(self._mute)
        self.panel.columns.by_section_wanted.connect(lambda on: self.panel.show_listing(by_section=on))
        listen(self, session.overlay_changed, self.panel.show_overlay)
        self.open = QPushButton(tr("Open radiograph…"))
        self.open.clicked.connect(self._ask)
        self.progress = QProgressBar()
        self.progress.setAccessibleName(tr("Progress"))
        self.cancel = QPushButton(tr("Cancel"))
        self.cancel.setProperty("role", "small")
        self.cancel.clicked.connect(controller.cancel)
        controller.progressed.connect(self._on_progress)
        controller.idle.connect(self._on_idle)
        listen(self, session.current_changed, lambda _key: None if controller.busy else self._on_idle())
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 4, 8, 4)
        self.packs = PackChoice(self.host)
        foot.addWidget(self.open)
        foot.addWidget(self.packs)
        foot.addWidget(self.progress, 1)
        foot.addWidget(self.cancel)
        self._on_idle()
        self._begin(self.panel, foot)

    def _show(self) -> None:
        session = self.host.session
        self.panel.show_image(session.current, session.overlay)
        self.panel.show_cited(session.draft)

    def _mark(self) -> None:
        image, draft, selection = self.host.session.current, self.host.session.draft, self.host.session.selection
        linked: tuple[int, ...] = ()
        if draft is not None and image is not None and image.analysis is not None and selection.sentence_key:
            sentence = draft.find(selection.sentence_key)
            linked = maps_of(sentence, image.analysis) or sentence.support
        self.panel.mark(selection.features, linked)

    def _choose(self, ids: tuple[int, ...]) -> None:
        session = self.host.session
        session.select(Selection() if session.selection.features == ids else Selection(features=ids))

    def _mute(self, group: FeatureGroup) -> None:
        session = self.host.session
        session.set_overlay(session.overlay.mute(group, not session.overlay.mutes(group)))

    def _ask(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, tr("Open files"), QDir.homePath())
        for name in names:
            self.host.open(Path(name))

    def _on_progress(self, text: str, fraction: float) -> None:
        self.progress.setVisible(True)
        self.cancel.setVisible(True)
        self.progress.setFormat(text)
        self.progress.setRange(0, 100)
        self.progress.setValue(round(100 * fraction))

    def _on_idle(self) -> None:
        self.progress.setVisible(False)
        self.cancel.setVisible(False)


class DraftDock(_Dock):
    """The draft report, with every change that the workstation offers of a sentence."""

    def __init__(self, napari_viewer: napari.viewer.Viewer) -> None:
        super().__init__(Host.of(napari_viewer))
        session, controller = self.host.session, self.host.controller
        self.panel = DraftPanel()
        self.editing = DraftEditing(self.panel, session, controller, tell)
        self.why = WhyCommands(self, self.panel, session, controller.engine)
        self.undo, self.redo = QPushButton(tr("Undo")), QPushButton(tr("Redo"))
        foot = QHBoxLayout()
        foot.setContentsMargins(8, 4, 8, 4)
        for button, call in ((self.undo, self.editing.undo), (self.redo, self.editing.redo)):
            button.clicked.connect(call)
            foot.addWidget(button)
        foot.addStretch(1)
        listen(self, session.steps_changed, lambda _none: self._enable())
        listen(self, session.overlay_changed, lambda _overlay: self._show_muted())
        controller.exported.connect(self._on_exported)
        self._begin(self.panel, foot)

    def _show(self) -> None:
        self.panel.show_style(passed_over(self.host.controller.engine.style_problem))
        self.panel.show_image(self.host.session.current)
        self._show_muted()
        self._enable()

    def _show_muted(self) -> None:
        session = self.host.session
        groups = session.current.groups if session.current is not None else ()
        self.panel.show_muted(session.overlay.muted_ids(groups))

    def _mark(self) -> None:
        draft, selection = self.host.session.draft, self.host.session.selection
        linked = sentences_of(selection.features, draft) if draft is not None else ()
        self.panel.mark(selection.sentence_key, linked)

    def _enable(self) -> None:
        session = self.host.session
        self.undo.setEnabled(bool(session.steps.undo_name) or session.typing)
        self.redo.setEnabled(bool(session.steps.redo_name))

    def _on_exported(self, files: list[Path]) -> None:
        if files:
            from napari.utils.notifications import show_info

            show_info(tr("{count} files written to {folder}", count=len(files), folder=files[0].parent))
