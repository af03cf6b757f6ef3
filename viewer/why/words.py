"""The sentences of the card that says why a sentence stands in the draft."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from engine.inference.analysis import ActiveFeature, Analysis, ObservationProbability
from engine.pack.evidence import FeatureEvidence
from engine.report.draft import Draft, Sentence
from engine.report.findings import Finding
from viewer import vocabulary
from viewer.i18n import decimal, tr

EXPLAINED_REFUSALS = 3
PERCENT = "\N{NO-BREAK SPACE}%"


def finding_text(finding: Finding) -> str:
    """Name a claim: observation, polarity, side, place, severity."""
    parts = (
        vocabulary.polarity(finding.polarity),
        vocabulary.side(finding.laterality),
        vocabulary.location(finding.location),
        vocabulary.severity(finding.severity),
    )
    return f"{vocabulary.observation(finding.observation)}: " + ", ".join(part for part in parts if part)


def probability_text(finding: Finding, row: ObservationProbability | None) -> str:
    """Say how probable an observation is, and from which probability on the draft states or denies it."""
    text = tr("calibrated probability of presence {p}", p=decimal(f"{finding.probability:.2f}"))
    if row is None:
        return text + " · " + tr("this pack has no readout of it")
    limits = tr(
        "stated from {high} on, denied below {low}",
        high=decimal(f"{row.threshold:.2f}"),
        low=decimal(f"{row.absence_threshold:.2f}"),
    )
    return f"{text} · {limits}"


def label_text(feature: ActiveFeature, kept: FeatureEvidence | None) -> str:
    """Say how far a description may be trusted."""
    score = tr("label score {score} (0.5 is chance)", score=decimal(f"{feature.label_score:.2f}"))
    parts = [score, "" if feature.reportable else tr("not for drafts")]
    if kept is not None and kept.rank is not None:
        parts.insert(1, tr("mean rank {rank} of five (3 is chance)", rank=decimal(f"{kept.rank:.1f}")))
    return " · ".join(part for part in parts if part)


def counts_text(sentence: Sentence, analysis: Analysis, muted: Collection[int]) -> str:
    """Say of how many of the active features a sentence stands on how many, and of how many of these a map is shown."""
    behind = [feature.id for feature in analysis.features if feature.id in sentence.evidence]
    if not behind:
        return ""
    parts = [
        tr("{count} of {all} active features", count=len(behind), all=len(analysis.features)),
        tr("{count} with a heat map", count=sum(i in analysis.maps for i in behind)),
    ]
    hidden = sum(i in muted for i in behind)
    return " · ".join([*parts, tr("{count} muted", count=hidden)] if hidden else parts)


def reading_text(feature: ActiveFeature) -> str:
    """Say what the feature is read as."""
    parts = (
        vocabulary.observation(feature.observation) or tr("no observation"),
        vocabulary.polarity(feature.polarity),
        vocabulary.side(feature.laterality),
        vocabulary.location(feature.location),
        vocabulary.severity(feature.severity),
    )
    return ", ".join(part for part in parts if part)


def strength_text(feature: ActiveFeature, kept: FeatureEvidence) -> str:
    """Say how strong it is here, among the images on which it is active, and how many these are."""
    return tr(
        "activation {a}: stronger than on {p} of the images on which it is active ({rate} of the training images)",
        a=decimal(f"{feature.activation:.2f}"),
        p=f"{feature.percentile:.0f}{PERCENT}",
        rate=decimal(f"{100 * kept.record.firing_rate:.2g}") + PERCENT,
    )


def duplicates_text(kept: FeatureEvidence) -> str:
    """Name the features that say the same; empty where it is alone."""
    others = [i for i in kept.duplicates if i != kept.record.id]
    if not others:
        return ""
    return tr("Says the same as: {ids}", ids=", ".join(f"#{i}" for i in others))


def origin_text(sentence: Sentence) -> str:
    """Say whose words a sentence is in."""
    if sentence.origin == "added":
        return tr("Written by the reader: it stands on no feature.")
    if sentence.origin == "edited":
        return tr("Changed by the reader, who answers for it; the program had written: {text}", text=sentence.ai_text)
    if sentence.origin == "rewritten":
        return tr("Reworded by a language model; the rules had written: {text}", text=sentence.rule_text)
    return tr("Written by rules from the features below.")


def rewriting_lines(draft: Draft, sentence: Sentence) -> list[str]:
    """Say what became of the draft's rewriting, and of this sentence's; nothing where none was asked for."""
    done = draft.rewriting
    if done is None:
        return []
    if done.warning:
        return [tr("The draft was not rewritten as asked [{code}]: {why}", code=done.warning, why=done.message)]
    codes = ", ".join(f"{count} {code}" for code, count in done.counts.items())
    lines = [
        tr(
            "Language model {file}: {taken} of {asked} sentences taken, {refused} refused",
            file=done.model.file,
            taken=done.taken,
            asked=done.asked,
            refused=len(done.rejected),
        )
        + (f" ({codes})" if codes else "")
    ]
    own = [refusal for refusal in done.rejected if refusal.key == sentence.key]
    for refusal in own[:EXPLAINED_REFUSALS]:
        values = {"code": refusal.code, "why": refusal.reason, "text": refusal.proposed}
        lines.append(tr("Refused for this sentence [{code}] {why}: “{text}”", **values))
    return lines


def readout_of(rows: Sequence[ObservationProbability], finding: Finding) -> ObservationProbability | None:
    """Return the readout of the observation at all, to which the draft's thresholds belong."""
    return next(
        (r for r in rows if (r.observation, r.laterality, r.location) == (finding.observation, "none", "")), None
    )
