"""Take a rewritten sentence only where rules read the same findings in it as in the one that the features bear out."""

from __future__ import annotations

from collections.abc import Collection

from engine.report.draft import Sentence
from engine.report.findings import Finding
from engine.report.rewriting import Rejection
from engine.report.vocabulary import DEVICES, NO_FINDING
from engine.text.extract import extract_findings
from engine.text.faithful import Statement, compare_rewriting
from engine.text.findings import TextFinding
from engine.text.lexicon import Lexicon
from engine.text.sentences import split_sentences


def objection(
    sentence: Sentence, proposed: str, features: Collection[int], others: Collection[str], lexicon: Lexicon
) -> Rejection | None:
    """Return why a rewritten sentence may not be taken; None where it may.

    Parameters
    ----------
    sentence : Sentence
        As the rules made it, with the findings that its features bear out.
    features : collection of int
        What the answer cites.
    others : collection of str
        Texts of the draft's other sentences.
    lexicon : Lexicon
        Of the draft's language.
    """
    if set(features) != set(sentence.evidence):
        return Rejection(sentence.key, proposed, "FEATURES", f"cites {sorted(features)}")
    if wrong := _form(proposed):
        return Rejection(sentence.key, proposed, "FORM", wrong)
    if unread := [finding for finding in sentence.findings if not _read_back(finding, sentence.text, lexicon)]:
        names = ", ".join(finding.observation for finding in unread)
        return Rejection(sentence.key, proposed, "UNREADABLE", f"the original cannot be compared: {names}")
    if fault := _difference(sentence, proposed, lexicon):
        return fault
    if proposed.casefold() in {text.casefold() for text in others}:
        return Rejection(sentence.key, proposed, "DUPLICATE", "the draft has that sentence already")
    return None


def _difference(sentence: Sentence, proposed: str, lexicon: Lexicon) -> Rejection | None:
    found = compare_rewriting(sentence.text, proposed, lexicon)
    if found.added:
        return Rejection(sentence.key, proposed, "ADDED", ", ".join(map(_named, found.added)))
    if found.lost:
        return Rejection(sentence.key, proposed, "LOST", ", ".join(map(_named, found.lost)))
    if found.strange:
        return Rejection(sentence.key, proposed, "WORDS", ", ".join(found.strange))
    return None


def _form(text: str) -> str:
    if len(split_sentences(text)) != 1 or not text.endswith(".") or not text[0].isupper():
        return "it is not one sentence"
    return "" if text.isprintable() else "it has characters that cannot be shown"


def _read_back(finding: Finding, text: str, lexicon: Lexicon) -> bool:
    """Whether the rules find a finding in a text: its observation, polarity and side."""
    return any(_same(finding, read) for read in extract_findings(text, lexicon))


def _same(finding: Finding, read: TextFinding) -> bool:
    if finding.observation == NO_FINDING:
        return read.observation == NO_FINDING and read.polarity == "present"
    polarity = "present" if finding.polarity == "present" else "absent"
    # The impression calls a pneumonia possible.
    polarities = (polarity, "uncertain") if polarity == "present" else (polarity,)
    same = read.observation == finding.observation and read.polarity in polarities
    device = finding.observation != DEVICES or finding.location in ("", *read.locations)
    return same and device and read.laterality == finding.laterality


def _named(statement: Statement) -> str:
    observation, polarity, laterality, severity, places = statement
    details = [value for value in (polarity, laterality, severity, *places) if value not in ("none", "present")]
    return " ".join((observation, *details))
