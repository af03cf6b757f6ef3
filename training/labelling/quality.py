"""What is measured of a set of labels: the known weaknesses of published ones, and their scores."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from training.labelling.label import FeatureLabel
from training.labelling.merge import same_words

UNPOLAR = re.compile(r"(presence|present) ?(or|and|/) ?(absence|absent)|with or without|may or may not", re.IGNORECASE)
"""A statement that says neither that something is there nor that it is not."""
SHOWN = 20


@dataclass(frozen=True, eq=False)
class LabelQuality:
    """Counts over features that fire on training images.

    Attributes
    ----------
    features, described, reportable : int
        All; those with a finding; those that a draft may cite.
    normal, absent : int
        Descriptions that say normal, or that something is absent.
    repeated : int
        Descriptions that another feature has already, whatever the order of their words.
    entries, repeated_entries : int
        Groups of duplicates among the described, and descriptions that another group has already.
    without_polarity : int
        Descriptions from which nobody can tell whether the finding is there.
    worded : int
        Descriptions in the words of a language model.
    refused : dict of str to int
        Why others are not, as far as it was asked for them, and how many.
    scores : tuple of float
        Detection scores of the described features that could be scored.
    ranks : tuple of float
        Their mean ranks among five, of those that could be ranked.
    best, worst : tuple of FeatureLabel
        Of these by score, at most `SHOWN` each.
    unscored : tuple of FeatureLabel
        Of the described ones without a score those that fire on most training images, at most `SHOWN`.
    """

    features: int
    described: int
    reportable: int
    normal: int
    absent: int
    repeated: int
    entries: int
    repeated_entries: int
    without_polarity: int
    worded: int
    refused: dict[str, int]
    scores: tuple[float, ...]
    ranks: tuple[float, ...]
    best: tuple[FeatureLabel, ...]
    worst: tuple[FeatureLabel, ...]
    unscored: tuple[FeatureLabel, ...]

    def share(self, count: int) -> float:
        """Return a count as a share of the described features."""
        return count / self.described if self.described else 0.0


def measure_labels(labels: Iterable[FeatureLabel]) -> LabelQuality:
    """Measure labels, which are read twice and never held all at once."""
    features = described = reportable = normal = absent = without_polarity = worded = 0
    refused: Counter[str] = Counter()
    words: set[tuple[str, ...]] = set()
    groups: dict[int, tuple[str, ...]] = {}
    ranking: list[tuple[float, int, int]] = []
    ranks: list[float] = []
    others: list[tuple[int, int]] = []
    for label in labels:
        features += 1
        reportable += label.reportable
        if not label.observation:
            continue
        described += 1
        normal += label.polarity == "normal"
        absent += label.polarity == "absent"
        without_polarity += UNPOLAR.search(label.description) is not None
        worded += label.words.by == "model"
        if label.words.refused:
            refused[label.words.refused.partition(":")[0]] += 1
        words.add(same_words(label.description))
        groups.setdefault(label.duplicate_group, same_words(label.description))
        if label.statistics.rank:
            ranks.append(label.statistics.rank)
        if label.statistics.scored:
            ranking.append((-label.label_score, -label.statistics.held_out_firing, label.id))
        else:
            others.append((-label.statistics.firing, label.id))
    ranking.sort()
    best, worst = ([ident for *_, ident in part] for part in (ranking[:SHOWN], ranking[: -SHOWN - 1 : -1]))
    unscored = [ident for _, ident in sorted(others)[:SHOWN]]
    wanted = {*best, *worst, *unscored}
    shown = {label.id: label for label in labels if label.id in wanted}
    return LabelQuality(
        features=features,
        described=described,
        reportable=reportable,
        normal=normal,
        absent=absent,
        repeated=described - len(words),
        entries=len(groups),
        repeated_entries=len(groups) - len(set(groups.values())),
        without_polarity=without_polarity,
        worded=worded,
        refused=dict(refused.most_common()),
        scores=tuple(-score for score, *_ in ranking),
        ranks=tuple(ranks),
        best=tuple(shown[ident] for ident in best),
        worst=tuple(shown[ident] for ident in worst),
        unscored=tuple(shown[ident] for ident in unscored),
    )
