"""RadFact's six measures (Bannur et al. 2024) of a pair of reports, judged by rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine.text.extract import extract_findings
from engine.text.lexicon import Lexicon
from training.evaluation.report_metrics.boxes import Box, share_within
from training.evaluation.report_metrics.judge import Phrase, judge, read_phrase

ENOUGH = 0.5
"""Share of a phrase's boxes that must lie within those of its evidence."""


@dataclass(frozen=True)
class GroundedPhrase:
    """A phrase and its boxes; None where it is not to be shown on the image."""

    phrase: Phrase
    boxes: tuple[Box, ...] | None = None


@dataclass(frozen=True)
class OneWay:
    """Counts of the phrases of one report, judged by the other.

    Attributes
    ----------
    boxed, entailed_boxed, placed : int
        Of them with boxes; of these entailed; of these with boxes that the evidence's cover.
    """

    phrases: int
    entailed: int
    boxed: int = 0
    entailed_boxed: int = 0
    placed: int = 0

    @property
    def logical(self) -> float:
        """Share of the phrases that are entailed; NaN without any."""
        return _share(self.entailed, self.phrases)

    @property
    def grounding(self) -> float:
        """Share of the entailed phrases with boxes whose boxes are right too."""
        return _share(self.placed, self.entailed_boxed)

    @property
    def spatial(self) -> float:
        """Share of all phrases with boxes that are entailed with their boxes."""
        return _share(self.placed, self.boxed)


def phrases_of(text: str, lexicon: Lexicon) -> list[GroundedPhrase]:
    """Divide a report into phrases of one finding each, each once; sentences without a finding are left out.

    RadFact lets a language model do this.
    """
    phrases = {}
    for finding in extract_findings(text, lexicon):
        words = (finding.polarity, finding.severity, finding.laterality, finding.observation, *finding.locations)
        line = " ".join(word for word in words if word != "none") + (", of the region" if finding.by_region else "")
        phrases[line] = GroundedPhrase(Phrase(line, (finding,)))
    return list(phrases.values())


def grounded(text: str, boxes: Sequence[Box] | None, lexicon: Lexicon) -> GroundedPhrase:
    """Make a phrase of a sentence that is divided already."""
    return GroundedPhrase(read_phrase(text, lexicon), tuple(boxes) if boxes else None)


def judge_one_way(phrases: Sequence[GroundedPhrase], report: Sequence[GroundedPhrase], lexicon: Lexicon) -> OneWay:
    """Judge every phrase of one report by another: candidate by reference for precision, the reverse for recall."""
    evidence = [other.phrase for other in report]
    entailed = boxed = entailed_boxed = placed = 0
    for own in phrases:
        verdict = judge(own.phrase, evidence, lexicon)
        borne_out = verdict.status == "entailment"
        entailed += borne_out
        if own.boxes is None:
            continue
        boxed += 1
        if borne_out:
            entailed_boxed += 1
            others = [box for i in verdict.evidence for box in report[i].boxes or ()]
            placed += share_within(own.boxes, others) > ENOUGH
    return OneWay(len(phrases), entailed, boxed, entailed_boxed, placed)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
