"""Measure the autoencoders of a run on what the run held out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from training.evaluation.absorption import absorption
from training.evaluation.bootstrap import Interval
from training.evaluation.sae_report import AbsorptionRow, Estimate, LabelCount, RunReport, SaeReport, StabilityRow
from training.evaluation.sparse_probe import dense_probes, score_latents, sparse_probes
from training.evaluation.store_labels import LabelledImages, labelled_images
from training.sae.coherence import coherence
from training.sae.firing import Firing, firing
from training.sae.source import TokenSource, read_identity
from training.sae.stability import stability, twins
from training.sae.store_tokens import StoreTokens
from training.sae.trained import TrainedSae, load_run, read_config, read_diverged

Progress = Callable[[str, float], None]


def measure_run(folder: Path, source: TokenSource, progress: Progress) -> RunReport:
    """Measure every autoencoder of a finished run.

    Parameters
    ----------
    source : TokenSource
        The run's data: its held-out tokens are measured on. Labels are those of a store's index, and are asked of
        autoencoders of class tokens only: a label is an image's, not a patch's.
    progress : callable
        Told (message, share done).

    Raises
    ------
    SaeRadError
        See :func:`training.sae.trained.load_run`.
    """
    saes, identity = load_run(folder), read_identity(folder)
    progress("labels", 0.0)
    readable = isinstance(source, StoreTokens) and source.choice.kind == "class"
    images = labelled_images(source) if readable and isinstance(source, StoreTokens) else None
    counted: dict[str, Firing] = {}
    reports: dict[str, SaeReport] = {}
    for number, (name, sae) in enumerate(saes.items()):
        progress(f"measuring {name}", number / len(saes))
        counted[name] = firing(sae.native, source.held_out)
        reports[name] = _measure(sae, counted[name], images)
    progress("matching seeds", 1.0)
    rows = []
    for first, second in twins([sae.config for sae in saes.values()]):
        one, other = (saes[config.name].native.directions[counted[config.name].alive] for config in (first, second))
        rows.append(StabilityRow(first=first.name, second=second.name, **asdict(stability(one, other))))
    return RunReport(
        command=identity["command"],
        code_revision=identity["code_revision"],
        data=source.identity,
        saes=reports,
        stability=tuple(rows),
        labels=_labels(images) if images else {},
        diverged=read_diverged(folder),
        batch=read_config(folder).batch,
        train_tokens=source.rows,
    )


def _measure(sae: TrainedSae, found: Firing, images: LabelledImages | None) -> SaeReport:
    near = coherence(sae.native.directions[found.alive])
    probes: dict[str, dict[int, Estimate]] = {}
    pairs: tuple[AbsorptionRow, ...] = ()
    if images is not None:
        scores = score_latents(sae.native, images.train)
        for label, sizes in sparse_probes(sae.native, scores, images).items():
            probes[label] = {size: _estimate(value) for size, value in sizes.items()}
        pairs = tuple(AbsorptionRow(**asdict(row)) for row in absorption(sae.native, scores, images))
    return SaeReport(
        config=sae.config,
        steps=sae.result["steps"],
        held_out=sae.result["held_out"],
        folded=sae.result["folded"],
        coherence_mean=near.mean,
        coherence_largest=near.largest,
        density=tuple(found.density.tolist()),
        activations=tuple(found.activations.tolist()),
        probes=probes,
        absorption=pairs,
        batch_l0=sae.result.get("batch_l0"),
    )


def _labels(images: LabelledImages) -> dict[str, LabelCount]:
    truth = images.held_out.truth
    return {
        name: LabelCount(
            positives=int(truth[:, column].sum()),
            negatives=int((~truth[:, column]).sum()),
            dense=_estimate(value),
        )
        for column, (name, value) in enumerate(dense_probes(images).items())
    }


def _estimate(value: Interval) -> Estimate:
    return Estimate(value=value.value, low=value.low, high=value.high)
