"""Codes, colours, references and points: the small parts that result objects are made of, read tolerantly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from highdicom.color import CIELabColor

from engine.dicom.elements import Elements
from engine.dicom.header import is_uid
from engine.readback.graphics import Point


@dataclass(frozen=True)
class Code:
    """A coded concept (PS3.3 8.8); value and scheme may be empty in files that do not keep to the standard."""

    value: str
    scheme: str
    meaning: str

    def __str__(self) -> str:
        return self.meaning or self.value

    @property
    def cited(self) -> str:
        """The meaning with value and scheme behind it."""
        return f"{self} [{self.value}, {self.scheme}]" if self.value else str(self)


@dataclass(frozen=True)
class ImageReference:
    """A reference to an instance, or to some of its frames or segments (numbers from 1; empty for all)."""

    sop_instance_uid: str
    sop_class_uid: str = ""
    frames: tuple[int, ...] = ()
    segments: tuple[int, ...] = ()


def read_code(header: Elements, sequence: str) -> Code | None:
    """Return the first code of a sequence, None without one."""
    for item in header.items(sequence):
        value = item.text("CodeValue") or item.text("LongCodeValue") or item.text("URNCodeValue")
        code = Code(value, item.text("CodingSchemeDesignator"), item.text("CodeMeaning"))
        if code.value or code.meaning:
            return code
    return None


def read_references(header: Elements, sequence: str) -> tuple[ImageReference, ...]:
    """Return the instances that a sequence refers to; items without a proper UID are left out with a warning."""
    found = []
    for item in header.items(sequence):
        uid = item.text("ReferencedSOPInstanceUID")
        if not is_uid(uid):
            item.warn("A reference to an image holds no proper UID and is left out.")
            continue
        frames = tuple(int(n) for n in item.numbers("ReferencedFrameNumber"))
        segments = tuple(int(n) for n in item.numbers("ReferencedSegmentNumber"))
        found.append(ImageReference(uid, item.text("ReferencedSOPClassUID"), frames, segments))
    return tuple(found)


def read_images(header: Elements) -> tuple[str, ...] | None:
    """Return the images that an item is for: empty for all, None for none that is shown.

    An item whose references cannot be read, or name other frames than the first, is for none: it must not turn up on
    every image.
    """
    if "ReferencedImageSequence" not in header:
        return ()
    found = read_references(header, "ReferencedImageSequence")
    shown = tuple(r.sop_instance_uid for r in found if not r.frames or 1 in r.frames)
    if not shown:
        header.warn("A part of the object is for other frames than the first one, or for no proper image; not shown.")
    return shown or None


def read_colour(header: Elements, *keywords: str) -> str:
    """Return the first CIELab colour of several elements as ``#rrggbb``, empty without one."""
    for keyword in keywords:
        given = [int(number) for number in header.numbers(keyword)]
        if len(given) == 3 and all(0 <= number <= 0xFFFF for number in given):
            red, green, blue = CIELabColor.from_dicom_value(given).to_rgb(clip=True)
            return f"#{red:02x}{green:02x}{blue:02x}"
    return ""


def pairs(numbers: Iterable[float]) -> tuple[Point, ...]:
    """Return numbers two by two; one left over is dropped."""
    given = list(numbers)
    return tuple(zip(given[::2], given[1::2], strict=False))


def text_lines(text: object) -> tuple[str, ...]:
    """Return a text that may hold line breaks as lines without control characters."""
    raw = str(text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    lines = [" ".join("".join(c if c.isprintable() else " " for c in line).split()) for line in raw]
    while lines and not lines[-1]:
        lines.pop()
    return tuple(lines)
