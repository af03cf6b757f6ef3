"""Read finished labels: what an export and a page take from them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from engine.errors import UsageError
from engine.pack.manifest import Calibration
from training.labelling.build import Labels
from training.labelling.label import FeatureLabel
from training.labelling.layout import LABELS_NAME, READOUTS_NAME, check_finished, damaged
from training.sae.folded import FoldedSae


class FinishedLabels:
    """The labels in a folder, every byte checked.

    Attributes
    ----------
    folder : Path
    recipe : LabelRecipe
    counts : Finished

    Raises
    ------
    UsageError
        ``LABEL_MISSING``, ``LABEL_UNFINISHED``.
    SaeRadError
        ``LABEL_DAMAGED``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.recipe, self.counts = check_finished(folder)

    def check(self, sae: FoldedSae, store_sha256: str) -> None:
        """Refuse labels of another autoencoder, or made from another store than it was trained on.

        Raises
        ------
        UsageError
            ``LABEL_OTHER``.
        """
        wrong = ""
        if self.recipe.sae_sha256 != sae.sha256:
            wrong = f"they are of {self.recipe.sae}, which is not this autoencoder"
        elif self.recipe.store_sha256 != store_sha256:
            wrong = "they were made from another store of activations than it was trained on"
        if wrong:
            raise UsageError(
                "LABEL_OTHER", f"the labels {self.folder} do not belong to it: {wrong}", "label this autoencoder"
            )

    def __iter__(self) -> Iterator[FeatureLabel]:
        """Read the labels by id, one at a time."""
        try:
            with (self.folder / LABELS_NAME).open(encoding="utf-8") as file:
                for line in file:
                    yield FeatureLabel.model_validate_json(line)
        except (OSError, ValidationError) as error:
            raise damaged(self.folder, f"{LABELS_NAME} cannot be read") from error

    def labels(self) -> Labels:
        """Return what a pack says of the features."""
        records, evidence, scored = [], [], []
        ranks: dict[int, float] = {}
        for label in self:
            records.append(label.record())
            evidence += label.evidence()
            scored += [label.id] if label.statistics.scored else []
            if label.statistics.rank:
                ranks[label.id] = label.statistics.rank
        return Labels(tuple(records), tuple(evidence), frozenset(scored), ranks)

    def readouts(self) -> Calibration:
        """Return the calibrated readouts."""
        try:
            return Calibration.model_validate_json((self.folder / READOUTS_NAME).read_bytes())
        except (OSError, ValidationError) as error:
            raise damaged(self.folder, f"{READOUTS_NAME} cannot be read") from error
