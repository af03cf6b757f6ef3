"""The widget that shows one radiograph with its heat maps and annotations."""

from __future__ import annotations

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtWidgets import QWidget

from engine.dicom.grayscale import Grayscale
from engine.dicom.radiograph import Radiograph, Spacing
from viewer.i18n import decimal, tr
from viewer.image.layers import Layer, Layers
from viewer.image.legend import Legend
from viewer.image.mouse import WINDOW_SPEED, CanvasMouse
from viewer.image.orientation import UPRIGHT, Orientation
from viewer.image.painting import Painting
from viewer.image.places import CanvasPlaces
from viewer.image.pyramid import Pyramid
from viewer.image.raster import SQUARES_FROM, Table
from viewer.image.strip import STRIP_HEIGHT
from viewer.image.tool import Overpainter
from viewer.image.view import View, fit
from viewer.image.windowing import Preset, Windowing, presets


class Canvas(CanvasPlaces):
    """Shows a radiograph; left drag windows, middle drag pans, right drag zooms, right click asks for the menu."""

    view_changed = Signal()
    menu_wanted = Signal(QPoint)
    step_wanted = Signal(int)
    """Next (1) or previous (-1) image."""
    windowed = Signal(float, float)
    """The mouse dragged window and level, see `drag_window`."""
    drag_ended = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Image"))
        self.setAccessibleDescription(tr("Left drag: window and level. Middle drag: pan. Right drag or wheel: zoom."))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(320, 320)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.radiograph: Radiograph | None = None
        self.view = View()
        self.orientation = UPRIGHT
        self.windowing = Windowing()
        self.presets: tuple[Preset, ...] = ()
        self.message = ""
        self.show_annotations = True
        self.squares_from = SQUARES_FROM
        self.magnifying = self.lens_held = False
        self.by_hand: Spacing | None = None
        self.pyramid: Pyramid | None = None
        self.table: tuple[int, Table] | None = None
        self.gray: Grayscale | None = None
        self.results: Overpainter | None = None
        self.all_layers = Layers()
        self.opacity = 0.6
        self.legend = Legend(self)
        self.mouse = CanvasMouse(self)
        self.painting = Painting(self)
        self._file_pyramid: Pyramid | None = None
        self._peek = False

    # what is shown

    def show_image(self, radiograph: Radiograph, pyramid: Pyramid) -> None:
        """Show a decoded image with its own window, fitted; its annotations replace the previous ones at once."""
        self.radiograph, self.orientation, self._file_pyramid = radiograph, UPRIGHT, pyramid
        self.gray = None
        self.pyramid = pyramid
        values = radiograph.grayscale.modality_values(pyramid.levels[-1])
        self.presets = presets(radiograph.grayscale, values)
        self.windowing = Windowing(name=self.presets[0].name)
        self.message = ""
        self._forget_layers()
        self._retable()
        self.fit()

    def clear(self, message: str) -> None:
        """Show no image, but a message: a picture never stands beside another image's name."""
        self.radiograph, self._file_pyramid, self.pyramid, self.table = None, None, None, None
        self.painting.forget_gray()
        self._forget_layers()
        self.message = message
        self.update()

    def set_layers(self, layers: Layers, scale: str) -> None:
        """Replace the heat maps; `scale` stands in the legend."""
        if layers is not self.all_layers:
            self.all_layers = layers
            self.painting.forget_maps()
        self.legend.show_layers(layers.each, scale)
        self.legend.setVisible(bool(self.layers))
        self.update()

    def set_overlay(self, opacity: float, peek: bool) -> None:
        """Set the opacity of all maps, or hide them while a key is held."""
        self.opacity, self._peek = opacity, peek
        self.legend.setVisible(bool(self.layers))
        self.update()

    @property
    def peeking(self) -> bool:
        """Whether a person looks at the bare image while a key is held."""
        return self._peek

    @property
    def layers(self) -> tuple[Layer, ...]:
        """The heat maps that are drawn unless hidden by peeking."""
        return () if self._peek else self.all_layers.each

    # view and window

    def fit(self) -> None:
        """Show the whole image."""
        if self.pyramid is not None:
            size = self.physical_size()
            rows, columns = self.pyramid.levels[0].shape
            # Nothing of a fitted image lies under the strip.
            foot = STRIP_HEIGHT * self.devicePixelRatioF()
            self.set_view(fit(rows, columns, size.width(), max(1.0, size.height() - foot)))

    def one_to_one(self) -> None:
        """One screen pixel an image pixel, around the middle of the window."""
        size = self.physical_size()
        self.set_view(self.view.zoom(1.0 / self.view.scale, size.width() / 2, size.height() / 2).on_pixels())

    def zoom_by(self, factor: float) -> None:
        """Zoom around the middle of the window."""
        size = self.physical_size()
        self.set_view(self.view.zoom(factor, size.width() / 2, size.height() / 2))

    def grayscale(self, radiograph: Radiograph) -> Grayscale:
        """The pipeline by which the image is shown: its own, unless a presentation state is followed."""
        return self.gray or radiograph.grayscale

    def show_gray(self, gray: Grayscale | None, windowing: Windowing) -> None:
        """Show the image by another pipeline, None for its own, with a window of it."""
        self.gray = gray
        self.set_windowing(windowing)

    def apply_preset(self, number: int) -> None:
        """Use a preset; a number without one changes nothing."""
        if number < len(self.presets):
            preset, self.gray = self.presets[number], None
            self.set_windowing(Windowing(preset.voi, self.windowing.invert, preset.name))

    def drag_window(self, across: float, down: float) -> None:
        """Change width and level as a drag by so many pixels does, in the range of this image."""
        if self.radiograph is not None:
            speed = WINDOW_SPEED * self.mouse.hand.speed
            self.set_windowing(self.windowing.drag(self.grayscale(self.radiograph), across, down, speed))

    def toggle_sigmoid(self) -> None:
        """Bend the window's straight line into a sigmoid, or back."""
        if self.radiograph is not None:
            self.set_windowing(self.windowing.with_sigmoid(self.grayscale(self.radiograph)))

    def toggle_invert(self) -> None:
        """Turn black and white round."""
        self.set_windowing(Windowing(self.windowing.voi, not self.windowing.invert, self.windowing.name))

    def turn(self, quarters: int) -> None:
        """Turn the picture clockwise."""
        self.orient(self.orientation.turned(quarters))

    def flip(self, *, upside_down: bool = False) -> None:
        """Mirror the picture left to right, or top to bottom."""
        self.orient(self.orientation.flipped(upside_down=upside_down))

    def orient(self, orientation: Orientation) -> None:
        """Show the picture in another orientation, whole; maps, letters and measurements follow."""
        if self._file_pyramid is not None:
            self.orientation, self.pyramid = orientation, orientation.pyramid(self._file_pyramid)
            self.fit()

    def reset(self) -> None:
        """Return to the file's own window and orientation, not inverted, fitted."""
        if self.radiograph is not None:
            self.orient(UPRIGHT)
            self.show_gray(None, Windowing(name=self.presets[0].name))
            self.fit()

    def toggle_magnifier(self) -> None:
        """Show or put away the lens at the mouse."""
        self.magnifying = not self.magnifying
        self.update()

    def hold_magnifier(self, held: bool) -> None:
        """Show the lens at the mouse as long as a key is held."""
        if held != self.lens_held:
            self.lens_held = held
            self.update()

    def set_squares_from(self, scale: float) -> None:
        """Choose the scale from which single pixels are squares."""
        self.squares_from = scale
        self.painting.forget_picture()
        self.update()

    def toggle_annotations(self) -> None:
        """Show or hide the corner texts."""
        self.show_annotations = not self.show_annotations
        self.legend.to_place = True
        self.update()

    def set_spacing(self, by_hand: Spacing | None) -> None:
        """Say beside the image how large its pixels are by a person's calibration; None as its file says."""
        self.by_hand = by_hand
        self.update()

    def readout(self) -> str:
        """Stored and modality value under the mouse."""
        if self.radiograph is None or self.mouse.cursor is None:
            return ""
        column, row = self.mouse.cursor
        value = self.radiograph.stored[row : row + 1, column : column + 1]
        modality = float(self.radiograph.grayscale.modality_values(value)[0, 0])
        return f"({column}, {row})  {tr('stored')} {int(value[0, 0])}  {tr('value')} {decimal(f'{modality:g}')}"

    def set_view(self, view: View) -> None:
        """Let the picture lie elsewhere."""
        self.view = view
        self.painting.forget_all()
        self.legend.to_place = self.legend.to_place or view.fitted
        self.update()
        self.view_changed.emit()

    def set_windowing(self, windowing: Windowing) -> None:
        """Turn stored values into gray otherwise."""
        self.windowing = windowing
        self._retable()
        self.view_changed.emit()

    def _retable(self) -> None:
        if self.radiograph is not None:
            self.table = self.grayscale(self.radiograph).table(self.windowing.voi, self.windowing.invert)
            self.painting.forget_gray()
            self.update()

    def physical_size(self) -> QSize:
        """Size in physical pixels of the screen."""
        return self.size() * self.devicePixelRatioF()

    def _forget_layers(self) -> None:
        self.all_layers = Layers()
        self.painting.forget_maps()
        self.mouse.forget()
        self.legend.forget()

    def refit(self) -> None:
        """Keep a fitted image fitted where the window has other pixels now."""
        self.painting.forget_all()
        self.legend.refit()
        if self.view.fitted:
            self.fit()
