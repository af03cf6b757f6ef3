"""A grayscale softcopy presentation state: how images are to be shown and what is drawn over them (PS3.3 A.33.1)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from engine.dicom.grayscale import Grayscale, LookupTable, Modality, Voi, Window
from engine.dicom.radiograph import Radiograph
from engine.readback.graphics import Graphic, Note, Point, Points, Units
from engine.readback.target import Target


@dataclass(frozen=True)
class Layer:
    """A graphic layer; of two, that of the higher order lies above. `colour` is ``#rrggbb`` or empty."""

    name: str
    order: int = 0
    description: str = ""
    colour: str = ""


@dataclass(frozen=True)
class Annotation:
    """Graphics and texts of one layer, on some images; on all that the state refers to where `images` is empty."""

    layer: str
    graphics: tuple[Graphic, ...] = ()
    notes: tuple[Note, ...] = ()
    images: tuple[str, ...] = ()


@dataclass(frozen=True)
class DisplayedArea:
    """The part of an image that is shown (PS3.3 C.10.4).

    Attributes
    ----------
    corners : tuple of 4 ints
        Column and row, from 1, of the pixels shown top left and bottom right once the image is turned and mirrored.
    mode : str
        ``SCALE TO FIT``, ``TRUE SIZE`` or ``MAGNIFY``.
    """

    corners: tuple[int, int, int, int]
    mode: str = "SCALE TO FIT"
    images: tuple[str, ...] = ()

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, top, right and bottom in pixels of the image as stored, 0, 0 at the corner of its first pixel."""
        left, top, right, bottom = self.corners
        return min(left, right) - 1.0, min(top, bottom) - 1.0, float(max(left, right)), float(max(top, bottom))


@dataclass(frozen=True)
class VoiChoice:
    """The VOI transformation for some images; for all where `images` is empty."""

    voi: Voi
    images: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shutter:
    """What is covered outside a shape (PS3.3 C.7.6.11): a rectangle, a circle or a polygon.

    Attributes
    ----------
    outline : tuple of points
        (column, row) in pixels of the image, 0, 0 at the corner of its first one; what lies outside is covered.
    gray : float
        0 black to 1 white (P-value) that covers it.
    """

    outline: tuple[Point, ...]
    gray: float = 0.0


@dataclass(frozen=True)
class PresentationState:
    """What a presentation state says.

    Attributes
    ----------
    quarters, mirrored : int, bool
        The image is turned clockwise by so many quarters and then mirrored left to right (PS3.3 C.10.6).
    modality : Modality
        Replaces the image's own.
    inverted, presentation : bool, LookupTable or None
        Presentation LUT Shape ``INVERSE``, or the table in its place; they replace the image's own polarity.
    """

    layers: tuple[Layer, ...] = ()
    annotations: tuple[Annotation, ...] = ()
    areas: tuple[DisplayedArea, ...] = ()
    vois: tuple[VoiChoice, ...] = ()
    shutters: tuple[Shutter, ...] = ()
    quarters: int = 0
    mirrored: bool = False
    modality: Modality = field(default_factory=Modality)
    inverted: bool = False
    presentation: LookupTable | None = None

    def grayscale(self, image: Radiograph) -> Grayscale:
        """Return the image's grayscale pipeline as the state wants it (PS3.4 N.2).

        Without a VOI transformation the whole range of the modality values is shown, not the image's own window.
        """
        uid, own = image.identity.sop_instance_uid, image.grayscale
        voi = next((c.voi for c in self.vois if not c.images or uid in c.images), None)
        shown = (voi or self._whole(image),)
        return Grayscale(self.modality, shown, self.inverted, own.stored_range, own.automatic, self.presentation)

    def turns_polarity(self, image: Radiograph) -> bool:
        """Whether it shows the image's stored values in the other order from black to white than its file does."""
        ends = np.array(image.grayscale.stored_range)
        own, asked = (g.apply(ends, Window(0.0, 1e9)) for g in (image.grayscale, self.grayscale(image)))
        return bool((own[1] - own[0]) * (asked[1] - asked[0]) < 0.0)

    def area(self, uid: str) -> DisplayedArea | None:
        """Return the displayed area of an image, None where the state gives it none."""
        return next((area for area in self.areas if not area.images or uid in area.images), None)

    def to_image(self, points: Points, units: Units, image: Target) -> Points:
        """Return points in pixels of the image as stored.

        Parameters
        ----------
        points : ndarray of float64, shape (points, 2)
        units : Units
            ``DISPLAY`` is turned and mirrored back and scaled to the displayed area.
        """
        if units is Units.PIXEL:
            return points
        area = self.area(image.uid)
        left, top, right, bottom = area.box if area else (0.0, 0.0, float(image.columns), float(image.rows))
        across, down = points[:, 0], points[:, 1]
        if self.mirrored:
            across = 1.0 - across
        for _ in range(self.quarters):
            across, down = down, 1.0 - across
        return np.stack([left + across * (right - left), top + down * (bottom - top)], axis=1)

    def _whole(self, image: Radiograph) -> Window:
        """The window over all modality values that the pixels' bits can hold."""
        bits = image.acquisition.bits_stored or 8 * image.stored.dtype.itemsize
        half = 1 << (bits - 1) if image.stored.dtype.kind == "i" else 0
        ends = self.modality.apply(np.array([-half, (1 << bits) - 1 - half], dtype=np.float64))
        return Window.between(float(ends.min()), float(ends.max()), "whole range")
