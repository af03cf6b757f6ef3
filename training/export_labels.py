"""What an exported pack says of its features: nothing, what `saerad-train label` found, or what it finds now."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.cluster.crew import LocalCrew
from engine.errors import UsageError
from engine.pack.manifest import OBSERVATIONS, Calibration, LanguageModel
from training.calibration import prior_readout
from training.labelling.build import Labels
from training.labelling.cases import Attribute
from training.labelling.finished import FinishedLabels
from training.labelling.images import MOST_IMAGES, CaseSource, Knowledge, label_images
from training.labelling.run import LabelOptions, Silent, label_dictionary
from training.labelling.undescribed import undescribed_features
from training.sae.folded import FoldedSae
from training.sae.source import TokenSource
from training.sae.store_tokens import StoreTokens


@dataclass(frozen=True, eq=False)
class Words:
    """What a pack says of its features.

    Attributes
    ----------
    labels : Labels
    calibration : Calibration
        Readouts.
    knowledge : Knowledge or None
        What the descriptions were made from; None where there are none.
    worded_by : LanguageModel or None
        In whose words some of them are.
    """

    labels: Labels
    calibration: Calibration
    knowledge: Knowledge | None = None
    worded_by: LanguageModel | None = None


def silent_labels(sae: FoldedSae, source: TokenSource) -> Words:
    """Return records without descriptions, and readouts that may not speak."""
    wanted = min(MOST_IMAGES, source.rows)
    records = undescribed_features(sae, source.stream(wanted, 0).next_batch())
    none = np.empty(0)
    readouts = tuple(prior_readout(Attribute(name, "present"), none) for name in OBSERVATIONS)
    return Words(
        Labels(tuple(records), ()), Calibration(method="No readout was fitted", split="none", readouts=readouts)
    )


def finished_labels(sae: FoldedSae, source: TokenSource, folder: Path) -> Words:
    """Return the descriptions and readouts of `saerad-train label`.

    Raises
    ------
    UsageError
        ``LABEL_OTHER`` when they are of another autoencoder or made from other activations, ``LABEL_MISSING``,
        ``LABEL_UNFINISHED``.
    SaeRadError
        ``LABEL_DAMAGED``.
    """
    found = FinishedLabels(folder)
    found.check(sae, source.identity["sha256"])
    return Words(found.labels(), found.readouts(), found.recipe.knowledge, _worded_by(found))


def _worded_by(found: FinishedLabels) -> LanguageModel | None:
    model = found.recipe.language_model
    if model is None:
        return None
    return LanguageModel(
        name=model.name,
        licence=model.licence,
        file=model.file,
        sha256=model.sha256,
        prompt=f"{model.strategy} {model.prompt_version}",
        descriptions=found.counts.worded,
        refused=found.counts.refused,
    )


def store_labels(sae: FoldedSae, source: TokenSource) -> Words:
    """Return descriptions and readouts from the labels of the store, as `saerad-train label` makes them.

    Raises
    ------
    UsageError
        ``EXPORT_LABELS`` when there are none.
    """
    if not isinstance(source, StoreTokens):
        raise UsageError("EXPORT_LABELS", "a file of tokens has no labels", "leave --describe out")
    images = label_images(source, CaseSource())
    with tempfile.TemporaryDirectory(prefix="saerad-labels-") as folder:
        label_dictionary(
            "sae", sae, images, Path(folder), LabelOptions(), crew=LocalCrew(), progress=Silent(), stop=lambda: False
        )
        return finished_labels(sae, source, Path(folder))
