"""The words of a report: loaded from ``resources/report/<language>.toml``, checked before use."""

from __future__ import annotations

import re
import string
import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from engine.errors import DraftError
from engine.pack.manifest import Laterality, Section, Severity
from engine.report.draft import ReportSection
from engine.report.findings import Finding
from engine.report.vocabulary import DEVICES
from engine.resources import resource_path

PLACEHOLDERS = frozenset({"severity", "side", "name", "location"})


def _checked(template: str) -> str:
    """Refuse a template with an unknown placeholder, which would only fail when that sentence is needed."""
    fields = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    if fields - PLACEHOLDERS:
        raise ValueError(f"unknown placeholders {sorted(fields - PLACEHOLDERS)}; allowed are {sorted(PLACEHOLDERS)}")
    return template


Template = Annotated[str, Field(min_length=1), AfterValidator(_checked)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ObservationWording(_Strict):
    """Templates of one observation; a missing one falls back to ``[fallback]``."""

    name: str
    name_bilateral: str = ""
    present: Template | None = None
    present_bilateral: Template | None = None
    absent: Template | None = None
    normal: Template | None = None
    normal_sided: Template | None = None
    impression: Template | None = None
    severity: dict[Severity, str] = {}


class Fallback(_Strict):
    """Templates for observations without wording of their own."""

    present: Template
    absent: Template
    normal: Template
    impression: Template


class Words(_Strict):
    """Single words and phrases put into the placeholders."""

    side: dict[Laterality, str]
    severity: dict[Severity, str]
    location: Template
    device: Template
    and_: Annotated[str, Field(alias="and")]


class Impression(_Strict):
    """Sentences of the impression that stand for more than one finding, and the order of the others."""

    normal: str
    devices: Template
    order: tuple[str, ...]


class UnnamedDevice(_Strict):
    """Whole sentences for a device of which no feature says what it is."""

    present: Annotated[str, Field(min_length=1)]
    impression: Annotated[str, Field(min_length=1)]


class Notices(_Strict):
    """Texts that every exported report carries."""

    strip: str
    draft: str
    reviewed: str
    empty_section: str
    empty_impression: str
    removed: str
    indication: str


class Wording(_Strict):
    """One language."""

    language: str
    sections: dict[Section | str, str]
    words: Words
    fallback: Fallback
    impression: Impression
    unnamed_device: UnnamedDevice
    notices: Notices
    observations: dict[str, ObservationWording]
    devices: dict[str, str] = {}
    locations: dict[str, str] = {}

    def sentence(self, finding: Finding) -> str:
        """Return the sentence that states a finding in its section."""
        if finding.observation == DEVICES and finding.polarity == "present" and not finding.location:
            return self.unnamed_device.present
        own = self.observations.get(finding.observation)
        template = getattr(self.fallback, finding.polarity)
        if own:
            variant = {
                "present": own.present_bilateral if finding.laterality == "bilateral" else None,
                "normal": own.normal_sided if finding.laterality in ("left", "right") else None,
            }
            template = variant.get(finding.polarity) or getattr(own, finding.polarity) or template
        return self._fill(template, finding)

    def summary(self, finding: Finding) -> str:
        """Return the line of the impression that states a present finding."""
        own = self.observations.get(finding.observation)
        return self._fill((own.impression if own else None) or self.fallback.impression, finding)

    def device_summary(self, findings: list[Finding]) -> str:
        """Return the line of the impression that names all devices, or says that there is one."""
        names = [self._device(finding) for finding in findings if finding.location]
        if not names:
            return self.unnamed_device.impression
        listed = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {self.words.and_} {names[-1]}"
        return _tidy(self.impression.devices.format(name=listed, side="", severity="", location=""))

    def notice(self, section: ReportSection) -> str:
        """Return what stands in a section in which no sentence is left; empty for the others.

        A notice is about the draft and claims nothing of the image, so that it needs no evidence.
        """
        if any(sentence.state != "removed" for sentence in section.sentences):
            return ""
        if section.sentences:
            return self.notices.removed
        return self.notices.empty_impression if section.name == "impression" else self.notices.empty_section

    def rank(self, observation: str) -> int:
        """Place of an observation in the impression, most important first; open ones come before devices."""
        order = self.impression.order
        return order.index(observation) if observation in order else len(order) - 1

    def _device(self, finding: Finding) -> str:
        name = self.devices.get(finding.location, finding.location)
        return self.words.device.format(
            side=self.words.side[finding.laterality], name=name, severity="", location=""
        ).strip()

    def _fill(self, template: str, finding: Finding) -> str:
        own = self.observations.get(finding.observation)
        name = own.name if own else finding.observation[:1].lower() + finding.observation[1:]
        if own and own.name_bilateral and finding.laterality == "bilateral":
            name = own.name_bilateral
        severity = (own.severity if own else {}).get(finding.severity, self.words.severity[finding.severity])
        place = ""
        if finding.observation == DEVICES:
            name = self.devices.get(finding.location, finding.location) or name
        elif finding.location:
            unlisted = self.words.location.format(location=finding.location, name="", side="", severity="")
            place = self.locations.get(finding.location, unlisted)
        return _tidy(
            template.format(severity=severity, side=self.words.side[finding.laterality], name=name, location=place)
        )


def _tidy(text: str) -> str:
    """Close the gaps that empty placeholders leave and begin with a capital."""
    text = re.sub(r"\s+([.,;:)])", r"\1", re.sub(r"\s+", " ", text)).strip()
    text = re.sub(r"\(\s*\)", "", text)
    return text[:1].upper() + text[1:]


def languages() -> list[str]:
    """Return the languages for which wording ships."""
    return sorted(path.stem for path in (resource_path("report")).glob("??.toml"))


@lru_cache(maxsize=8)
def load_wording(language: str = "en", folder: Path | None = None) -> Wording:
    """Load and check the wording of a language.

    Raises
    ------
    DraftError
        ``WORDING_LANGUAGE`` if there is none for this language, ``WORDING_INVALID`` if the file is damaged.
    """
    path = (folder or resource_path("report")) / f"{language}.toml"
    if not re.fullmatch(r"[a-z]{2}", language) or not path.is_file():
        raise DraftError(
            "WORDING_LANGUAGE",
            f"there is no report wording for the language {language!r}",
            f"choose one of {', '.join(languages())}",
        )
    try:
        return Wording.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        first = str(error).splitlines()
        raise DraftError(
            "WORDING_INVALID",
            f"{path.name} is not a valid report wording ({' '.join(first[:3])})",
            "restore the file from the installation",
        ) from error
