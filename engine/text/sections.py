"""Find the sections of a free-text radiology report, above all of MIMIC-CXR's."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_NAMES: dict[str, str] = {
    "findings": r"findings?|observations?|interpretation|"
    r"findings? ?(?:and|/|&) ?(?:impressions?|recommendations?)|impressions? ?(?:and|/|&) ?findings?",
    "impression": r"impressions?|conclusions?|summary|opinion|assessment|"
    r"impressions? ?(?:and|/|&) ?recommendations?|(?:final|radiologic(?:al)?) (?:impression|diagnosis)",
    "indication": r"indications?(?: for (?:exam(?:ination)?|study))?|(?:clinical )?history|"
    r"clinical (?:information|indication|data|details|statement|question)|"
    r"reasons?(?: for (?:the |this )?(?:exam(?:ination)?|study))?|"
    r"patient history|history and indication|indication and history|medical condition",
    "comparison": r"comparisons?(?: (?:stud(?:y|ies)|exams?|films?|made))?|compared (?:to|with)|(?:prior|previous) "
    r"(?:stud(?:y|ies)|exams?|examinations?|films?|radiographs?)|comparison is made with",
    "wet read": r"wet reads?(?: version.*)?|preliminary (?:report|read|findings?|interpretation)",
    "other": r"technique|procedure|exam(?:ination)?s?|type of exam(?:ination)?|study|date|time|notifications?|"
    r"recommendations?(?: ?\(s\))?|attending|dictated by|addendum|final addendum|signed by|electronically signed by|"
    r"comments?|notes?|protocol|contrast|dose|accession(?: number)?|communication|clinician|referring physician",
}
_KNOWN = re.compile("|".join(f"(?P<{name.replace(' ', '_')}>(?:{names}))" for name, names in _NAMES.items()))
# "CHEST, PA AND LATERAL:", "PORTABLE AP CHEST RADIOGRAPH:": the findings follow such a title where no other names them.
_VIEWS = re.compile(r".*\b(?:chest|radiographs?|views?|portable|x-?rays?|cxr|frontal|lateral|upright|supine)\b.*")

# A header is at the start of a line. In capitals any words may be one; otherwise only those that are known.
_LINE = re.compile(
    r"^[ \t]*(?:\d\. )?(?P<name>[A-Za-z][A-Za-z0-9 /&,.()#'-]{1,70}?)[ \t]*(?P<colon>:+|$)(?!\d)", re.MULTILINE
)
# A header that lost its line break is believed only if it is one of the four main ones, in capitals.
_INLINE = re.compile(r"(?<=[.:_ ]) (?P<name>FINDINGS|IMPRESSION|CONCLUSION|INDICATION|COMPARISON|TECHNIQUE)S?:(?=\s)")
_TITLE = re.compile(r"^[_ \t]*(?:final report|radiology report|report)[_ \t]*$", re.IGNORECASE | re.MULTILINE)
_RULE = re.compile(r"^[ \t]*[_=*-]{4,}[ \t]*$", re.MULTILINE)
_SPLIT = re.compile(r"\n[ \t]*\n")
_CONTEXT = ("indication", "comparison", "other")


@dataclass(frozen=True)
class Sections:
    """The four sections that the manifest keeps; empty where the report has none.

    Attributes
    ----------
    findings : str
        Also of a combined section "FINDINGS AND IMPRESSION", and the body of a report whose findings have no header.
    """

    findings: str = ""
    impression: str = ""
    indication: str = ""
    comparison: str = ""


def extract_sections(text: str) -> Sections:
    """Find the sections of a report.

    Sections of one name are joined in order, with an empty line between. Where no section is called findings, the
    findings are what follows a title of the views ("CHEST, PA AND LATERAL:") and every paragraph without a header of
    its own: after the first paragraph of a section such as COMPARISON, or of a report without headers. A preliminary
    "WET READ" counts only where a report has nothing else.
    """
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    found: dict[str, list[str]] = {}
    body: list[str] = []
    for name, content in _parts(text):
        paragraphs = [p for p in (_tidy(part) for part in _SPLIT.split(content)) if p]
        if name in ("body", "views"):
            body += paragraphs
        elif name in _CONTEXT:
            found.setdefault(name, []).extend(paragraphs[:1])
            # What stands after an empty line below "COMPARISON: ___." is the report, but not at its end.
            body += [] if "impression" in found else paragraphs[1:]
        else:
            found.setdefault(name, []).extend(paragraphs)
    if any(letter.islower() for letter in text):
        body = [paragraph for paragraph in body if not _is_title(paragraph)]
    findings = found.get("findings") or body
    if not findings and not found.get("impression"):
        findings = found.get("wet read", [])
    return Sections(
        findings="\n\n".join(findings),
        impression="\n\n".join(found.get("impression", [])),
        indication="\n\n".join(found.get("indication", [])),
        comparison="\n\n".join(found.get("comparison", [])),
    )


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the content of every part; "body" before the first header."""
    text = _RULE.sub("", _INLINE.sub(lambda m: f"\n{m.group().strip()}", text))
    name, start = "body", 0
    for match in _LINE.finditer(text):
        header = _section_of(match["name"], colon=bool(match["colon"]), current=name)
        if header:
            yield name, text[start : match.start()]
            name, start = header, match.end()
    yield name, text[start:]


def _section_of(title: str, *, colon: bool, current: str) -> str:
    """Return the section that a possible header begins, "" if it is none."""
    words = " ".join(title.lower().split()).strip(" .")
    capitals = title == title.upper()
    if _TITLE.match(title):
        return "body"
    match = _KNOWN.fullmatch(words)
    if match and match.lastgroup and (capitals or title[0].isupper()) and (colon or _alone(match.lastgroup)):
        return match.lastgroup.replace("_", " ")
    if not (colon and capitals) or current in ("findings", "impression"):
        # Within the findings "LUNGS:" or "BONES:" belong to them.
        return ""
    return "views" if _VIEWS.fullmatch(words) else "other" if current != "views" else ""


def _is_title(paragraph: str) -> bool:
    """Whether a paragraph only says in capitals what was taken: "AP CHEST, 7:45 A.M., ___"."""
    return paragraph == paragraph.upper() and len(paragraph) < 100 and bool(_VIEWS.fullmatch(paragraph.lower()))


def _alone(group: str) -> bool:
    """Whether the name of a section may stand on a line of its own without a colon."""
    return group in ("findings", "impression", "indication", "comparison")


def _tidy(paragraph: str) -> str:
    """Return a paragraph without the indentation and the white space at its ends."""
    return "\n".join(line.strip() for line in paragraph.strip().split("\n")).strip()
