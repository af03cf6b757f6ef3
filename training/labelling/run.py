"""From a trained autoencoder and what is known of images to a folder of labels, whoever does the work."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

from engine.cluster.crew import Crew
from engine.resources import resource_path
from training.activations.shard import file_sha256
from training.labelling.choose import Rules
from training.labelling.chunk import ChunkTask, chunk_features, chunk_jobs, label_chunk
from training.labelling.describe import Wording
from training.labelling.finish import citable, corrected, corrections, readouts
from training.labelling.images import LabelImages
from training.labelling.judge import Judge, ScoreRules
from training.labelling.layout import Finished, LabelRecipe
from training.labelling.wording.journal import Said, WordJournal
from training.labelling.wording.wordsmith import Wordsmith, worded
from training.labelling.writer import LabelWriter
from training.sae.folded import FoldedSae

WORDING = resource_path("labelling") / "en.toml"


@dataclass(frozen=True)
class LabelOptions:
    """How to label.

    Attributes
    ----------
    rules : Rules
    scoring : ScoreRules
    most_false : float
        Largest q-value with which a draft may cite a description: the share of these that may be there by chance.
    seed : int
    chunk : int, optional
        Features a chunk; None takes what fits into memory.
    """

    rules: Rules = field(default_factory=Rules)
    scoring: ScoreRules = field(default_factory=ScoreRules)
    most_false: float = 0.05
    seed: int = 0
    chunk: int | None = None


@dataclass(frozen=True)
class LabelResult:
    """What a run did.

    Attributes
    ----------
    finished : Finished or None
        None when the run was stopped before all features were labelled.
    features_done, features_new : int
        Features looked at, alive or not, and those of them that this run looked at.
    seconds : float
        Of this run's work.
    redone : tuple of str
        Damaged chunks that were made again.
    """

    finished: Finished | None
    features_done: int
    features_new: int
    seconds: float
    redone: tuple[str, ...]


class Progress(Protocol):
    """Who is told how far a labelling is."""

    def begin(self, done: int) -> None:
        """Take note of the features that former runs have done."""

    def step(self, count: int) -> None:
        """Take note of more features."""


class Silent:
    """Takes note of nothing."""

    def begin(self, done: int) -> None:
        """Do nothing."""

    def step(self, count: int) -> None:
        """Do nothing."""


def label_dictionary(
    name: str,
    sae: FoldedSae,
    images: LabelImages,
    out: Path,
    options: LabelOptions,
    *,
    crew: Crew,
    progress: Progress,
    stop: Callable[[], bool],
    wordsmith: Wordsmith | None = None,
) -> LabelResult:
    """Label every feature that fires on the training images into a folder, or go on with the labels that lie there.

    Chunks of features are labelled by the crew, each once, and written as they come; what needs all of them is done
    here at the end. The result depends neither on who did which chunk nor on when it was stopped.

    Parameters
    ----------
    name : str
        Of the autoencoder.
    stop : callable
        Asked behind every chunk and before every feature that is worded; True ends the run.
    wordsmith : Wordsmith, optional
        Words what has a finding, in this process; templates do where there is none.

    Raises
    ------
    SaeRadError
        See `training.labelling.writer.LabelWriter` and `training.labelling.wording.wordsmith.Wordsmith.word_all`.
    """
    recipe = LabelRecipe(
        sae=name,
        sae_sha256=sae.sha256,
        features=sae.n_features,
        store_sha256=images.store_sha256,
        knowledge=images.kind,
        cases_sha256=images.cases_sha256,
        train_images=len(images.train),
        held_out_images=len(images.held_out),
        rules={**asdict(options.rules), **asdict(options.scoring), "most_false": options.most_false},
        wording_sha256=file_sha256(WORDING),
        seed=options.seed,
        chunk=options.chunk or chunk_features(images.count),
        language_model=wordsmith.recipe if wordsmith is not None else None,
    )
    with LabelWriter(out, recipe) as writer:
        before, start = writer.features_done, time.monotonic()
        progress.begin(before)
        if missing := writer.missing:
            task = chunk_task(images, options)
            for chunk in crew.map(label_chunk, task, chunk_jobs(sae, missing, recipe.chunk)):
                done = writer.features_done
                writer.add(chunk)
                progress.step(writer.features_done - done)
                if stop():
                    break
        if writer.finished is None and not writer.missing:
            said: Said | None = {}
            if wordsmith is not None:
                with WordJournal(writer.journal, recipe.sha256) as journal:
                    said = wordsmith.word_all(writer.chunks, images, journal, stop)
            if said is not None:
                _finish(writer, sae, images, options, said)
        after = writer.features_done
        return LabelResult(writer.finished, after, after - before, time.monotonic() - start, writer.redone)


def _finish(writer: LabelWriter, sae: FoldedSae, images: LabelImages, options: LabelOptions, said: Said) -> None:
    """Do what needs all features. A language model's words are put in last: nothing depends on them."""
    found = corrections(writer.chunks, sae, len(images.train), images.held_out_cases)
    good = [x.record() for x in corrected(writer.chunks, found, options.most_false) if x.reportable]
    fitted = readouts(good, sae, images)
    labels = citable(corrected(writer.chunks, found, options.most_false), fitted.readouts)
    writer.finish(writer.write_labels(worded(labels, said)), fitted)


def chunk_task(images: LabelImages, options: LabelOptions) -> ChunkTask:
    """Return what the jobs of a labelling need."""
    judge = Judge(
        images.train_cases,
        images.held_out_cases,
        wording=Wording(WORDING),
        rules=options.rules,
        scoring=options.scoring,
    )
    return ChunkTask(images, judge, options.seed)
