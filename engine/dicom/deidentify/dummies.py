"""Values that say nothing, one for each value representation (action D)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

TEXT = "REMOVED"
_DUMMIES: dict[str, Any] = {
    "AS": "000Y",
    "DA": "19000101",
    "DT": "19000101000000",
    "TM": "000000",
    "DS": "0",
    "IS": "0",
    "UR": "http://removed.invalid",
} | dict.fromkeys(("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UT"), TEXT)
_NUMBERS = frozenset({"FL", "FD", "SL", "SS", "SV", "UL", "US", "UV", "AT"})
_BYTES = b"\0\0\0\0\0\0\0\0"  # a whole number of values of every binary VR

# Coding schemes that a standard publishes: their values name things, not people.
_PUBLIC_SCHEMES = frozenset(
    {"DCM", "SCT", "SRT", "SNM3", "LN", "UCUM", "RADLEX", "FMA", "UMLS", "NCIt", "ICD10", "I10"}
)


def dummy(element: DataElement, new_uid: Callable[[str], str]) -> Any:
    """Return a value of the element's VR that replaces its own; a sequence keeps its form and loses its content.

    Parameters
    ----------
    element : DataElement
        Not changed; the items of a sequence are.
    new_uid : callable
        What replaces a UID.
    """
    if element.VR == "SQ":
        return Sequence([_emptied(item, new_uid) for item in element.value])
    if element.VR == "UI":
        return _each(element.value, new_uid)
    if element.VR in _NUMBERS:
        return _each(element.value, lambda _: 0)
    return _DUMMIES.get(element.VR, _BYTES)


def _emptied(item: Dataset, new_uid: Callable[[str], str]) -> Dataset:
    """Replace every value of an item; what only gives it its form stays: defined terms, public codes, classes."""
    if str(item.get("CodingSchemeDesignator", "")) in _PUBLIC_SCHEMES:
        return item
    for tag in list(item.keys()):
        if tag.is_private or tag.element == 0:
            del item[tag]
            continue
        element = item[tag]
        if element.VR != "CS" and not element.is_empty:
            element.value = dummy(element, new_uid)
    return item


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, (str, int, float)) or value is None:
        return change(value)
    return [change(one) for one in value]
