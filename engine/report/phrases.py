"""The program's own words in a report's evidence, in the report's language; descriptions of features are the pack's.

English stands in the code, as ``say("heat map {numbers}", numbers=...)``; what it is in another language, in
``resources/report/evidence-<language>.toml``.
"""

from __future__ import annotations

import string
import tomllib
from functools import lru_cache

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from engine.errors import DraftError
from engine.report.wording import load_wording
from engine.resources import resource_path


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    language: str
    texts: dict[str, str]

    @model_validator(mode="after")
    def _same_fields(self) -> _Table:
        for text, translated in self.texts.items():
            if fields(text) != fields(translated):
                raise ValueError(f"{translated!r} has other placeholders than {text!r}")
        return self


def fields(text: str) -> set[str]:
    """Return the names of the placeholders of a text."""
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


class Phrases:
    """Says the program's own words in one language."""

    def __init__(self, language: str, texts: dict[str, str]) -> None:
        self.language, self._texts = language, texts

    def __call__(self, text: str, /, **values: object) -> str:
        """Return an English text in this language, its ``{name}`` fields filled."""
        translated = self._texts.get(text, text)
        return translated.format(**values) if values else translated

    def observation(self, name: str) -> str:
        """Return the name of an observation; an open one is as the pack has it."""
        known = load_wording(self.language).observations.get(name)
        return name if self.language == "en" or known is None else known.name


@lru_cache(maxsize=8)
def phrases_of(language: str) -> Phrases:
    """Return the words of a language; English needs no file.

    Raises
    ------
    DraftError
        ``WORDING_LANGUAGE`` when there is no report wording for it; ``WORDING_INVALID`` when its file is damaged.
    """
    load_wording(language)
    if language == "en":
        return Phrases(language, {})
    path = resource_path("report") / f"evidence-{language}.toml"
    try:
        table = _Table.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DraftError(
            "WORDING_INVALID",
            f"{path.name} is not valid ({str(error).splitlines()[0]})",
            "restore it from the installation",
        ) from error
    return Phrases(language, table.texts)
