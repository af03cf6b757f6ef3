"""The part of an evaluation's page that sets the pack's draft beside the baselines."""

from __future__ import annotations

import math
from collections.abc import Sequence

from training.evaluation.baselines.judged import NAMES, REFERENCE, TRUTH, JudgedSystem, Name
from training.evaluation.baselines.published import TOP
from training.evaluation.baselines.run import OURS, PUBLISHED, Baselines
from training.evaluation.bootstrap import Interval
from training.evaluation.matching import Counts
from training.evaluation.report_metrics.measure import RADFACT, RESAMPLES

FINDINGS: dict[str, Name] = {
    "precision": (TRUTH, "finding precision"),
    "recall": (TRUTH, "finding recall"),
    "F1": (TRUTH, "finding F1"),
    "macro F1": (TRUTH, "finding macro F1"),
    "F1, side": (TRUTH, "with side F1"),
    "F1, side and place": ("Findings", "with side and place F1"),
}
LABELS: dict[str, Name] = {
    f"{size}, {kind} {part}": (f"CheXpert labels, {size}", f"{kind} {part}")
    for size in (14, 5)
    for kind in ("micro", "macro")
    for part in (("precision", "recall", "F1") if kind == "micro" else ("F1",))
}
JUDGE: dict[str, Name] = {
    f"{kind} {part}": (RADFACT, f"{kind} {part}")
    for kind in ("logical", "grounding", "spatial")
    for part in (("precision", "recall", "F1") if kind == "logical" else ("precision", "recall"))
}
WORDS: dict[str, Name] = {
    name: ("Words", name) for name in ("BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L", "METEOR")
}


def baselines_page(found: Baselines, figures: str) -> list[str]:
    """Return the lines of the section."""
    judged = found.judged
    return [
        "## The draft beside four baselines",
        "",
        *_how(found),
        f"In brackets 95 % intervals over {RESAMPLES} resamples of the {judged.groups} patients behind the "
        f"{judged.reports} phantoms, the same for all systems.",
        "",
        "### Findings against what was drawn",
        "",
        "What a text states, read by rules, against what is in the phantom, as above; by place against the phantom's",
        "own report. The last row is what the judge makes of the phantoms' own reports, some of which leave out sides.",
        "",
        *_table(judged.systems | {REFERENCE: judged.readback}, FINDINGS),
        "",
        f"![systems]({figures}/reports-systems.png)",
        "",
        *_by_finding(judged.systems),
        "",
        f"![findings]({figures}/reports-findings.png)",
        "",
        "### CheXpert labels of the texts",
        "",
        "Labels of the draft against those of the phantom's own report; macro over all 14 or 5 names, one that no",
        "phantom has counting 0, as is customary: a system without any fault reaches less than 1.",
        "",
        *_table(judged.systems, LABELS),
        "",
        "### RadFact, judged by rules",
        "",
        "Phrases of the draft that the phantom's report entails, and the reverse; with boxes from the phantoms' masks",
        "on one side, and on the other from what heat maps mark above half of their peak. A dash: the system has no",
        "boxes. The draft denies only what active features deny, few of the many things that a report denies; logical",
        "recall counts that as missing.",
        "",
        f"On sentences that people labelled, {judged.agreement}. How well findings are read from real reports (Open-I, "
        "beside the codes that people gave them) is in docs/report-evaluation.md.",
        "",
        *_table(judged.systems, JUDGE),
        "",
        "### Words",
        "",
        "The draft has its own house style; the nearest report is in the very words of the references.",
        "",
        *_table(judged.systems, WORDS),
        "",
        f"### The draft less {PUBLISHED}",
        "",
        "Paired: both are measured on every resample, and the interval is that of the difference.",
        "",
        *_differences(judged.systems),
        "",
        "### Evidence",
        "",
        *_evidence(found),
        "",
    ]


def baselines_lines(found: Baselines) -> str:
    """Return the main measures for a terminal."""
    systems = found.judged.systems
    shown = [FINDINGS["F1"], LABELS["14, micro F1"], JUDGE["logical F1"]]
    lines = [f"reports of {found.judged.reports} phantoms; {found.judged.agreement}"]
    for title, system in systems.items():
        lines.append(f"{title}: " + ", ".join(f"{name[1]} {system.values[name].interval()}" for name in shown))
    lead = systems[OURS].values[FINDINGS["F1"]].less(systems[PUBLISHED].values[FINDINGS["F1"]])
    return "\n".join([*lines, f"finding F1 of the draft less that of {PUBLISHED}: {_signed(lead)}"])


def _how(found: Baselines) -> list[str]:
    labels = found.published
    return [
        "Each system writes a report of the same held-out phantoms, and one judge reads all of them.",
        "",
        f"- **{OURS}**: the engine, as it is (read, analyse, compose).",
        f"- **{PUBLISHED}**: the same encoder and autoencoder, every feature described by the reports of the {TOP} "
        "training images that fire it most (of different patients), without images that do not fire it, without a "
        "threshold and without a score; the report is the compilation of all active features' descriptions. A language "
        "model's place is taken by rules, as in the pack's own descriptions: what most of the reports, weighted by "
        "activation, state, with one side, place and severity; failing that a normal chest, or what most deny. "
        f"{len(labels.attributes)} of {labels.alive} features that fire have such a description. In its "
        "favour: one finding a feature, none that merely travels along; the pack's own composer, so that sides are "
        "joined and what is implied is not repeated; and where descriptions contradict each other the greater "
        "activation is believed.",
        "- **dense linear probe**: one calibrated logistic regression a finding, side and device on the class token, "
        "thresholds chosen as the pack's are, worded by the same composer; boxes from the maps of its directions. It "
        "knows neither places nor severities.",
        f"- **nearest report**: the report of the training phantom, of {found.neighbours}, whose class token has the "
        "largest cosine.",
        "- **always normal**: the composer's sentences for a chest without a finding.",
        "",
    ]


def _table(systems: dict[str, JudgedSystem], measures: dict[str, Name]) -> list[str]:
    lines = [f"| system | {' | '.join(measures)} |", f"| --- |{' --- |' * len(measures)}"]
    for title, system in systems.items():
        lines.append(f"| {title} | {' | '.join(_cell(system, name) for name in measures.values())} |")
    return lines


def _cell(system: JudgedSystem, name: Name) -> str:
    return str(system.values[name].interval()) if name in system.values else "–"


def _by_finding(systems: dict[str, JudgedSystem]) -> list[str]:
    lines = [f"| F1 by finding | {' | '.join(systems)} |", f"| --- |{' --- |' * len(systems)}"]
    for name in NAMES:
        counts = [system.by_name.get(name, Counts()) for system in systems.values()]
        lines.append(f"| {name} | {' | '.join(_number(c.f1) for c in counts)} |")
    return lines


def _differences(systems: dict[str, JudgedSystem]) -> list[str]:
    lines = ["| measure | difference |", "| --- | --- |"]
    for family, name in _shared(systems[OURS], systems[PUBLISHED]):
        found = systems[OURS].values[family, name].less(systems[PUBLISHED].values[family, name])
        lines.append(f"| {family}: {name} | {_signed(found)} |")
    return lines


def _shared(first: JudgedSystem, second: JudgedSystem) -> Sequence[Name]:
    return [name for name in first.values if name in second.values]


def _evidence(found: Baselines) -> list[str]:
    lines = ["| system | sentences | that name the features they stand on |", "| --- | --- | --- |"]
    for title in (OURS, PUBLISHED):
        system = found.judged.systems[title]
        share = system.cited / system.sentences if system.sentences else float("nan")
        lines.append(f"| {title} | {system.sentences} | {'–' if math.isnan(share) else f'{share:.1%}'} |")
    return [
        *lines,
        "",
        f"The draft's sentences, checked against the features they cite (`engine.report.grounding`): {found.faults} "
        "faults. The other systems have no features to name.",
    ]


def _signed(found: Interval) -> str:
    return "–" if math.isnan(found.value) else f"{found.value:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def _number(value: float) -> str:
    return "–" if math.isnan(value) else f"{value:.3f}"


def baselines_json(found: Baselines) -> dict[str, object]:
    """Return the same for machines; null where there is nothing to measure."""
    systems = found.judged.systems
    agreement = found.judged.agreement
    ours, published = systems[OURS], systems[PUBLISHED]
    return {
        "reports": found.judged.reports,
        "groups": found.judged.groups,
        "resamples": RESAMPLES,
        "judge_agreement": {"sentences": agreement.sentences, "entailed": agreement.entailed, "kappa": agreement.kappa},
        "systems": {title: _system(system) for title, system in (systems | {REFERENCE: found.judged.readback}).items()},
        "difference": {
            f"{family}: {name}": _plain(ours.values[family, name].less(published.values[family, name]))
            for family, name in _shared(ours, published)
        },
        "sentences": ours.sentences,
        "sentences_with_evidence": ours.cited,
        "faults": found.faults,
        "published_features_described": len(found.published.attributes),
        "published_features_alive": found.published.alive,
    }


def _system(system: JudgedSystem) -> dict[str, object]:
    by_name = {name: None if math.isnan(counts.f1) else counts.f1 for name, counts in sorted(system.by_name.items())}
    return {
        "measures": {f"{family}: {name}": _plain(v.interval()) for (family, name), v in system.values.items()},
        "f1_by_finding": by_name,
    }


def _plain(found: Interval) -> dict[str, float | None]:
    values = {"value": found.value, "low": found.low, "high": found.high}
    return {name: None if math.isnan(value) else round(value, 6) for name, value in values.items()}
