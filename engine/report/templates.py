"""Phrases that a person inserts into a draft, and makes their own by it (docs/house-style.md)."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from engine.report.wording import SectionName

GAP = "___"
"""What a person fills in after inserting a template."""


def _one_line(text: str) -> str:
    """Refuse what could pose as several lines of the report."""
    if not text.strip() or not text.isprintable():
        raise ValueError("it must be one line of printable characters")
    return text


Line = Annotated[str, Field(max_length=2000), AfterValidator(_one_line)]


class Template(BaseModel):
    """A phrase with the name under which it is found.

    Attributes
    ----------
    section : str, optional
        Where it belongs; None takes the section in which a person is.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Line
    text: Line
    section: SectionName | None = None


class Templates(BaseModel):
    """The templates of one language, in the order in which they are offered."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: str
    template: tuple[Template, ...] = ()
