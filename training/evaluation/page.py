"""The page of an evaluation, in Markdown, written from its numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from engine.pack.manifest import Manifest
from training.evaluation.baselines.page import baselines_json, baselines_page
from training.evaluation.baselines.run import Baselines
from training.evaluation.matching import Counts
from training.evaluation.nih import NihRow
from training.evaluation.phantoms import PhantomScores


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Everything that was measured of a pack."""

    manifest: Manifest
    command: str
    systems: dict[str, PhantomScores]
    baselines: Baselines
    nih: tuple[NihRow, ...]


def as_markdown(evaluation: Evaluation, figures: str) -> str:
    """Return the page; `figures` is the folder of the figures as seen from it."""
    manifest = evaluation.manifest
    lines = [
        f"# Evaluation of the pack {manifest.name} {manifest.version}",
        "",
        "Written by the command that measured it; do not edit by hand:",
        "",
        f"    {evaluation.command}",
        "",
        "95 % intervals in brackets are from 500 resamples of whole patients or phantoms.",
        "",
        *_autoencoder(manifest),
        *_phantoms(evaluation.systems, figures),
        *baselines_page(evaluation.baselines, figures),
    ]
    if evaluation.nih:
        lines += _nih(evaluation.nih, figures)
    return "\n".join(lines) + "\n"


def as_json(evaluation: Evaluation) -> dict[str, object]:
    """Return the numbers for machines; null where there is nothing to measure."""
    return {
        "pack": {"name": evaluation.manifest.name, "version": evaluation.manifest.version},
        "phantoms": {
            title: {
                "images": s.images,
                "refused": s.refused,
                "precision": _or_null(s.comparison.presence.precision),
                "recall": _or_null(s.comparison.presence.recall),
                "f1": _or_null(s.f1.value),
                "f1_with_side": _or_null(s.f1_with_side.value),
                "pointing": _or_null(s.pointing.value),
                "pointing_within_a_patch": _or_null(s.pointing_near.value),
                "pointing_all": _or_null(s.pointing_all.value),
            }
            for title, s in evaluation.systems.items()
        },
        "reports": baselines_json(evaluation.baselines),
        "nih": {
            row.task: {
                "readout": _or_null(row.readout.value),
                "probe": _or_null(row.probe.value),
                "sparse": _or_null(row.sparse.value),
                "dense": _or_null(row.dense.value),
                "positives": row.positives,
            }
            for row in evaluation.nih
        },
    }


def _or_null(value: float) -> float | None:
    return None if math.isnan(value) else value


def _autoencoder(manifest: Manifest) -> list[str]:
    m = manifest.metrics
    return [
        "## Autoencoder and descriptions (validation images)",
        "",
        "| measure | value |",
        "| --- | --- |",
        f"| mean number of active features | {manifest.sae.mean_l0:.2f} |",
        f"| explained variance | {manifest.sae.explained_variance:.4f} |",
        f"| the same of random features with a fitted decoder | {m['random features explained variance']:.4f} |",
        f"| features that fire | {m['autoencoder alive'] * manifest.sae.n_features:.0f} of {manifest.sae.n_features} |",
        f"| of these on more than a tenth of the images | {m['autoencoder dense']:.1%} |",
        f"| features with a description | {m['features described']:.0f} |",
        f"| of these good enough for a draft | {m['features reportable']:.0f} |",
        f"| median score of the descriptions (balanced accuracy) | {_known(m.get('median label score'))} |",
        f"| the same of those good enough for a draft | {_known(m.get('median label score in drafts'))} |",
        f"| median rank of the descriptions among five (chance: 3) | {_known(m.get('median label rank among five'))} |",
        f"| entries, features that say the same under one | {_count(m.get('entries of descriptions'))} |",
        f"| median score of the entries, each scored as one | {_known(m.get('median entry score'))} |",
        f"| the same of those that can reach a draft | {_known(m.get('median entry score in drafts'))} |",
        f"| entries that repeat another's words | {_share(m.get('share of repeated entries'))} |",
        f"| descriptions without polarity | {_count(m.get('features without polarity'))} |",
        "",
    ]


def _count(value: float | None) -> str:
    return "–" if value is None else f"{value:.0f}"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _known(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


RANDOM_ENCODER = (
    "The random encoder has the same architecture with weights as they were drawn, and an autoencoder, descriptions",
    "and readouts of its own.",
)


def _phantoms(systems: dict[str, PhantomScores], figures: str) -> list[str]:
    first = next(iter(systems.values()))
    lines = [
        "## Drafts and heat maps on held-out phantoms",
        "",
        f"{first.images} phantoms of the test split, which neither the encoder nor the autoencoder nor any",
        "threshold has seen, go through the engine (read, analyse, compose). A finding counts as right when its",
        'observation (device by name) and the polarity "present" are; "with side" the sides must be right too. What a',
        "drawing leaves open (a pneumonia behind an opacity) is neither right nor wrong.",
        "Pointing: the peak of the map, laid over the image, lies inside the drawn finding's mask; a random peak would",
        'hit as often as the masks are large. "Within a patch" also counts a peak up to one patch outside the mask: a',
        "tube is thinner than a patch. The dense probe reads the whole class token and states findings without",
        "features.",
        *(RANDOM_ENCODER if "random-weight encoder" in systems else ()),
        "",
        "| system | precision | recall | F1 | F1, side | pointing, stated | within a patch | pointing, all | "
        "random peak | refused |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for title, s in systems.items():
        p = s.comparison.presence
        rates = f"{_number(p.precision)} | {_number(p.recall)} | {s.f1} | {s.f1_with_side}"
        lines.append(
            f"| {title} | {rates} | {s.pointing} | {s.pointing_near} | {s.pointing_all} | {s.chance:.3f} | "
            f"{s.refused} |"
        )
    lines += ["", f"![systems]({figures}/phantoms-systems.png)", "", "By finding, the draft of the pack:", ""]
    lines += [
        "| finding | stated rightly | wrongly | missed | F1 | pointing |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for name, c in sorted(first.comparison.by_name.items()):
        pointing = first.pointing_by_name.get(name, Counts())
        share = pointing.recall
        lines.append(f"| {name} | {c.hits} | {c.extra} | {c.missed} | {_number(c.f1)} | {_number(share)} |")
    return [*lines, "", f"![findings]({figures}/phantoms-findings.png)", ""]


def _nih(rows: Sequence[NihRow], figures: str) -> list[str]:
    lines = [
        "## Held-out NIH images (patients apart)",
        "",
        "AUROC of the probability that the pack reports, a sum over its active features, beside a dense probe on the",
        "class token fitted on the same training images (phantoms and NIH). For comparison, both fitted anew on the",
        "NIH training images alone: L1-penalised on the active features, L2-penalised on the dense token. Labels were",
        "mined from reports. The NIH rows without a finding come from another time and look different, so abnormal is",
        "measured against them and against the RSNA challenge's normals (used here as negatives only), and the lower",
        "number counts.",
        "",
        "| task | positives | negatives | pack's probability | dense probe | features, refitted | token, refitted | "
        "features used |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        lines.append(
            f"| {row.task} | {row.positives} | {row.negatives} | {row.readout} | {row.probe} | {row.sparse} | "
            f"{row.dense} | {row.features_used} |"
        )
    abnormal = [row for row in rows if row.task.startswith("abnormal")]
    lower = min(abnormal, key=lambda row: row.readout.value)
    return [
        *lines,
        "",
        f"Counted: {lower.readout} ({lower.task}); the dense probe {min(row.probe.value for row in abnormal):.3f}.",
        "",
        f"![NIH]({figures}/nih-auroc.png)",
        "",
    ]


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"
