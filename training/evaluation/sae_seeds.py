"""Autoencoders that differ in their seed alone, as one line of a table each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from training.evaluation.sae_names import short_names
from training.evaluation.sae_report import RunReport, SaeReport
from training.sae.config import SaeConfig

FEW, SOME = 1, 5
"""Latents of the probes that the table shows."""


def seeds_table(reports: Iterable[RunReport], saes: Mapping[str, SaeReport]) -> list[str]:
    """Return lines of Markdown, none where every configuration has one seed only.

    Sorted by sparsity and then by FVU, so that the first of equally sparse ones explains most.
    """
    groups: dict[SaeConfig, list[SaeReport]] = {}
    for sae in saes.values():
        groups.setdefault(replace(sae.config, seed=0), []).append(sae)
    if all(len(group) == 1 for group in groups.values()):
        return []
    shared = _shared(reports)
    names = short_names({config.name: config for config in groups})
    rows = sorted(groups.items(), key=lambda item: (item[0].expected_l0, _mean_fvu(item[1])))
    lines = [
        "## Means over seeds",
        "",
        "With the deviation between seeds. Found again: share of the latents that another seed has too. AUROC: mean",
        f"over labels of a probe on the latent, or the {SOME} latents, that tell most.",
        "",
        f"| autoencoder | seeds | L0 | FVU | alive | found again | AUROC, {FEW} latent | AUROC, {SOME} latents |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for config, group in rows:
        held = [sae.held_out for sae in group]
        cells = (
            names[config.name],
            str(len(group)),
            _spread([h["mean_l0"] for h in held], 1),
            _spread([h["fvu"] for h in held], 4),
            _spread([h["alive"] for h in held], 3),
            _spread(shared.get(config, []), 3),
            *(_spread([_probe(sae, size) for sae in group], 3) for size in (FEW, SOME)),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return [*lines, ""]


def _shared(reports: Iterable[RunReport]) -> dict[SaeConfig, list[float]]:
    found: dict[SaeConfig, list[float]] = {}
    for report in reports:
        for row in report.stability:
            found.setdefault(replace(report.saes[row.first].config, seed=0), []).append(row.shared)
    return found


def _mean_fvu(group: Sequence[SaeReport]) -> float:
    return float(np.mean([sae.held_out["fvu"] for sae in group]))


def _probe(sae: SaeReport, size: int) -> float:
    known = [sizes[size].value for sizes in sae.probes.values() if not math.isnan(sizes[size].value)]
    return float(np.mean(known)) if known else math.nan


def _spread(values: Sequence[float], digits: int) -> str:
    if not values or any(math.isnan(value) for value in values):
        return "–"
    mean = f"{np.mean(values):.{digits}f}"
    return mean if len(values) == 1 else f"{mean} ± {np.std(values, ddof=1):.{digits}f}"
