"""Let a pack's draft and four baselines write of the same phantoms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PIL import Image

from engine.text.lexicon import load_lexicon
from training.data.phantom.dataset import PhantomRecord
from training.evaluation.baselines.judged import JudgedReports, judge_reports
from training.evaluation.baselines.published import PublishedLabels, compile_report, label_as_published
from training.evaluation.baselines.simple import nearest_reports, normal_draft
from training.evaluation.baselines.written import WrittenReport, draft_text, written_draft
from training.evaluation.drafters import Answer
from training.labelling.cases import Case
from training.sae.folded import FloatArray, FoldedSae

OURS = "draft of the pack"
PUBLISHED = "SAE-Rad as published"
PROBE = "dense linear probe"
NEAREST = "nearest report"
NORMAL = "always normal"


@dataclass(frozen=True, eq=False)
class Baselines:
    """What the writers were given, and what the judge says of them.

    Attributes
    ----------
    published : PublishedLabels
        Descriptions from top-activating reports.
    neighbours : int
        Training reports that the nearest one was looked for among.
    faults : int
        Faults of the pack's drafts against the features they cite.
    """

    judged: JudgedReports
    published: PublishedLabels
    neighbours: int
    faults: int


def run_baselines(
    sae: FoldedSae,
    answers: Mapping[str, Sequence[Answer]],
    records: Sequence[PhantomRecord],
    *,
    tokens: FloatArray,
    train: FloatArray,
    train_cases: Sequence[Case],
    progress: Callable[[str, float], None],
) -> Baselines:
    """Write with every system and judge what was written.

    Parameters
    ----------
    answers : mapping of str to sequence of Answer
        Of the pack and of the probe, one a phantom, by `OURS` and `PROBE`.
    tokens : ndarray of float32, shape (phantoms, d_model)
        Class tokens of the phantoms.
    train : ndarray of float32, shape (training images, d_model)
    """
    lexicon = load_lexicon()
    progress("descriptions as published", 0.0)
    labels = label_as_published(sae, train, train_cases, lexicon)
    sizes = [_size(record) for record in records]
    written = {
        OURS: [written_draft(a, size, boxed=True) for a, size in zip(answers[OURS], sizes, strict=True)],
        PUBLISHED: [_published(labels, row) for row in sae.encode(tokens)],
        PROBE: [written_draft(a, size, boxed=True) for a, size in zip(answers[PROBE], sizes, strict=True)],
        NEAREST: [WrittenReport(text) for text in nearest_reports(tokens, train, train_cases, "phantom")],
        NORMAL: [WrittenReport(draft_text(normal_draft()))] * len(records),
    }
    return Baselines(
        judged=judge_reports(written, records, lexicon, progress),
        published=labels,
        neighbours=sum(case.source == "phantom" and bool(case.text) for case in train_cases),
        faults=sum(answer.faults for answer in answers[OURS]),
    )


def _published(labels: PublishedLabels, activations: FloatArray) -> WrittenReport:
    active = {int(i): float(activations[i]) for i in activations.nonzero()[0]}
    draft = compile_report(labels, active)
    sentences = list(draft.sentences())
    return WrittenReport(draft_text(draft), None, len(sentences), sum(bool(s.evidence) for s in sentences))


def _size(record: PhantomRecord) -> tuple[int, int]:
    with Image.open(record.image_path) as image:
        return image.height, image.width
