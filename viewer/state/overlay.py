"""Which heat maps are shown, in which colour, how strongly."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from engine.inference.attribution import DEFAULT_METHOD, Method
from engine.inference.heat_scale import OPACITY, THRESHOLD
from viewer.state.colours import give_colours
from viewer.state.groups import FeatureGroup
from viewer.state.look import MOST_THRESHOLD, PLAIN, MapLook
from viewer.state.muted import MuteKey

V = TypeVar("V")

CHOSEN = ("visible", "beside", "muted", "colours", "looks", "opacity", "threshold", "method")
"""What a person chooses, and can take back."""
WHOLE = ("visible", "beside", "opacity", "threshold", "method")
"""Of these, what holds as a whole."""


@dataclass(frozen=True)
class OverlaySettings:
    """Settings of the overlay, shared by all images of the session.

    Attributes
    ----------
    visible : frozenset of int
        Features whose switch is on.
    beside : frozenset of int
        Features of the analysis shown beside it, of another pack, whose switch is on.
    muted : frozenset of (str, str)
        Groups of features that a person does not want to see, by pack: their maps are off.
    colours : dict of str to str
        Colours a person chose (``#rrggbb``), by the key of the group of features.
    given : dict of str to str
        Colours of the other groups that are or were shown.
    looks : dict of str to MapLook
        How the maps of groups are drawn where a person chose it, by the key of the group.
    opacity : float
        0..1, of the whole overlay.
    threshold : float
        Share of the full scale below which nothing is drawn, 0..1.
    method : str
        How maps are to be made; each map names the method by which it was made.
    peek : bool
        True while the key is held that hides the overlay.
    """

    visible: frozenset[int] = frozenset()
    beside: frozenset[int] = frozenset()
    muted: frozenset[MuteKey] = frozenset()
    colours: dict[str, str] = field(default_factory=dict)
    given: dict[str, str] = field(default_factory=dict)
    looks: dict[str, MapLook] = field(default_factory=dict)
    opacity: float = OPACITY
    threshold: float = THRESHOLD
    method: Method = DEFAULT_METHOD
    peek: bool = False

    def show(self, feature_ids: Iterable[int]) -> OverlaySettings:
        """Switch exactly these features on."""
        return replace(self, visible=frozenset(feature_ids))

    def switch(self, feature_ids: Iterable[int], on: bool) -> OverlaySettings:
        """Switch some features on or off."""
        change = self.visible | set(feature_ids) if on else self.visible - set(feature_ids)
        return replace(self, visible=frozenset(change))

    def none(self) -> OverlaySettings:
        """Switch every map off."""
        return replace(self, visible=frozenset(), beside=frozenset())

    def show_beside(self, feature_ids: Iterable[int]) -> OverlaySettings:
        """Switch exactly these features of the other pack on."""
        return replace(self, beside=frozenset(feature_ids))

    def switch_beside(self, feature_ids: Iterable[int], on: bool) -> OverlaySettings:
        """Switch some features of the other pack on or off."""
        change = self.beside | set(feature_ids) if on else self.beside - set(feature_ids)
        return replace(self, beside=frozenset(change))

    def of_beside(self) -> OverlaySettings:
        """Return the settings as those of the other pack's features."""
        return replace(self, visible=self.beside, beside=frozenset())

    def recolour(self, group_key: str, colour: str) -> OverlaySettings:
        """Give a group of features a colour (``#rrggbb``)."""
        return replace(self, colours={**self.colours, group_key: colour})

    def look(self, group: FeatureGroup) -> MapLook:
        """How the map of a group is drawn."""
        return self.looks.get(group.key, PLAIN)

    def with_look(self, group_key: str, look: MapLook) -> OverlaySettings:
        """Draw the map of a group like this."""
        others = {key: other for key, other in self.looks.items() if key != group_key}
        return replace(self, looks=others if look == PLAIN else {**others, group_key: look})

    def mutes(self, group: FeatureGroup) -> bool:
        """Whether a group is muted."""
        return group.muting in self.muted

    def mute(self, group: FeatureGroup, on: bool) -> OverlaySettings:
        """Mute a group, or take it back; a map that was on before comes on again only by its switch."""
        change = self.muted | {group.muting} if on else self.muted - {group.muting}
        return replace(self, muted=change)

    def with_muted(self, muted: frozenset[MuteKey]) -> OverlaySettings:
        """Mute exactly these."""
        return replace(self, muted=muted)

    def muted_ids(self, groups: Iterable[FeatureGroup]) -> frozenset[int]:
        """Features of the groups that are muted."""
        return frozenset(i for group in groups if self.mutes(group) for i in group.ids)

    def fitted_to(self, groups: Collection[FeatureGroup], beside: Collection[FeatureGroup] = ()) -> OverlaySettings:
        """Switch muted maps off, whoever switched them on, and give the others colours (`with_colours_for`)."""
        own, other = self.muted_ids(groups), self.muted_ids(beside)
        kept = self
        if own & self.visible or other & self.beside:
            kept = replace(self, visible=self.visible - own, beside=self.beside - other)
        return kept.with_colours_for(tuple(groups), tuple(beside))

    def with_colours_for(self, groups: Sequence[FeatureGroup], beside: Sequence[FeatureGroup] = ()) -> OverlaySettings:
        """Give every group that is shown a colour of its own; `groups` and `beside` are those of the image shown."""
        shown = [group.key for group in groups if any(i in self.visible for i in group.ids)]
        shown += [group.key for group in beside if any(i in self.beside for i in group.ids)]
        given = give_colours(shown, self.given, self.colours)
        return self if given == self.given else replace(self, given=given)

    def colour(self, group: FeatureGroup) -> str:
        """Colour of a group; empty while it is not shown and nobody chose one."""
        if group.key in self.colours:
            return self.colours[group.key]
        return self.given.get(group.key, "") if any(i in self.visible for i in group.ids) else ""

    def with_opacity(self, opacity: float) -> OverlaySettings:
        """Set the opacity, clipped to 0..1."""
        return replace(self, opacity=min(1.0, max(0.0, opacity)))

    def with_threshold(self, threshold: float) -> OverlaySettings:
        """Set the threshold, clipped to 0..`MOST_THRESHOLD`."""
        return replace(self, threshold=min(MOST_THRESHOLD, max(0.0, threshold)))

    def with_method(self, method: Method) -> OverlaySettings:
        """Choose how maps are to be made."""
        return replace(self, method=method)

    def with_peek(self, peek: bool) -> OverlaySettings:
        """Hide (True) or show the overlay."""
        return replace(self, peek=peek)

    def differs(self, other: OverlaySettings) -> bool:
        """Whether something that a person chooses is another."""
        return any(getattr(self, name) != getattr(other, name) for name in CHOSEN)

    def changed_as(self, before: OverlaySettings, after: OverlaySettings) -> OverlaySettings:
        """Set what differs between two states as it is in `after`, and leave the rest.

        Of what holds for groups on every image (muted, colours, looks) only the groups that differ: others may have
        been changed on another image meanwhile.
        """
        values: dict[str, Any] = {name: getattr(after, name) for name in WHOLE}
        values = {name: value for name, value in values.items() if value != getattr(before, name)}
        return replace(
            self,
            muted=(self.muted - (before.muted - after.muted)) | (after.muted - before.muted),
            colours=_changed(self.colours, before.colours, after.colours),
            looks=_changed(self.looks, before.looks, after.looks),
            **values,
        )


def _changed(now: Mapping[str, V], before: Mapping[str, V], after: Mapping[str, V]) -> dict[str, V]:
    """Return `now` with what differs between two states as it is in `after`."""
    differ = {key for key in before.keys() | after.keys() if before.get(key) != after.get(key)}
    kept = {key: value for key, value in now.items() if key not in differ}
    return kept | {key: after[key] for key in after if key in differ}
