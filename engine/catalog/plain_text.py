"""The elements of thousands of headers as text, fast."""

from __future__ import annotations

from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import RawDataElement

from engine.dicom.elements import Elements, one_line

_ESCAPE = b"\x1b"


class PlainText(Elements):
    """`Elements` whose plain ASCII texts are taken as they lie in the file.

    That is most of them, and the greater part of the time goes into turning them into pydicom's values; everything
    else (other characters, several values, elements inside sequences) is left to it.
    """

    def text(self, keyword: str) -> str:
        """Return the element as one line of text; see `Elements.text`."""
        tag = tag_for_keyword(keyword)
        if tag is None or tag not in self.dataset:
            return ""
        element: object = self.dataset.get_item(tag)
        value: object = element.value if isinstance(element, RawDataElement) else None
        if isinstance(value, bytes) and value.isascii() and _ESCAPE not in value and b"\\" not in value:
            return one_line(value.decode("ascii"))
        return super().text(keyword)

    def integer(self, keyword: str) -> int | None:
        """Return the element as an integer, None where it is none."""
        text = self.text(keyword)
        return int(text) if text.removeprefix("-").isdecimal() and len(text) < 13 else None
