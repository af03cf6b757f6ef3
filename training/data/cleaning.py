"""Clean a report: marks made uniform, and statements that no single image can support set apart, not lost."""

from __future__ import annotations

from dataclasses import dataclass

from engine.text.comparison import is_comparison
from engine.text.sections import Sections, extract_sections
from engine.text.sentences import split_sentences
from training.data.marks import unify_marks
from training.data.remainder import supportable_remainder


@dataclass(frozen=True)
class JudgedSentence:
    """A sentence and what of it one image can support.

    Attributes
    ----------
    sentence : str
        As it was written, single spaces between its words.
    supported : str
        The sentence itself; its remainder without the comparison; or "" where nothing of it can be supported.
    """

    sentence: str
    supported: str

    @property
    def separated(self) -> bool:
        """Whether the sentence is set apart."""
        return self.supported != self.sentence


@dataclass(frozen=True)
class CleanReport:
    """The four sections of a report, cleaned.

    Attributes
    ----------
    findings, impression : str
        Supported sentences, separated by single spaces.
    indication, comparison : str
        As written, with uniform marks: they tell of the request and of other images, and claim nothing of this one.
    unsupported : tuple of str
        Sentences set apart, each after its section: "findings: The effusion has increased."
    marks : int
        How many de-identification marks the four sections held.
    """

    findings: str = ""
    impression: str = ""
    indication: str = ""
    comparison: str = ""
    unsupported: tuple[str, ...] = ()
    marks: int = 0


def clean_report(text: str) -> CleanReport:
    """Find the sections of a free-text report and clean them."""
    return clean_sections(extract_sections(text))


def clean_sections(sections: Sections) -> CleanReport:
    """Clean sections that are known already."""
    marks = 0
    texts: dict[str, str] = {}
    unsupported: list[str] = []
    for name in ("findings", "impression", "indication", "comparison"):
        text, count = unify_marks(getattr(sections, name))
        marks += count
        if name in ("findings", "impression"):
            judged = judge_sentences(text)
            unsupported += [f"{name}: {j.sentence}" for j in judged if j.separated]
            texts[name] = " ".join(j.supported for j in judged if j.supported)
        else:
            texts[name] = " ".join(text.split())
    return CleanReport(**texts, unsupported=tuple(unsupported), marks=marks)


def judge_sentences(text: str) -> list[JudgedSentence]:
    """Split a section into sentences and judge each, in order; every sentence is in the list once."""
    return [_judge(sentence) for sentence in split_sentences(text)]


def _judge(sentence: str) -> JudgedSentence:
    if not is_comparison(sentence):
        return JudgedSentence(sentence, sentence)
    return JudgedSentence(sentence, supportable_remainder(sentence))
