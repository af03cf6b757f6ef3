"""Where places of the image lie in the widget, and the other way round."""

from __future__ import annotations

from PySide6.QtCore import QPointF

from engine.dicom.radiograph import Radiograph
from viewer.image.events import CanvasEvents
from viewer.image.orientation import Orientation
from viewer.image.view import View


class CanvasPlaces(CanvasEvents):
    """A widget that shows an image by a view, turned and mirrored."""

    radiograph: Radiograph | None
    view: View
    orientation: Orientation

    def widget_point(self, point: tuple[float, float]) -> QPointF:
        """Where a (column, row) of the image lies in the widget."""
        x, y = self.view.to_screen(*self.orientation.to_shown(point, *self._image_size()))
        return QPointF(x, y) / self.devicePixelRatioF()

    def image_point(self, place: QPointF) -> tuple[float, float]:
        """The (column, row) of the image under a place of the widget."""
        ratio = self.devicePixelRatioF()
        shown = self.view.to_image(place.x() * ratio, place.y() * ratio)
        return self.orientation.to_image(shown, *self._image_size())

    def image_step(self, right: float, down: float) -> tuple[float, float]:
        """Columns and rows of the image that lead so many of its pixels right and down on the screen."""
        return self.orientation.direction_to_image(right, down)

    def _image_size(self) -> tuple[int, int]:
        return (self.radiograph.rows, self.radiograph.columns) if self.radiograph is not None else (0, 0)
