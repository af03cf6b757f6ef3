"""Codes for a structured report: from ``resources/report/codes.toml``, else of the private scheme 99SAERAD."""

from __future__ import annotations

import hashlib
import re
import tomllib
from functools import cache

from highdicom.sr import CodedConcept
from pydantic import BaseModel, ConfigDict, ValidationError
from pydicom.sr.coding import Code

from engine.errors import ExportError
from engine.report.findings import Finding
from engine.report.vocabulary import DEVICES
from engine.resources import resource_path

PRIVATE_SCHEME = "99SAERAD"
_LANGUAGES = {"en": "English", "de": "German"}
_Triple = tuple[str, str, str]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    observations: dict[str, _Triple]
    devices: dict[str, _Triple]
    sites: dict[str, _Triple]
    laterality: dict[str, _Triple]
    severity: dict[str, _Triple]
    polarity: dict[str, _Triple]


@cache
def _table() -> _Table:
    path = resource_path("report", "codes.toml")
    try:
        return _Table.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ExportError(
            "CODES_INVALID",
            f"{path.name} is no table of codes ({str(error).splitlines()[0]})",
            "restore the file from the installation",
        ) from error


def private_code(meaning: str) -> Code:
    """Return a code of the private scheme; value (16 characters at most) and meaning (64) fit their DICOM elements."""
    value = re.sub(r"[^A-Z0-9]+", "_", meaning.upper()).strip("_")
    if not 0 < len(value) <= 16:
        # Cut values could collide, and a name without Latin letters has no value at all.
        value = f"{value[:9]}_{hashlib.sha256(meaning.encode()).hexdigest()[:6].upper()}"
    return Code(value, PRIVATE_SCHEME, meaning[:64].replace("\\", "/"))


def finding_code(finding: Finding) -> Code:
    """Return the code of a finding, for a named device that of the device.

    A denial has a private code of its own: under the disease's code, a reader that overlooks the polarity would take
    it for the disease.
    """
    device = finding.observation == DEVICES and finding.location
    name = finding.location if device else finding.observation
    if finding.polarity != "present":
        return private_code(f"{'No' if finding.polarity == 'absent' else 'Normal:'} {name}")
    known = _table().devices.get(name.lower()) if device else _table().observations.get(name)
    return _code(known) or private_code(name)


def site_code(section: str) -> Code:
    """Return the code of the part of the body that a section speaks of."""
    return _code(_table().sites.get(section)) or private_code(section)


def laterality_code(laterality: str) -> Code | None:
    """Return the code of a side, None for none."""
    return _code(_table().laterality.get(laterality))


def severity_code(severity: str) -> Code | None:
    """Return the code of a severity, None for none."""
    return _code(_table().severity.get(severity))


def polarity_code(polarity: str) -> Code:
    """Return the code of present, absent or normal."""
    return _code(_table().polarity.get(polarity)) or private_code(polarity)


def _code(triple: _Triple | None) -> Code | None:
    return Code(triple[1], triple[0], triple[2]) if triple else None


def language_code(language: str) -> CodedConcept:
    """Return a language of reports as a code (RFC 5646)."""
    return CodedConcept(language, "RFC5646", _LANGUAGES.get(language, language))
