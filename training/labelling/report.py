"""Write the page on a set of labels beside them: Markdown and a figure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from training.evaluation.plots import save_figure
from training.labelling.evidence import LEAST_NEAR
from training.labelling.finished import FinishedLabels
from training.labelling.label import FeatureLabel
from training.labelling.layout import LabelRecipe, ModelRecipe
from training.labelling.quality import LabelQuality, measure_labels
from training.sae.checkpoint import write_text

PAGE, FIGURE = "README.md", "scores.png"
PUBLISHED = {"normal": "22 %", "repeated": "9.7 %", "unpolar": "1.5 %"}
"""Of the list of features published with SAE-Rad."""
KNOWLEDGE = {
    "store": "the labels in the store's index",
    "manifest": "the labels of a manifest",
    "reports": "what rules read in the reports of a manifest",
    "phantoms": "what the drawn phantoms show",
}


def write_page(folder: Path, command: str) -> dict[str, Any]:
    """Write ``README.md`` and, where there are scores, ``scores.png``; returns what a summary says of them.

    Raises
    ------
    SaeRadError
        See :class:`training.labelling.finished.FinishedLabels`.
    """
    found = FinishedLabels(folder)
    quality = measure_labels(found)
    if quality.scores:
        plot_scores(quality.scores, found.recipe.rules["detection"], folder / FIGURE)
    else:
        (folder / FIGURE).unlink(missing_ok=True)
    write_text(folder / PAGE, labels_page(found.recipe, quality, command))
    return {
        **found.counts.model_dump(),
        "page": str(folder / PAGE),
        "share_normal_or_absent": round(quality.share(quality.normal + quality.absent), 6),
        "share_repeated": round(quality.share(quality.repeated), 6),
        "share_without_polarity": round(quality.share(quality.without_polarity), 6),
        "share_repeated_entries": round(quality.repeated_entries / quality.entries, 6) if quality.entries else 0.0,
        "median_rank": round(float(np.median(quality.ranks)), 4) if quality.ranks else None,
        "median_score": round(float(np.median(quality.scores)), 4) if quality.scores else None,
    }


def labels_page(recipe: LabelRecipe, quality: LabelQuality, command: str) -> str:
    """Return the page."""
    q = quality
    lines = [
        f"# Labels of {recipe.sae}",
        "",
        "Written by the command that made or measured them; do not edit by hand:",
        "",
        f"    {command}",
        "",
        f"Described on {recipe.train_images} images by {KNOWLEDGE[recipe.knowledge]}, scored on "
        f"{recipe.held_out_images} images of other patients (autoencoder {recipe.sae_sha256[:16]}…, store "
        f"{recipe.store_sha256[:16]}…).",
        "",
        "| features | |",
        "| --- | --- |",
        f"| of the dictionary | {recipe.features} |",
        f"| that fire on the training images | {q.features} |",
        f"| whose images have a finding in common | {q.described} |",
        f"| that a draft may cite | {q.reportable} |",
        f"| entries, duplicates under one | {q.entries} |",
        "",
        "## Known weaknesses",
        "",
        "Shares of the features that have a finding, beside the list published with SAE-Rad. Repeated: the same words,",
        "in any order, as another feature's, or as another entry's: features that say the same are listed under one",
        "entry.",
        "",
        "| | here | published |",
        "| --- | --- | --- |",
        f"| say clear or normal | {_share(q, q.normal + q.absent)} ({_share(q, q.normal)} normal, "
        f"{_share(q, q.absent)} that something is absent) | {PUBLISHED['normal']} |",
        f"| repeated description, of all features | {_share(q, q.repeated)} | {PUBLISHED['repeated']} |",
        f"| repeated description, of entries | {_part(q.repeated_entries, q.entries)} | – |",
        f"| no polarity | {_share(q, q.without_polarity)} | {PUBLISHED['unpolar']} |",
        f"| no score | {_share(q, q.described - len(q.scores))} | 100 % |",
        "",
        *_words(q, recipe.language_model),
        "## Detection",
        "",
        *_scores(q, recipe),
        "## Ranking",
        "",
        *_ranks(q),
        *_table(f"The {len(q.best)} best", q.best),
        *_table(f"The {len(q.worst)} worst", q.worst),
        *_table(f"{len(q.unscored)} without a score that fire most", q.unscored),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _words(quality: LabelQuality, model: ModelRecipe | None) -> list[str]:
    if model is None:
        return []
    lines = [
        "## Words",
        "",
        f"Worded by {model.name or 'a model without a name'} ({model.file}, SHA-256 {model.sha256[:16]}…, licence: "
        f"{model.licence or 'not stated in the file'}) with the prompt {model.strategy} {model.prompt_version}, "
        "where its words say what the statistics bear out.",
        "",
        "| descriptions | |",
        "| --- | --- |",
        f"| in the words of the model | {quality.worded} |",
    ]
    return [*lines, *(f"| refused, {why} | {count} |" for why, count in quality.refused.items()), ""]


def plot_scores(scores: Sequence[float], threshold: float, path: Path) -> None:
    """Draw how many descriptions have which score."""
    figure, axes = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
    axes.hist(scores, bins=np.linspace(0.0, 1.0, 41).tolist(), color="#0b6e8f")
    axes.axvline(0.5, color="black", linewidth=0.6, linestyle=":", label="chance")
    axes.axvline(threshold, color="#c96f1e", linewidth=1.0, label="a draft may cite a finding from here on")
    axes.set_xlim(min([0.4, *scores]), 1.0)
    axes.set_xlabel("balanced accuracy of the description, held-out images")
    axes.set_ylabel("features")
    axes.legend(fontsize=8, loc="upper left")
    save_figure(figure, path)


def _scores(quality: LabelQuality, recipe: LabelRecipe) -> list[str]:
    lines = [
        "Does the description tell which held-out images fire the feature? Balanced accuracy against silent images,",
        "half of them near misses; 0.5 is chance. A denial is true of most images and so never tells much: whether a",
        "draft may cite it depends on how often it is true where it is said.",
        "",
        f"A score takes {recipe.rules['minimum_scored']:g} held-out images that fire the feature, and more silent ones "
        "than its near",
        f"misses, which are as many as those that fire, at least {LEAST_NEAR}. Only images count of which it is known",
        "whether the description is true.",
        "",
    ]
    if not quality.scores:
        return [
            *lines,
            f"None of the {quality.described} descriptions has a score.",
            "",
        ]
    low, median, high = np.percentile(quality.scores, (25, 50, 75)).tolist()
    share = np.mean(np.array(quality.scores) >= recipe.rules["detection"])
    return [
        *lines,
        f"Median {median:.3f}, quartiles {low:.3f} and {high:.3f}; {share:.0%} of {len(quality.scores)} reach "
        f"{recipe.rules['detection']}.",
        "",
        f"![histogram of the scores]({FIGURE})",
        "",
    ]


def _ranks(quality: LabelQuality) -> list[str]:
    lines = [
        "The description among those of four features with another finding: which of the five tells best, on the same",
        "held-out images, which fire the feature? Mean rank over all choices of the four; 1 is best, 3 chance. A",
        "language model that ranked the labels of other autoencoders gave 1.60 and 1.91 (SAIL, arXiv 2603.23794).",
        "",
    ]
    if not quality.ranks:
        return [*lines, "No description could be ranked.", ""]
    ranks = np.array(quality.ranks)
    return [
        *lines,
        f"Median {np.median(ranks):.2f}, mean {ranks.mean():.2f}; {np.mean(ranks < 1.5):.0%} of {len(ranks)} are "
        "better than 1.5.",
        "",
    ]


def _table(title: str, labels: Sequence[FeatureLabel]) -> list[str]:
    if not labels:
        return []
    lines = [
        f"## {title}",
        "",
        "| feature | description | score | rank | fires on | held-out | odds ratio | true where it fires | q | cited |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for label in labels:
        s = label.statistics
        lines.append(
            f"| {label.id} | {label.description} | {_score(label)} | {_rank(label)} | {s.firing} | "
            f"{s.held_out_firing} | {_odds(s.odds_ratio)} (≥ {_odds(s.bound)}) | ≥ {s.share:.0%} | {s.q_value:.1g} | "
            f"{'yes' if label.reportable else 'no'} |"
        )
    return [*lines, ""]


def _score(label: FeatureLabel) -> str:
    return f"{label.label_score:.3f}" if label.statistics.scored else "–"


def _rank(label: FeatureLabel) -> str:
    return f"{label.statistics.rank:.2f}" if label.statistics.rank else "–"


def _odds(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2g}"


def _share(quality: LabelQuality, count: int) -> str:
    return f"{quality.share(count):.1%}"


def _part(count: int, of: int) -> str:
    return f"{count / of:.1%}" if of else "–"
