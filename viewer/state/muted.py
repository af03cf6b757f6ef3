"""Features that a person does not want to see for now, by pack: how they are named, kept and read again.

Muting is about the list and the heat maps only. No sentence, no refusal and no export depends on it.
"""

from __future__ import annotations

import json

MuteKey = tuple[str, str]
"""SHA-256 of the pack, and the key of a group of features within it: what it is said to show, or its number."""


def muted_to_text(muted: frozenset[MuteKey]) -> str:
    """Return the line of the settings' file: the groups of each pack as JSON; empty where nothing is muted."""
    packs: dict[str, list[str]] = {}
    for sha256, key in sorted(muted):
        packs.setdefault(sha256, []).append(key)
    return json.dumps(packs, ensure_ascii=False) if packs else ""


def muted_from_text(text: str) -> frozenset[MuteKey]:
    """Read what `muted_to_text` wrote.

    Raises
    ------
    ValueError
        If it is not the groups of packs.
    """
    packs = json.loads(text) if text else {}
    if not isinstance(packs, dict):
        raise ValueError("not an object by pack")
    found = []
    for sha256, keys in packs.items():
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise ValueError(f"the features of pack {sha256[:8]} are not a list of texts")
        found += [(sha256, key) for key in keys]
    return frozenset(found)
