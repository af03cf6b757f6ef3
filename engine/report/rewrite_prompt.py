"""The prompts by which a language model rewrites a draft: ``resources/prompts/rewrite-<language>.toml``."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import DraftError
from engine.report.draft import ReportSection, Sentence
from engine.resources import resource_path


class RewritePrompt(BaseModel):
    """One language's prompt.

    Attributes
    ----------
    version : int
        Raised with every change.
    instructions : str
        The same for every question.
    request : str
        First line of a question, with ``{title}`` for the section's.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: Annotated[int, Field(ge=1)]
    instructions: Annotated[str, Field(min_length=1)]
    request: Annotated[str, Field(pattern=r"\{title\}")]

    def question(self, section: ReportSection, sentences: Sequence[Sentence]) -> str:
        """Return the question for the sentences of a section, numbered from 1, as JSON like the answer."""
        asked = [
            {"sentence": number, "features": list(sentence.evidence), "text": sentence.text}
            for number, sentence in enumerate(sentences, start=1)
        ]
        lines = "\n".join(json.dumps(item, ensure_ascii=False) for item in asked)
        return f"{self.request.replace('{title}', section.title)}\n{lines}"


def prompt_name(language: str) -> str:
    """Return the name of a language's prompt."""
    return f"rewrite-{language}"


def load_prompt(language: str, folder: Path | None = None) -> tuple[RewritePrompt, str]:
    """Return the prompt of a language and the SHA-256 of its file.

    Raises
    ------
    DraftError
        ``REWRITE_PROMPT`` when the file is missing or not as it should be.
    """
    path = (folder or resource_path("prompts")) / f"{prompt_name(language)}.toml"
    try:
        content = path.read_bytes()
        return RewritePrompt.model_validate(tomllib.loads(content.decode())), hashlib.sha256(content).hexdigest()
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, ValidationError) as error:
        raise DraftError(
            "REWRITE_PROMPT", f"the prompt {path.name} cannot be used: {error}", "install the program again"
        ) from error
