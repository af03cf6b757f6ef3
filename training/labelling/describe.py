"""Word what a feature stands for, from templates."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from engine.pack.manifest import Section
from training.labelling.cases import DEVICES, Attribute


class Wording:
    """Turns an attribute into words.

    Parameters
    ----------
    path : Path
        ``resources/labelling/<language>.toml``.
    """

    def __init__(self, path: Path) -> None:
        self._data: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))

    def section(self, attribute: Attribute | None) -> Section:
        """Return the report section that speaks of it."""
        if attribute is None:
            return "other"
        entry = self._data["observation"].get(attribute.observation)
        section: Section = entry["section"] if entry else "other"
        return section

    def describe(self, attribute: Attribute | None, style_of: str = "") -> str:
        """Return the description; `style_of` names a source whose images fire a feature without a finding."""
        if attribute is None:
            fallback = self._data["fallback"]
            return str(fallback["style"]).format(source=style_of) if style_of else str(fallback["none"])
        if attribute.polarity == "normal":
            return str(self._data["fallback"]["normal"])
        entry = self._data["observation"].get(attribute.observation)
        if entry is None:
            lead = "no " if attribute.polarity == "absent" else ""
            return f"{lead}{attribute.observation.lower()}"
        severities = entry.get("severities", self._data["severity"])
        location = attribute.location
        if attribute.observation == DEVICES:
            location = location or entry["unnamed"]
        elif location:
            location = self._data["location"].get(location, f"in the {location}")
        sign = entry.get("signs", {}).get(attribute.severity, "") if attribute.polarity == "present" else ""
        text = str(entry["absent" if attribute.polarity == "absent" else "present"]).format(
            severity=severities.get(attribute.severity, ""),
            side=self._data["side"].get(attribute.laterality, ""),
            location="" if sign and attribute.location else location,
        )
        text = re.sub(r"\s+", " ", text).strip()
        return f"{text}, {sign}" if sign else text
