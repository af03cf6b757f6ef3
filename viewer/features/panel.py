"""The panel of active features: search, order, the list, and how the maps are drawn."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QToolButton, QVBoxLayout, QWidget

from engine.inference.analysis import Analysis
from engine.report.draft import Draft
from viewer.features.columns import ColumnHeader
from viewer.features.group import GroupBox
from viewer.features.listed import FeatureList
from viewer.features.look_bar import LookBar
from viewer.features.probabilities import ProbabilityBox
from viewer.features.sliders import OverlaySliders
from viewer.i18n import tr
from viewer.image.belongs import belongs_text
from viewer.state.groups import FeatureGroup, cited_by
from viewer.state.images import OpenImage, Work
from viewer.state.listing import Listing
from viewer.state.overlay import OverlaySettings
from viewer.state.results import ResultSet
from viewer.theme.elided import ElidedLabel
from viewer.theme.line import Line
from viewer.theme.text import plain_label


class FeaturePanel(QFrame):
    """Lists what fired on the image shown."""

    features_chosen = Signal(tuple)
    switched = Signal(tuple, bool)
    recoloured = Signal(str, str)
    menu_wanted = Signal(tuple, QPoint)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self._shown: tuple[Analysis | None, str] | None = None
        self._overlay = OverlaySettings()
        self._selected: tuple[int, ...] = ()
        self._name = tr("Features")
        self.title = plain_label(self._name, role="title")
        self.belongs = ElidedLabel(role="small")
        self.search = Line()
        self.search.setPlaceholderText(tr("Search features"))
        self.search.setAccessibleName(tr("Search features"))
        self.search.setClearButtonEnabled(True)
        for button in self.search.findChildren(QToolButton):
            button.setAccessibleName(tr("Clear the search"))
        head = QHBoxLayout()
        head.addWidget(self.title)
        head.addWidget(self.search, 1)
        self.sliders = OverlaySliders()
        self.opacity, self.threshold = self.sliders.opacity, self.sliders.threshold
        self.columns = ColumnHeader()
        self.list = FeatureList()
        self.area = QScrollArea()
        self.area.setAccessibleName(tr("Active features"))
        self.area.setWidgetResizable(True)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.area.setWidget(self.list)
        self.look = LookBar()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(10, 8, 4, 4)
        self._column.addLayout(head)
        self._column.addWidget(self.belongs)
        self._column.addWidget(self.sliders)
        self._column.addWidget(self.columns)
        self._column.addWidget(self.area, 1)
        self._column.addWidget(self.look)
        self._connect()

    def _connect(self) -> None:
        self.search.textChanged.connect(self.list.filter)
        self.columns.order_changed.connect(lambda _order: self._arrange())
        self.list.features_chosen.connect(self.features_chosen)
        self.list.switched.connect(self.switched)
        self.list.recoloured.connect(self.recoloured)
        self.list.menu_wanted.connect(self.menu_wanted)
        self.list.marked.connect(self._see)

    @property
    def rows(self) -> list[GroupBox]:
        """The lines that are there, in the order in which they stand."""
        return self.list.rows

    @property
    def groups(self) -> tuple[FeatureGroup, ...]:
        """All groups, in the order in which they stand; the muted ones come last."""
        return self.list.groups

    @property
    def chosen(self) -> FeatureGroup | None:
        """The group of the selected features."""
        return next((g for g in self.groups if any(i in self._selected for i in g.ids)), None)

    def show_image(self, image: OpenImage | None, overlay: OverlaySettings) -> None:
        """List the features of an image, or say why there are none; nothing is done when that is already shown."""
        self.belongs.set_full(belongs_text(image))
        analysis = image.analysis if image is not None else None
        if self._is_shown(analysis, _why_none(image)):
            self.show_overlay(overlay)
            return
        self._clear(analysis, _why_none(image), overlay)
        active = analysis is not None and analysis.gate.verdict != "refused"
        for control in (self.search, self.sliders, self.columns):
            control.setEnabled(active)
        if image is None or analysis is None or not active:
            self._call(tr("Features"))
            self.list.say(_why_none(image))
            return
        self._call(_title(len(analysis.features), len(image.groups)))
        self._list(analysis, image.groups, cited_by(image.history.current if image.history is not None else None))

    def show_results(self, results: ResultSet, overlay: OverlaySettings) -> None:
        """List the features of an analysis by another pack than the draft's."""
        if self._is_shown(results.analysis, results.title):
            self.show_overlay(overlay)
            return
        self._clear(results.analysis, results.title, overlay)
        self._call(f"{results.title} ({len(results.analysis.features)})")
        self._list(results.analysis, results.groups, frozenset())

    def _is_shown(self, analysis: Analysis | None, told: str) -> bool:
        """Whether this is listed already; maps by another method leave the features as they are."""
        if self._shown is None or told != self._shown[1]:
            return False
        before = self._shown[0]
        if analysis is None or before is None:
            return analysis is before
        return analysis.features is before.features and analysis.observations is before.observations

    def _list(self, analysis: Analysis, groups: tuple[FeatureGroup, ...], cited: frozenset[int]) -> None:
        if analysis.observations:
            self.list.column.addWidget(ProbabilityBox(analysis.observations))
        self.list.list_groups(groups, analysis, cited, self._overlay)
        self._count()
        if not groups:
            self.list.say(tr("No feature is active on this image."))

    def show_listing(self, *, by_section: bool) -> None:
        """List by section, or all features together."""
        self.columns.sections.setChecked(by_section)
        self._arrange()

    def _arrange(self) -> None:
        self.list.arrange(Listing(self.columns.order, self.columns.sections.isChecked()))
        self.area.verticalScrollBar().setValue(0)

    def show_cited(self, draft: Draft | None) -> None:
        """Follow the draft: what its sentences stand on now comes first, if that is the order; nothing scrolls."""
        self.list.show_cited(cited_by(draft))

    def show_overlay(self, overlay: OverlaySettings) -> None:
        """Bring switches, colours and sliders up to date."""
        self._overlay = overlay
        self.sliders.show_overlay(overlay)
        self.list.show_overlay(overlay)
        self._show_look()
        self._count()

    def mark(self, selected: tuple[int, ...], linked: tuple[int, ...]) -> None:
        """Mark the selected features, and those behind the selected sentence."""
        self._selected = selected
        self._show_look()
        self.list.mark(selected, linked)

    def _show_look(self) -> None:
        group = self.chosen
        maps = self._shown[0].maps if self._shown is not None and self._shown[0] is not None else {}
        has_map = group is not None and any(i in maps for i in group.ids)
        self.look.show_group(group, self._overlay, has_map=has_map)

    def _see(self, line: QWidget) -> None:
        # A line that was listed just now, and the bar below the list, have their place only after that.
        self._column.activate()
        self.list.column.activate()
        self.list.resize(self.list.width(), max(self.list.height(), self.list.sizeHint().height()))
        self.area.ensureWidgetVisible(line, 0, 20)
        self.area.horizontalScrollBar().setValue(0)

    def _call(self, name: str) -> None:
        self._name = name
        self._count()

    def _count(self) -> None:
        """Name the list, and say how many of its lines are muted."""
        muted = sum(self._overlay.mutes(group) for group in self.groups)
        self.title.setText(f"{self._name} · {tr('{count} muted', count=muted)}" if muted else self._name)

    def _clear(self, analysis: Analysis | None, told: str, overlay: OverlaySettings) -> None:
        self._shown, self._overlay, self._selected = (analysis, told), overlay, ()
        self.sliders.show_overlay(overlay)
        self.list.clear()
        self.list.show_overlay(overlay)
        self._show_look()


def _title(features: int, groups: int) -> str:
    if features == groups:
        return tr("Features ({count})", count=features)
    return tr("Features ({count} in {groups} groups)", count=features, groups=groups)


def _why_none(image: OpenImage | None) -> str:
    """Say why no features are listed."""
    if image is None:
        return tr("Open an image to see its features.")
    if image.analysis is not None:
        return tr("No features: the image was refused [{code}].", code=image.analysis.gate.code)
    if image.problem is not None:
        return tr("No features: the file was not opened [{code}].", code=image.problem.code)
    if image.work in (Work.FAILED, Work.CANCELLED) and image.analysis_problem is not None:
        return tr("No features: the image was not analysed [{code}].", code=image.analysis_problem.code)
    return tr("The image is being analysed…")
