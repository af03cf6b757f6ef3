"""What results follow from: a folder is only gone on with by the same recipe."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Self

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
        """Name the fields in which another recipe differs, see `differences`."""
        return differences(self.model_dump(), other.model_dump())


def differences(here: Mapping[str, Any], there: Mapping[str, Any]) -> list[str]:
    """Name the values in which two mappings differ, also those within mappings, short ones with both values.

    Lists are compared as a whole.
    """
    found = []
    for name in dict.fromkeys((*here, *there)):
        one, other = here.get(name), there.get(name)
        words = name.replace("_", " ")
        if one == other:
            continue
        if isinstance(one, Mapping) and isinstance(other, Mapping):
            found += [f"{words}: {difference}" for difference in differences(one, other)]
        else:
            before, now = (f"{value:g}" if isinstance(value, float) else str(value) for value in (one, other))
            found.append(f"{words} ({before}, now {now})" if len(before + now) < SHORT else words)
    return found
