"""Ask a language model to word one label after another, and fall back on the templates wherever it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from engine.errors import SaeRadError, WorkerError
from engine.language.facts import SEED, Answer, Setup
from engine.language.local_model import ANSWER_LIMIT_S, LocalModel
from engine.text.lexicon import load_lexicon
from training.activations.shard import file_sha256
from training.labelling.finish import Chunks
from training.labelling.images import LabelImages
from training.labelling.label import FeatureLabel, Words
from training.labelling.layout import ModelRecipe
from training.labelling.wording.answer import MOST_TOKENS, WordedAnswer, answer_schema
from training.labelling.wording.check import CHECK_VERSION, objection
from training.labelling.wording.evidence import EvidenceSource, FeatureEvidence
from training.labelling.wording.journal import Said, WordJournal
from training.labelling.wording.progress import WordingProgress
from training.labelling.wording.prompt import Strategy, load_prompt

PATIENCE = 5
"""Features in a row without an answer after which the model is given up."""


@dataclass(frozen=True)
class ModelChoice:
    """Which model words the labels, and how.

    Attributes
    ----------
    path : Path
        A GGUF file.
    strategy : {"plain", "domain", "findings"}
    context : int
        Tokens.
    threads : int or None
    gpu_layers : int
        -1 for all.
    answer_limit_s : float
        Wall-clock limit of an answer.
    """

    path: Path
    strategy: Strategy = "findings"
    context: int = 4096
    threads: int | None = None
    gpu_layers: int = -1
    answer_limit_s: float = ANSWER_LIMIT_S


class Wordsmith:
    """A loaded model with its prompt.

    Parameters
    ----------
    choice : ModelChoice
    progress : WordingProgress

    Attributes
    ----------
    recipe : ModelRecipe

    Raises
    ------
    SaeRadError
        See :class:`engine.language.local_model.LocalModel`; ``LABEL_PROMPT``.
    """

    def __init__(self, choice: ModelChoice, progress: WordingProgress) -> None:
        self._prompt, prompt_sha256 = load_prompt(choice.strategy)
        self._lexicon = load_lexicon()
        self._progress = progress
        setup = Setup(
            str(choice.path), self._prompt.instructions.strip(), choice.context, choice.threads, choice.gpu_layers
        )
        self._model = LocalModel(setup, answer_limit_s=choice.answer_limit_s)
        facts = self._model.facts
        self.recipe = ModelRecipe(
            file=choice.path.name,
            sha256=file_sha256(choice.path),
            name=facts.name,
            licence=facts.licence,
            architecture=facts.architecture,
            library=f"llama-cpp-python {facts.library}",
            strategy=choice.strategy,
            prompt_version=self._prompt.version,
            prompt_sha256=prompt_sha256,
            check_version=CHECK_VERSION,
            lexicon_version=self._lexicon.version,
            context=choice.context,
            seed=SEED,
        )

    def close(self) -> None:
        """End the model's process."""
        self._model.close()

    def word_all(
        self, chunks: Chunks, images: LabelImages, journal: WordJournal, stop: Callable[[], bool]
    ) -> Said | None:
        """Word every label with a finding that the journal does not have; returns them all, None when it was stopped.

        Raises
        ------
        WorkerError
            ``LANGUAGE_GIVEN_UP`` when the model fails for several features in a row; what is done is kept.
        """
        asked = [label.id for chunk in chunks() for label in chunk.labels if label.observation]
        self._progress.begin(sum(ident in journal.said for ident in asked), len(asked))
        source, failures = EvidenceSource(images), 0
        for chunk in chunks():
            for label, fires in zip(chunk.labels, chunk.fires, strict=True):
                if not label.observation or label.id in journal.said:
                    continue
                if stop():
                    return None
                description, words, answer = self._word(source.of(label, fires))
                journal.add(label.id, description, words)
                self._progress.step(answer)
                failures = 0 if answer is not None else failures + 1
                if failures == PATIENCE:
                    raise WorkerError(
                        "LANGUAGE_GIVEN_UP",
                        f"the language model failed for {PATIENCE} features in a row, at last so: {words.refused}",
                        "see that there is enough memory; the same command goes on behind them",
                    )
        return journal.said

    def _word(self, evidence: FeatureEvidence) -> tuple[str, Words, Answer | None]:
        """Return a description, whose words it is in, and the answer, if there was one."""
        label = evidence.label
        try:
            answer = self._model.ask(self._prompt.question(evidence), answer_schema(label.observation), MOST_TOKENS)
        except SaeRadError as error:
            return label.description, Words(refused=f"no answer: {error.code}, {error.message}"), None
        proposed, why = self._judged(answer, label)
        if why:
            return label.description, Words(proposed=proposed, refused=why), answer
        return proposed, Words(by="model", template=label.description), answer

    def _judged(self, answer: Answer, label: FeatureLabel) -> tuple[str, str]:
        """Return the proposed description and why it is refused; empty where it is not."""
        try:
            found = WordedAnswer.model_validate_json(answer.text)
        except ValidationError:
            return "", "the answer is cut off" if not answer.complete else "the answer has another form than asked for"
        return found.description, objection(found, label, self._lexicon)


def worded(labels: Iterable[FeatureLabel], said: Said) -> Iterator[FeatureLabel]:
    """Yield the labels in the words that were found for them."""
    for label in labels:
        if label.id in said:
            description, words = said[label.id]
            yield label.model_copy(update={"description": description, "words": words})
        else:
            yield label
