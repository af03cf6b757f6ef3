"""The rules by which images hang: read from a file a person can write, and checked with line and key."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from engine.errors import HangingError
from engine.report.style_lines import allowed_keys, line_of
from engine.resources import resource_path
from viewer.state.hanging import LAYOUTS

_LIKE = "docs/hanging.md describes the file; resources/hanging/chest.toml is one that works"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PaneRule(_Strict):
    """What hangs in one pane.

    Attributes
    ----------
    study : str
        "current" is the study of the image shown, "prior" an earlier one of the same patient.
    views : tuple of str
        View Positions that may hang here, the first wanted first; empty for any.
    """

    study: Literal["current", "prior"]
    views: tuple[str, ...] = ()


class Rule(_Strict):
    """One rule.

    Attributes
    ----------
    modalities : tuple of str
        Of every image that hangs; empty for any.
    min_images, max_images : int
        How many images the current study has.
    link : tuple of str
        What is linked when the rule hangs: "window" (and level), "view" (pan and zoom).
    pane : tuple of PaneRule
        Row by row, from the left.
    """

    name: str = Field(min_length=1)
    layout: str
    modalities: tuple[str, ...] = ()
    min_images: int = Field(default=1, ge=1)
    max_images: int = Field(default=1_000_000, ge=1)
    link: tuple[Literal["window", "view"], ...] = ()
    pane: tuple[PaneRule, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits(self) -> Rule:
        if self.layout not in LAYOUTS:
            raise ValueError(f"layout is none of {', '.join(LAYOUTS)}")
        rows, columns = LAYOUTS[self.layout]
        if len(self.pane) > rows * columns:
            raise ValueError(f"{self.layout} has {rows * columns} panes, and the rule fills {len(self.pane)}")
        if self.min_images > self.max_images:
            raise ValueError("min_images is more than max_images")
        return self


class Rules(_Strict):
    """A file of rules, in the order in which they are tried."""

    rule: tuple[Rule, ...] = Field(min_length=1)


def shipped_rules() -> Path:
    """File of the rules that ship with the program."""
    return resource_path("hanging", "chest.toml")


def read_rules(path: Path) -> Rules:
    """Read a file of rules.

    Raises
    ------
    HangingError
        ``HANGING_UNREADABLE`` when the file cannot be read, ``HANGING_INVALID`` when it is no TOML or breaks a rule
        for rules (named with its line).
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise HangingError("HANGING_UNREADABLE", f"{path} cannot be read ({error})", _LIKE) from error
    try:
        return Rules.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise HangingError("HANGING_INVALID", f"{path.name} is not valid TOML: {error}", _LIKE) from error
    except ValidationError as error:
        first = error.errors()[0]
        place, message = list(first["loc"]), first["msg"].removeprefix("Value error, ")
        allowed = allowed_keys(Rules, place[:-1]) if first["type"] == "extra_forbidden" else []
        if allowed:
            message = f"there is no such key here; allowed are {', '.join(allowed)}"
        key = ".".join(str(part) for part in place) or "the file"
        raise HangingError(
            "HANGING_INVALID", f"{path.name}, line {line_of(text, place)}, {key}: {message}", _LIKE
        ) from error
