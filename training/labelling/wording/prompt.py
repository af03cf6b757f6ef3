"""The prompts of ``resources/prompts``: instructions that all features share, and how a feature's evidence is put."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import UsageError
from engine.resources import resource_path
from training.labelling.wording.evidence import FeatureEvidence, Tally

Strategy = Literal["plain", "domain", "findings"]
Part = Literal["statement", "findings", "details", "reports", "near_misses"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Section(_Strict):
    """A part of a question: what evidence it gives, under which heading; left out where there is none."""

    of: Part
    heading: str


class Prompt(_Strict):
    """One strategy.

    Attributes
    ----------
    version : int
        Raised with every change.
    instructions : str
        The same for all features.
    sections : tuple of Section
        Of a question, in order.
    request : str
        The last line of a question.
    """

    version: Annotated[int, Field(ge=1)]
    instructions: Annotated[str, Field(min_length=1)]
    sections: Annotated[tuple[Section, ...], Field(alias="section", min_length=1)]
    request: str

    def question(self, evidence: FeatureEvidence) -> str:
        """Put a feature's evidence into words."""
        parts = [(section.heading, _WORDED[section.of](evidence)) for section in self.sections]
        return "\n\n".join([*(f"{heading}\n{text}" for heading, text in parts if text), self.request])


def load_prompt(strategy: Strategy, folder: Path | None = None) -> tuple[Prompt, str]:
    """Return the prompt of a strategy and the SHA-256 of its file.

    Raises
    ------
    UsageError
        ``LABEL_PROMPT`` when the file is missing or not as it should be.
    """
    path = (folder or resource_path("prompts")) / f"label-{strategy}.toml"
    try:
        content = path.read_bytes()
        return Prompt.model_validate(tomllib.loads(content.decode())), hashlib.sha256(content).hexdigest()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise UsageError(
            "LABEL_PROMPT", f"the prompt {path.name} cannot be used: {error}", "install the program again"
        ) from error


def _statement(evidence: FeatureEvidence) -> str:
    label = evidence.label
    lines = [
        f"observation: {label.observation}",
        f"polarity: {label.polarity}",
        f"laterality: {label.laterality}",
        f"severity: {label.severity}",
        f"section: {label.section}",
    ]
    if label.location:
        lines.append(f"place: {label.location}")
    return "\n".join([*lines, f"in words: {label.description}"])


def _findings(evidence: FeatureEvidence) -> str:
    return "\n".join(f"- {_tally(tally)}" for tally in evidence.findings)


def _tally(tally: Tally) -> str:
    parts = [f"{tally.firing} of {tally.of_firing} firing images"]
    if tally.of_near:
        parts.append(f"{tally.near} of {tally.of_near} near misses")
    return f"{tally.name}: {', '.join(parts)}, {tally.everywhere:.0%} of all images"


def _details(evidence: FeatureEvidence) -> str:
    named = (("sides", evidence.sides), ("severities", evidence.severities), ("places", evidence.places))
    return "\n".join(
        f"- {name}: {', '.join(f'{value} ({count})' for value, count in counts)}" for name, counts in named if counts
    )


def _listed(texts: tuple[str, ...]) -> str:
    return "\n".join(f"- {text}" for text in texts)


_WORDED: dict[Part, Callable[[FeatureEvidence], str]] = {
    "statement": _statement,
    "findings": _findings,
    "details": _details,
    "reports": lambda evidence: _listed(evidence.firing_texts),
    "near_misses": lambda evidence: _listed(evidence.near_texts),
}
