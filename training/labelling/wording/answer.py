"""The form of an answer: a JSON schema that leaves neither the fields nor a number free."""

from __future__ import annotations

from typing import Annotated, Any, get_args

from pydantic import BaseModel, ConfigDict, Field

from engine.pack.manifest import OBSERVATIONS, Laterality, Polarity, Section, Severity

MOST_TOKENS = 512
"""Of an answer; it ends by itself, with most models after less than 100."""
LONGEST = 120
_WORDS = rf"^[A-Za-z][A-Za-z ,'/-]{{2,{LONGEST - 2}}}[a-z]$"


class WordedAnswer(BaseModel):
    """What a model made of a feature's evidence."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    observation: str
    polarity: Polarity
    laterality: Laterality
    severity: Severity
    section: Section
    description: Annotated[str, Field(pattern=_WORDS)]


def answer_schema(observation: str) -> dict[str, Any]:
    """Return the JSON schema of an answer; `observation` may be one that is no CheXpert name.

    Every value may be chosen, also those that contradict the evidence: a model that errs must be able to say so.
    """
    choices = {
        "observation": list(dict.fromkeys((*OBSERVATIONS, observation))),
        "polarity": list(get_args(Polarity)),
        "laterality": list(get_args(Laterality)),
        "severity": list(get_args(Severity)),
        "section": list(get_args(Section)),
    }
    return {
        "type": "object",
        "properties": {
            **{name: {"type": "string", "enum": values} for name, values in choices.items()},
            "description": {"type": "string", "pattern": _WORDS},
        },
        "required": [*choices, "description"],
        "additionalProperties": False,
    }
