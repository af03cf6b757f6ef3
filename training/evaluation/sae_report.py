"""Everything that is measured of a run's autoencoders, as it is kept in ``report.json``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.errors import UsageError
from training.sae.checkpoint import write_text
from training.sae.config import SaeConfig

REPORT_NAME = "report.json"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_inf_nan="constants")


class Estimate(_Strict):
    """A value with its 95 % interval over held-out patients; NaN where there is nothing to measure."""

    value: float
    low: float
    high: float


class AbsorptionRow(_Strict):
    """One pair of labels, see :class:`training.evaluation.absorption.Absorption`."""

    parent: str
    child: str
    parent_latent: int
    child_latent: int
    where_child_fires: float
    elsewhere: float
    images: int
    others: int


class SaeReport(_Strict):
    """One autoencoder.

    Attributes
    ----------
    held_out : dict
        ``fvu``, ``explained_variance``, ``cosine``, ``mean_l0``, ``alive``, ``dense`` on held-out tokens.
    batch_l0 : float or None
        Mean active latents in the last batches; None in the report of an older version.
    folded : dict
        Agreement of the form for packs with what was trained, or the code of why there is none.
    coherence_mean, coherence_largest : float
        Cosine of a living latent's direction with its nearest other one.
    density, activations : tuple of int
        Histograms, see :mod:`training.sae.firing`.
    probes : dict
        Held-out AUROC by label and number of latents.
    """

    config: SaeConfig
    steps: int
    held_out: dict[str, float]
    folded: dict[str, Any]
    coherence_mean: float
    coherence_largest: float
    density: tuple[int, ...]
    activations: tuple[int, ...]
    probes: dict[str, dict[int, Estimate]]
    absorption: tuple[AbsorptionRow, ...]
    batch_l0: float | None = None


class StabilityRow(_Strict):
    """Two autoencoders that differ in their seed alone, see :class:`training.sae.stability.Stability`."""

    first: str
    second: str
    shared: float
    mean_cosine: float
    matched: int


class LabelCount(_Strict):
    """A label of the held-out images and what the whole token tells of it."""

    positives: int
    negatives: int
    dense: Estimate


class RunReport(_Strict):
    """A run.

    Attributes
    ----------
    data : dict
        Identity of the activations.
    diverged : dict
        Autoencoders that could not be trained, with the step at which their loss was no number any more.
    labels : dict
        Empty where the run's data have no labels that are common enough.
    batch, train_tokens : int
        Tokens a step and tokens to train on; 0 in the report of an older version.
    """

    schema_version: int = 1
    command: str
    code_revision: str
    data: dict[str, Any]
    saes: dict[str, SaeReport]
    stability: tuple[StabilityRow, ...]
    labels: dict[str, LabelCount]
    diverged: dict[str, int] = {}
    batch: int = 0
    train_tokens: int = 0


def write_report(folder: Path, report: RunReport) -> None:
    """Write ``report.json`` in one rename."""
    write_text(folder / REPORT_NAME, report.model_dump_json(indent=1) + "\n")


def read_report(folder: Path) -> RunReport:
    """Read ``report.json``.

    Raises
    ------
    UsageError
        ``FIT_REPORT`` when it is not there or of another version.
    """
    path = folder / REPORT_NAME
    try:
        return RunReport.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise UsageError(
            "FIT_REPORT", f"{path} is no report of a run", f"make it with: saerad-train report {folder}"
        ) from error
