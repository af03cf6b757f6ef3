"""An image's analyses by several packs: which there are, and how each was made."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from engine.inference.analysis import Analysis
from viewer.state.groups import FeatureGroup, group_features

PackKey = tuple[str, str, str]
"""Name, version and SHA-256 of a pack."""


def pack_of(analysis: Analysis) -> PackKey:
    """Return the pack of an analysis."""
    return analysis.pack_name, analysis.pack_version, analysis.pack_sha256


@dataclass(frozen=True, eq=False)
class ResultSet:
    """An analysis of an image by one pack.

    Attributes
    ----------
    made : datetime
        When it arrived, in local time.
    source : str
        The pack as a person named it: name, folder or file; empty where it is that of the drafts.
    """

    analysis: Analysis
    made: datetime
    source: str = ""

    @property
    def pack(self) -> PackKey:
        """Its pack."""
        return pack_of(self.analysis)

    @property
    def title(self) -> str:
        """Name and version of its pack."""
        return f"{self.analysis.pack_name} {self.analysis.pack_version}"

    @property
    def groups(self) -> tuple[FeatureGroup, ...]:
        """Its features in groups, whose keys are no other pack's: the same words mean other features there."""
        pack = "|".join(self.pack)
        groups = group_features(self.analysis.features, self.analysis.pack_sha256)
        return tuple(replace(group, key=f"{pack}|{group.key}") for group in groups)

    @property
    def provenance(self) -> tuple[str, ...]:
        """What it was made with, as values: pack, SHA-256, time, provider, precision, methods of its maps."""
        made = self.analysis
        methods = sorted({feature_map.method for feature_map in made.maps.values()})
        return (
            self.title,
            made.pack_sha256,
            f"{self.made:%Y-%m-%d %H:%M:%S}",
            made.provider.replace("ExecutionProvider", ""),
            made.precision,
            ", ".join(methods),
        )
