"""What a pack keeps of the features behind a sentence, read for people who ask why it stands there."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from engine.pack.features import Evidence, FeatureRecord, FeatureStore
from engine.pack.library import InstalledPack
from engine.pack.manifest import Readout


@dataclass(frozen=True)
class FeatureEvidence:
    """What a pack keeps of one feature.

    Attributes
    ----------
    examples : tuple of Evidence
        Training images whose reports stand behind the description, the strongest activation first.
    rank : float or None
        Mean rank of the true description among five (1 best, 3 chance); None where the pack has none.
    duplicates : tuple of int
        The group of features that say the same, itself among them.
    """

    record: FeatureRecord
    examples: tuple[Evidence, ...]
    rank: float | None
    duplicates: tuple[int, ...]


@dataclass(frozen=True)
class PackEvidence:
    """What a pack keeps of some features, by id, and of the observations that were asked for."""

    features: dict[int, FeatureEvidence]
    readouts: tuple[Readout, ...]


def pack_evidence(pack: InstalledPack, feature_ids: Iterable[int], observations: Collection[str]) -> PackEvidence:
    """Read what a pack keeps of some features, and its readouts of some observations.

    Features without a description are left out.
    """
    store = pack.features
    ranks = store.ranks()
    features = {ident: _of(store, record, ranks.get(ident)) for ident, record in store.get(feature_ids).items()}
    readouts = tuple(one for one in pack.manifest.calibration.readouts if one.observation in observations)
    return PackEvidence(features, readouts)


def _of(store: FeatureStore, record: FeatureRecord, rank: float | None) -> FeatureEvidence:
    return FeatureEvidence(record, tuple(store.evidence(record.id)), rank, tuple(store.duplicates(record)))
