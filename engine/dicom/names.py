"""Person names for people (PS3.5 6.2.1.1)."""

from __future__ import annotations

import re
import unicodedata

_WORDS = re.compile(r"\w+")


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


def consistent_names(a: str, b: str) -> bool:
    """Return whether two DICOM person names may be one person's: a check on top of an ID, never in place of one.

    Family names must be equal, and of the given and middle names of one all must begin those of the other, without
    regard to case, accents and punctuation ("MEYER^ANNA" and "Meyer^Anna^Maria"). A name that is missing says nothing.
    Only the alphabetic group counts, another one where both names have no alphabetic one.
    """
    ours, theirs = _spelt(a), _spelt(b)
    if not ours[0] or not theirs[0]:
        return True
    (family, given), (other, others) = ours, theirs
    common = min(len(given), len(others))
    return family == other and given[:common] == others[:common]


def _spelt(name: str) -> tuple[str, list[str]]:
    """Return family name and given names in one spelling."""
    group = next((group for group in name.split("=") if group.strip()), "")
    plain = "".join(c for c in unicodedata.normalize("NFKD", group.casefold()) if not unicodedata.combining(c))
    family, given, middle = ([part.strip() for part in plain.split("^")] + [""] * 3)[:3]
    return "".join(c for c in family if c.isalnum()), _WORDS.findall(f"{given} {middle}")


def _alphabetic(group: str) -> str:
    family, given, middle, prefix, suffix = ([part.strip() for part in group.split("^")] + [""] * 5)[:5]
    rest = " ".join(part for part in (prefix, given, middle, suffix) if part)
    return f"{family}, {rest}" if family and rest else family or rest
