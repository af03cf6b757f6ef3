"""What a sentence stands on besides features, and what it was held against, in the viewer's words."""

from __future__ import annotations

from engine.report.conflicts import Conflict, ConflictKind
from engine.report.draft import Sentence
from viewer import vocabulary
from viewer.i18n import decimal, tr


def basis_text(sentence: Sentence) -> str:
    """Say what a denial or a normal image stands on; empty for what is present and for a person's words."""
    bases = {finding.basis for finding in sentence.claims} - {""}
    if "calibrated_absence" in bases:
        return tr("by calibrated absence")
    return tr("features say so") if bases else ""


def conflict_text(conflict: Conflict) -> str:
    """Say what was taken, what lost, and both probabilities."""
    values = {
        "name": vocabulary.observation(conflict.observation),
        "kept": _claim(conflict.kept, conflict.kind),
        "p": decimal(f"{conflict.kept_probability:.2f}"),
        "own": ", ".join(f"#{i}" for i in conflict.kept_features),
        "lost": _claim(conflict.lost, conflict.kind),
        "q": decimal(f"{conflict.lost_probability:.2f}"),
        "ids": ", ".join(f"#{i}" for i in conflict.lost_features),
    }
    if conflict.kept == "undecided":
        return tr("{name}: present {p} ({own}) against {lost} {q} ({ids}); nothing is stated", **values)
    text = tr("{name}: {kept} {p} outweighs {lost} {q} ({ids})", **values)
    return text if conflict.calibrated else text + " " + tr("shared by activation")


def _claim(value: str, kind: ConflictKind) -> str:
    """Word a polarity, a side or a severity."""
    if kind == "polarity":
        return vocabulary.polarity(value)
    return (vocabulary.side(value) if kind == "side" else vocabulary.severity(value)) or tr("none")
