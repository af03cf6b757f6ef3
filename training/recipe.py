"""What results follow from: a folder is only gone on with by the same recipe."""

from __future__ import annotations

import hashlib
from typing import Self

from pydantic import BaseModel, ConfigDict

SHORT = 80


class BaseRecipe(BaseModel):
    """Everything the bytes of some results follow from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @property
    def sha256(self) -> str:
        """SHA-256 of the whole recipe, which every part of the results repeats."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()

    def differences(self, other: Self) -> list[str]:
        """Name the fields in which another recipe differs, short values with them."""
        found = []
        for name in type(self).model_fields:
            here, there = getattr(self, name), getattr(other, name)
            if here != there:
                short = len(f"{here}{there}") < SHORT
                found.append(f"{name.replace('_', ' ')} ({here}, now {there})" if short else name.replace("_", " "))
        return found
