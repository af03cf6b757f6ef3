"""Which features a draft can ever cite: a label good enough is no use where no readout may speak of its finding."""

from __future__ import annotations

from collections.abc import Iterable

from engine.pack.features import FeatureRecord
from engine.pack.manifest import Readout
from engine.report.vocabulary import DEVICES, NO_FINDING, NORMAL_OF_SECTION, implies


def may_be_cited(feature: FeatureRecord, readouts: Iterable[Readout]) -> bool:
    """Whether some activations and probabilities let :func:`engine.report.compose.compose` cite a feature.

    A finding is stated by its own reportable readout or by that of a more general observation, a device also by that of
    its name; a denial by the readout of what is denied, where it has a probability below which it is right.
    """
    given = list(readouts)
    speaking = [readout for readout in given if readout.reportable]
    whole = [readout for readout in speaking if readout.laterality == "none" and not readout.location]
    if not feature.reportable:
        return False
    if feature.observation == NO_FINDING:
        return feature.polarity != "absent" and any(readout.observation == NO_FINDING for readout in whole)
    if feature.polarity != "present":
        denied = feature.observation or NORMAL_OF_SECTION.get(feature.section, "")
        # A device by its name is denied only where its own readout, if it has one, does so as well.
        own = [r for r in given if denied == DEVICES and r.observation == DEVICES and r.location == feature.location]
        denies = any(readout.observation == denied and readout.absence_threshold > 0 for readout in whole)
        return denies and all(readout.reportable and readout.absence_threshold > 0 for readout in own)
    named = feature.observation == DEVICES and any(
        readout.observation == DEVICES and readout.location == feature.location for readout in speaking
    )
    return named or any(implies(feature.observation, readout.observation) for readout in whole)
