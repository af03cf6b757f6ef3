"""What results follow from: a folder is only gone on with by the same recipe."""

from __future__ import annotations

from pydantic import BaseModel

SHORT = 80


def differences(here: BaseModel, there: BaseModel) -> list[str]:
    """Name the fields in which a recipe differs from another of its type, short values with them."""
    found = []
    for name in type(here).model_fields:
        old, new = getattr(here, name), getattr(there, name)
        if old != new:
            short = len(f"{old}{new}") < SHORT
            found.append(f"{name.replace('_', ' ')} ({old}, now {new})" if short else name.replace("_", " "))
    return found
