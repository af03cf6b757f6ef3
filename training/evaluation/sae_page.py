"""The page of a run, or of several, in Markdown, written from what was measured."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from training.evaluation.sae_report import Estimate, RunReport, SaeReport
from training.evaluation.sae_seeds import seeds_table
from training.evaluation.sparse_probe import SIZES
from training.sae.stability import SAME
from training.sae.verdict import REMEDY, explains_nothing, l0_missed, nothing_explained

CURVES, HISTOGRAMS, PARETO = "curves.png", "histograms.png", "pareto.png"


def run_page(report: RunReport, names: Mapping[str, str], title: str) -> str:
    """Return the page of one run; `names` are short names of its autoencoders."""
    lines = [
        f"# {title}",
        "",
        "Written by the command that trained or measured it; do not edit by hand:",
        "",
        f"    {report.command}",
        "",
        f"Code revision {report.code_revision}. {_data(report)}{_steps(report)}",
        "",
        *_overview({names[key]: sae for key, sae in report.saes.items()}),
        *seeds_table([report], report.saes),
        *_diverged(report),
        *_useless({names[key]: sae for key, sae in report.saes.items()}),
        *_missed({names[key]: sae for key, sae in report.saes.items()}),
        f"![L0 against FVU]({PARETO})",
        "",
        "## Training",
        "",
        f"![curves]({CURVES})",
        "",
        "## Latents",
        "",
        f"![how often latents fire and how strongly]({HISTOGRAMS})",
        "",
        *_stability(report, names),
        *_probes([report], {names[key]: sae for key, sae in report.saes.items()}),
    ]
    for key, sae in report.saes.items():
        lines += _details(names[key], key, sae, report)
    return "\n".join(lines).rstrip() + "\n"


def is_comparison(page: bytes) -> bool:
    """Whether a page is one of `comparison_page`."""
    return re.match(rb"# \d+ runs, \d+ autoencoders\r?\n", page) is not None


def comparison_page(reports: Mapping[str, RunReport], saes: Mapping[str, SaeReport]) -> str:
    """Return one page over several runs.

    Parameters
    ----------
    reports : mapping
        Runs by title.
    saes : mapping
        All their autoencoders by short name.
    """
    held_out = {_held_out(report) for report in reports.values()}
    lines = [
        f"# {len(reports)} runs, {len(saes)} autoencoders",
        "",
        *(f"- {title}: `{report.command}`" for title, report in reports.items()),
        "",
        *(
            ["The runs did not hold out the same tokens: their figures cannot be compared with each other.", ""]
            if len(held_out) > 1
            else [_data(next(iter(reports.values()))), ""]
        ),
        f"![L0 against FVU]({PARETO})",
        "",
        *seeds_table(reports.values(), saes),
        *_overview(saes),
        *_useless(saes),
        *_missed(saes),
        *_probes(list(reports.values()), saes),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _diverged(report: RunReport) -> list[str]:
    lines = [
        f"- `{name}` is missing: its loss was no number any more at step {step + 1}."
        for name, step in report.diverged.items()
    ]
    return [*lines, ""] if lines else []


def _useless(saes: Mapping[str, SaeReport]) -> list[str]:
    lines = [
        f"- {nothing_explained(name, sae.held_out)}; {REMEDY}."
        for name, sae in saes.items()
        if explains_nothing(sae.held_out)
    ]
    return ["Not to be used, and not in the figure of L0 against FVU:", "", *lines, ""] if lines else []


def _missed(saes: Mapping[str, SaeReport]) -> list[str]:
    told = [l0_missed(name, sae.config.wanted_l0, sae.held_out, sae.batch_l0) for name, sae in saes.items()]
    lines = [f"- {text}." for text in told if text]
    return ["More than a tenth beside the L0 that was asked for:", "", *lines, ""] if lines else []


def _data(report: RunReport) -> str:
    data = report.data
    if "held_out_by" not in data:
        return f"Trained on the file {data['file']} (SHA-256 {data['sha256'][:16]}…), {data['held_out']} rows held out."
    kind = "class" if data["kind"] == "class" else "patch"
    return (
        f"Trained on {kind} tokens of the layer {data['layer']} (store {data['sha256'][:16]}…); measured on "
        f"{data['held_out_tokens']} tokens of {data['held_out_images']} held-out images ({data['held_out_by']})."
    )


def _steps(report: RunReport) -> str:
    if not report.batch:
        return ""
    if report.batch >= report.train_tokens:
        return f" Each step takes all {report.train_tokens} tokens that there are to train on."
    return f" Each step takes {report.batch} of {report.train_tokens} tokens to train on."


def _held_out(report: RunReport) -> str:
    keys = ("sha256", "kind", "held_out", "seed", "share")
    return " ".join(str(report.data.get(key)) for key in keys)


def _overview(saes: Mapping[str, SaeReport]) -> list[str]:
    lines = [
        "## Held-out tokens",
        "",
        "FVU: fraction of variance unexplained. Alive: share of latents that fire at least once; dense: share of these",
        "that fire on more than a tenth. Nearest direction: cosine of a living latent's decoder row with the nearest",
        "other one, mean and largest. Pack form: Jaccard index of the latents that fire as trained and in the form",
        "that packs take.",
        "",
        "| autoencoder | L0 | FVU | explained variance | cosine | alive | dense | nearest direction | pack form |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, sae in saes.items():
        held = sae.held_out
        form = sae.folded.get("error") or _number(sae.folded["jaccard"])
        lines.append(
            f"| {name} | {held['mean_l0']:.1f} | {held['fvu']:.4f} | {held['explained_variance']:.4f} | "
            f"{held['cosine']:.3f} | {held['alive']:.1%} | {held['dense']:.1%} | "
            f"{sae.coherence_mean:.2f}, {sae.coherence_largest:.2f} | {form} |"
        )
    return [*lines, ""]


def _stability(report: RunReport, names: Mapping[str, str]) -> list[str]:
    if not report.stability:
        return []
    lines = [
        "Two seeds, their living latents matched one to one by the cosine of their directions: share of the pairs with",
        f"a cosine of {SAME} or more.",
        "",
        "| first | second | shared | mean cosine | pairs |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in report.stability:
        lines.append(
            f"| {names[row.first]} | {names[row.second]} | {row.shared:.1%} | {row.mean_cosine:.3f} | {row.matched} |"
        )
    return [*lines, ""]


def _probes(reports: Sequence[RunReport], saes: Mapping[str, SaeReport]) -> list[str]:
    labels = reports[0].labels
    if not labels or any(report.labels.keys() != labels.keys() for report in reports):
        return []
    dense = _mean([label.dense for label in labels.values()])
    lines = [
        "## Labels",
        "",
        f"Mean AUROC over {len(labels)} labels of the store's index on held-out patients: logistic regression on the k",
        "latents that tell the label best on training images. An image without a label counts as negative. The same on",
        f"the whole token gives {_number(dense)}.",
        "",
        f"| autoencoder | {' | '.join(f'k = {size}' for size in SIZES)} |",
        f"| --- |{' --- |' * len(SIZES)}",
    ]
    for name, sae in saes.items():
        means = [_mean([sizes[size] for sizes in sae.probes.values()]) for size in SIZES]
        lines.append(f"| {name} | {' | '.join(map(_number, means))} |")
    return [*lines, ""]


def _details(name: str, folder: str, sae: SaeReport, report: RunReport) -> list[str]:
    if not sae.probes:
        return []
    lines = [
        f"### {name}",
        "",
        f"Folder `{folder}`. AUROC with 95 % intervals over held-out patients.",
        "",
        f"| label | positives | negatives | {' | '.join(f'k = {size}' for size in SIZES)} | whole token |",
        f"| --- | --- | --- |{' --- |' * (len(SIZES) + 1)}",
    ]
    for label, count in report.labels.items():
        values = [_estimate(sae.probes[label][size]) for size in SIZES]
        lines.append(
            f"| {label} | {count.positives} | {count.negatives} | {' | '.join(values)} | {_estimate(count.dense)} |"
        )
    lines.append("")
    if sae.absorption:
        lines += [
            "Absorption: how often the latent that most speaks for the general label is silent on images with that",
            "label: where the narrower label's latent fires on its own label, and elsewhere.",
            "More often there speaks for absorption; one latent for both labels cannot be absorbed.",
            "",
            "| general label (latent) | narrower label (latent) | silent where it fires | silent elsewhere | images |",
            "| --- | --- | --- | --- | --- |",
        ]
    for row in sae.absorption:
        same = row.parent_latent == row.child_latent
        shares = "one latent | one latent" if same else f"{_share(row.where_child_fires)} | {_share(row.elsewhere)}"
        lines.append(
            f"| {row.parent} ({row.parent_latent}) | {row.child} ({row.child_latent}) | {shares} | "
            f"{row.images}, {row.others} |"
        )
    return [*lines, ""]


def _mean(values: Sequence[Estimate]) -> float:
    known = [value.value for value in values if not math.isnan(value.value)]
    return sum(known) / len(known) if known else float("nan")


def _estimate(value: Estimate) -> str:
    return "–" if math.isnan(value.value) else f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.1%}"
