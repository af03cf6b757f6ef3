"""Labels made up for tests."""

from __future__ import annotations

from engine.pack.features import N_QUANTILES
from engine.resources import resource_path
from training.labelling.cases import Attribute
from training.labelling.describe import Wording
from training.labelling.label import FeatureLabel, NearMiss, Statistics, Witness

WORDING = Wording(resource_path("labelling") / "en.toml")


def label_of(
    attribute: Attribute, ident: int = 1, *, firing: tuple[str, ...] = (), near_misses: tuple[str, ...] = ()
) -> FeatureLabel:
    """Return a label that states an attribute; images by their keys."""
    return FeatureLabel(
        id=ident,
        description=WORDING.describe(attribute),
        observation=attribute.observation,
        polarity=attribute.polarity,
        laterality=attribute.laterality,
        location=attribute.location,
        severity=attribute.severity,
        section=WORDING.section(attribute),
        label_score=0.9,
        reportable=True,
        firing_rate=0.1,
        quantiles=(0.0,) * N_QUANTILES,
        duplicate_group=ident,
        statistics=Statistics(firing=len(firing), held_out_firing=0),
        firing=tuple(Witness(image=key, activation=1.0, percentile=50.0) for key in firing),
        near_misses=tuple(NearMiss(image=key, margin=-0.1) for key in near_misses),
    )
