"""How far the rule judge agrees with people who labelled the same sentences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from engine.errors import UsageError
from engine.resources import resource_path
from engine.text.lexicon import Lexicon
from training.evaluation.report_metrics.judge import Status, judge, read_phrase

SHIPPED = ("evaluation", "entailment.json")
STATUSES: tuple[Status, ...] = ("entailment", "neutral", "contradiction")


class LabelledPhrase(BaseModel):
    """A sentence and what people say the other report says of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    phrase: str
    status: Status


class LabelledPair(BaseModel):
    """The sentences of two reports, each labelled by the other report."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    a: tuple[LabelledPhrase, ...]
    b: tuple[LabelledPhrase, ...]


@dataclass(frozen=True)
class JudgeAgreement:
    """The judge's verdicts beside people's.

    Attributes
    ----------
    counts : dict of (str, str) to int
        Number of sentences by people's label and the judge's verdict.
    """

    counts: dict[tuple[Status, Status], int]

    @property
    def sentences(self) -> int:
        """Number of sentences."""
        return sum(self.counts.values())

    @property
    def three_way(self) -> float:
        """Share of the sentences of which people and judge say the same."""
        return sum(self.counts[status, status] for status in STATUSES) / self.sentences

    @property
    def entailed(self) -> float:
        """Share on which they agree whether it is entailed: all that the scores depend on."""
        return sum(n for (human, own), n in self.counts.items() if _same_side(human, own)) / self.sentences

    @property
    def kappa(self) -> float:
        """Cohen's kappa of entailed or not."""
        human = sum(n for (label, _), n in self.counts.items() if label == "entailment") / self.sentences
        own = sum(n for (_, verdict), n in self.counts.items() if verdict == "entailment") / self.sentences
        chance = human * own + (1 - human) * (1 - own)
        return (self.entailed - chance) / (1 - chance) if chance < 1 else 1.0

    def __str__(self) -> str:
        return (
            f"the rule judge agrees with human labels on {self.entailed:.0%} of {self.sentences} sentences "
            f"(entailed or not; kappa {self.kappa:.2f}), on {self.three_way:.0%} with contradiction and neutral apart"
        )


def measure_agreement(pairs: Sequence[LabelledPair], lexicon: Lexicon) -> JudgeAgreement:
    """Judge every labelled sentence by the other report."""
    counts = {(human, own): 0 for human in STATUSES for own in STATUSES}
    for pair in pairs:
        for side, other in ((pair.a, pair.b), (pair.b, pair.a)):
            report = [read_phrase(item.phrase, lexicon) for item in other]
            for item in side:
                verdict = judge(read_phrase(item.phrase, lexicon), report, lexicon)
                counts[item.status, verdict.status] += 1
    return JudgeAgreement(counts)


def read_pairs(path: Path | None = None) -> tuple[LabelledPair, ...]:
    """Return labelled pairs of a file; without one RadFact's examples, which ship with the program.

    Raises
    ------
    UsageError
        ``JUDGE_PAIRS`` if the file cannot be read, or holds no pair.
    """
    path = path or resource_path(*SHIPPED)
    try:
        pairs = TypeAdapter(tuple[LabelledPair, ...]).validate_json(path.read_bytes())
        if not any(pair.a or pair.b for pair in pairs):
            raise ValueError("it holds no labelled sentence")
    except (OSError, ValueError, ValidationError) as error:
        raise UsageError(
            "JUDGE_PAIRS", f"the labelled sentences {path.name} cannot be used ({error})", "check the file"
        ) from error
    return pairs


def _same_side(human: Status, own: Status) -> bool:
    return (human == "entailment") == (own == "entailment")
