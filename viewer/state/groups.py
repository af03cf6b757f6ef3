"""Active features that say the same thing, as one: what is listed, switched on and coloured together."""

from __future__ import annotations

import enum
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from engine.inference.analysis import ActiveFeature, Analysis
from engine.pack.manifest import Section
from engine.report.draft import Draft
from viewer.marking import mark
from viewer.state.muted import MuteKey


class Order(enum.Enum):
    """What comes first in the list; the values are what a person reads."""

    CITED = mark("cited first")
    STRENGTH = mark("strength")
    PERCENTILE = mark("percentile")
    ACTIVATION = mark("activation")
    LABEL_SCORE = mark("label score")
    NUMBER = mark("number")


SECTIONS: tuple[str, ...] = get_args(Section)
"""In the order in which a draft has them."""


@dataclass(frozen=True)
class FeatureGroup:
    """Features with one description.

    Attributes
    ----------
    key : str
        The same on every image, so that a colour chosen for it stays.
    members : tuple of ActiveFeature
        The strongest activation first; never empty.
    muting : (str, str)
        Names it among all groups of all packs, so that it can be muted.
    """

    key: str
    members: tuple[ActiveFeature, ...]
    muting: MuteKey

    @property
    def first(self) -> ActiveFeature:
        """The member with the strongest activation."""
        return self.members[0]

    @property
    def description(self) -> str:
        """What all members are said to show."""
        return self.first.description

    @property
    def ids(self) -> tuple[int, ...]:
        """The members' numbers."""
        return tuple(feature.id for feature in self.members)

    @property
    def percentile(self) -> float:
        """Percentile of the member with the strongest activation, whose number and activation stand beside it."""
        return self.first.percentile

    @property
    def activation(self) -> float:
        """The strongest activation among the members."""
        return self.first.activation

    @property
    def strength(self) -> float:
        """The strongest activation relative to what is typical of its feature."""
        return max(relative_strength(feature) for feature in self.members)

    def mapped(self, analysis: Analysis) -> tuple[int, ...]:
        """Numbers of the members that have a heat map."""
        return tuple(i for i in self.ids if i in analysis.maps)

    def label(self, ids: Collection[int]) -> str:
        """Short name of some of its members: ``#2931 +7 pacemaker in place``."""
        named = [i for i in self.ids if i in ids]
        more = f" +{len(named) - 1}" if len(named) > 1 else ""
        return f"#{named[0]}{more} {self.description}" if named else self.description

    def fits(self, search: str) -> bool:
        """Whether the words of a search are all found in one of its members."""
        words = search.casefold().split()
        return any(
            all(
                word in f"{f.id} {f.description} {f.observation} {f.location} {f.laterality}".casefold()
                for word in words
            )
            for f in self.members
        )


def relative_strength(feature: ActiveFeature) -> float:
    """Activation as a multiple of the feature's typical one; 1 where that is not known."""
    return feature.activation / feature.typical if feature.typical > 0 else 1.0


def group_features(features: Iterable[ActiveFeature], pack_sha256: str = "") -> tuple[FeatureGroup, ...]:
    """Put features that say the same thing together; groups and members come with the strongest activation first.

    Features that nobody described stay alone: nothing is known of what they share.

    Parameters
    ----------
    pack_sha256 : str
        The pack that describes them.
    """
    found: dict[str, list[ActiveFeature]] = {}
    for feature in sorted(features, key=lambda f: (-f.activation, f.id)):
        said = (feature.description.strip().casefold(), feature.observation, feature.polarity, feature.laterality)
        key = "|".join(said) if said[0] else f"#{feature.id}"
        found.setdefault(key, []).append(feature)
    return tuple(FeatureGroup(key, tuple(members), (pack_sha256, key)) for key, members in found.items())


def in_order(groups: Sequence[FeatureGroup], order: Order, cited: Collection[int]) -> tuple[FeatureGroup, ...]:
    """Sort groups; those alike are in the order of their activation, whatever order they come in.

    Parameters
    ----------
    cited : collection of int
        Features that the draft's sentences stand on.
    """
    by_activation = sorted(groups, key=lambda group: (-group.activation, group.first.id))
    keys = {
        Order.CITED: lambda group: 0.0 if any(i in cited for i in group.ids) else 1.0,
        Order.STRENGTH: lambda group: -group.strength,
        Order.PERCENTILE: lambda group: -group.percentile,
        Order.ACTIVATION: lambda group: -group.activation,
        Order.LABEL_SCORE: lambda group: -group.first.label_score,
        Order.NUMBER: lambda group: float(group.first.id),
    }
    return tuple(sorted(by_activation, key=keys[order]))


def cited_by(draft: Draft | None) -> frozenset[int]:
    """Features that the sentences of a draft stand on."""
    return (
        frozenset(i for sentence in draft.sentences() for i in sentence.support) if draft is not None else frozenset()
    )
