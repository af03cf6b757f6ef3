"""Person names for people (PS3.5 6.2.1.1)."""

from __future__ import annotations


def readable_name(person_name: str) -> str:
    """Return a DICOM person name as it is written by people.

    Parameters
    ----------
    person_name : str
        Up to three groups (alphabetic, ideographic, phonetic) separated by ``=``, each with the components family,
        given, middle, prefix, suffix separated by ``^``.

    Returns
    -------
    str
        ``Family, Prefix Given Middle Suffix`` of the alphabetic group, the ideographic group, family first and
        without comma, in brackets behind it; whichever of the two there is; empty for an empty name.
    """
    groups = [group.strip() for group in person_name.split("=")]
    alphabetic = _alphabetic(groups[0])
    ideographic = " ".join(part.strip() for part in "".join(groups[1:2]).split("^") if part.strip())
    if alphabetic and ideographic:
        return f"{alphabetic} ({ideographic})"
    return alphabetic or ideographic


def _alphabetic(group: str) -> str:
    family, given, middle, prefix, suffix = ([part.strip() for part in group.split("^")] + [""] * 5)[:5]
    rest = " ".join(part for part in (prefix, given, middle, suffix) if part)
    return f"{family}, {rest}" if family and rest else family or rest
