"""The words of a report: loaded from ``resources/report/<language>.toml``, checked before use."""

from __future__ import annotations

import re
import string
import tomllib
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from engine.errors import DraftError
from engine.pack.manifest import OBSERVATIONS, Laterality, Severity
from engine.report.draft import Draft, ReportSection
from engine.report.findings import Finding
from engine.report.notices import Notices
from engine.report.unsupportable import unsupportable
from engine.report.vocabulary import DEVICES
from engine.resources import resource_path

PLACEHOLDERS = frozenset({"severity", "side", "name", "location"})


SectionName = Literal["lungs", "pleura", "heart", "bones", "devices", "other", "impression"]


def _shown(text: str) -> str:
    """Refuse a phrase that states what no single image shows."""
    if words := unsupportable(text):
        raise ValueError(f"{words!r} speaks of change, comparison or history, which one image cannot show")
    return text


def _checked(template: str) -> str:
    """Refuse a template with an unknown placeholder, which would only fail when that sentence is needed."""
    try:
        fields = {name for _, name, _, _ in string.Formatter().parse(template) if name is not None}
    except ValueError as error:
        raise ValueError(f"a brace stands alone in {template!r}; placeholders look like {{side}}") from error
    if fields - PLACEHOLDERS:
        raise ValueError(f"unknown placeholders {sorted(fields - PLACEHOLDERS)}; allowed are {sorted(PLACEHOLDERS)}")
    return template


def _order(order: tuple[SectionName, ...]) -> tuple[SectionName, ...]:
    """Refuse an order in which a section is missing or stands twice."""
    if sorted(order) != sorted(get_args(SectionName)):
        raise ValueError(f"each section must stand in it once: {', '.join(get_args(SectionName))}")
    return order


def _spelled(name: str) -> str:
    """Refuse the name of an observation that is almost one of the known ones, and would change nothing."""
    alike = get_close_matches(name.title(), OBSERVATIONS, n=1, cutoff=0.8)
    if name not in OBSERVATIONS and alike:
        raise ValueError(f"unknown observation {name!r}; did you mean {alike[0]!r}?")
    return name


Phrase = Annotated[str, AfterValidator(_shown)]
Template = Annotated[str, Field(min_length=1), AfterValidator(_checked), AfterValidator(_shown)]
ObservationName = Annotated[str, AfterValidator(_spelled)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ObservationWording(_Strict):
    """Templates of one observation; a missing one falls back to ``[fallback]``."""

    name: Annotated[Phrase, Field(min_length=1)]
    name_bilateral: Phrase = ""
    present: Template | None = None
    present_bilateral: Template | None = None
    absent: Template | None = None
    normal: Template | None = None
    normal_sided: Template | None = None
    impression: Template | None = None
    severity: dict[Severity, Phrase] = {}


class Fallback(_Strict):
    """Templates for observations without wording of their own."""

    present: Template
    absent: Template
    normal: Template
    impression: Template


class Words(_Strict):
    """Single words and phrases put into the placeholders."""

    side: dict[Laterality, str]
    severity: dict[Severity, Phrase]
    location: Template
    device: Template
    and_: Annotated[str, Field(alias="and")]


class Impression(_Strict):
    """Sentences of the impression that stand for more than one finding, and the order of the others."""

    normal: Annotated[Phrase, Field(min_length=1)]
    devices: Template
    order: tuple[ObservationName, ...]


class UnnamedDevice(_Strict):
    """Whole sentences for a device of which no feature says what it is."""

    present: Annotated[Phrase, Field(min_length=1)]
    impression: Annotated[Phrase, Field(min_length=1)]


class Wording(_Strict):
    """One language.

    Attributes
    ----------
    section_order : tuple of str
        Reading order; ``other`` is left out of a draft when empty, the others are always there so that a person can add
        to them.
    sections : dict
        Name → title.
    """

    language: str
    section_order: Annotated[tuple[SectionName, ...], AfterValidator(_order)]
    sections: dict[SectionName, str]
    words: Words
    fallback: Fallback
    impression: Impression
    unnamed_device: UnnamedDevice
    notices: Notices
    observations: dict[ObservationName, ObservationWording]
    devices: dict[str, Phrase] = {}
    locations: dict[str, Phrase] = {}

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
        """Return what stands in a section in which no sentence is left (`Notices.notice`)."""
        return self.notices.notice(section)

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


def notices_of(draft: Draft) -> Notices:
    """Return the notices a draft was composed with; of drafts from before they were kept, those of its language."""
    return draft.notices or load_wording(draft.language).notices


def read_wording(language: str, folder: Path | None = None) -> dict[str, Any]:
    """Return the content of the file of a language, not checked.

    Raises
    ------
    DraftError
        ``WORDING_LANGUAGE``, ``WORDING_INVALID``.
    """
    path = (folder or resource_path("report")) / f"{language}.toml"
    if not re.fullmatch(r"[a-z]{2}", language) or not path.is_file():
        raise DraftError(
            "WORDING_LANGUAGE",
            f"there is no report wording for the language {language!r}",
            f"choose one of {', '.join(languages())}",
        )
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from error


@lru_cache(maxsize=8)
def load_wording(language: str = "en", folder: Path | None = None) -> Wording:
    """Load and check the wording of a language.

    Raises
    ------
    DraftError
        ``WORDING_LANGUAGE`` if there is none for this language, ``WORDING_INVALID`` if the file is damaged.
    """
    data = read_wording(language, folder)
    try:
        return Wording.model_validate(data)
    except ValidationError as error:
        raise _damaged((folder or resource_path("report")) / f"{language}.toml", str(error)) from error


def _damaged(path: Path, why: str) -> DraftError:
    first = " ".join(why.splitlines()[:3])
    return DraftError(
        "WORDING_INVALID",
        f"{path.name} is not a valid report wording ({first})",
        "restore the file from the installation",
    )
