"""Write labels chunk by chunk, so that a kill at any moment loses no more than the chunks in work."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.errors import UsageError
from engine.export.atomic import atomic_path
from training.activations.lock import FolderLock
from training.activations.shard import file_sha256
from training.labelling.label import ChunkLabels, FeatureLabel
from training.labelling.layout import (
    CHUNKS_NAME,
    JOURNAL_NAME,
    LABELS_FILE,
    LABELS_NAME,
    READOUTS_NAME,
    Finished,
    LabelRecipe,
    LabelsFile,
    check_finished,
    read_labels_file,
    write_model,
)


class _ChunkFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    recipe_sha256: str
    chunk: ChunkLabels


class LabelWriter:
    """Labels being made, or gone on with; one process at a time has their folder.

    Parameters
    ----------
    folder : Path
        Made if needed. Finished chunks of the same recipe are kept; what is no such chunk is made again.
    recipe : LabelRecipe

    Attributes
    ----------
    finished : Finished or None
        What finished labels are.
    redone : tuple of str
        Files of chunks that will be made again.

    Raises
    ------
    UsageError
        ``LABEL_OTHER`` when the folder holds labels made otherwise, or other files.
    SaeRadError
        ``STORE_BUSY`` when another process writes it, ``LABEL_DAMAGED`` when its description or its finished files are
        not as they were written.
    """

    def __init__(self, folder: Path, recipe: LabelRecipe) -> None:
        self._folder, self._recipe = folder, recipe
        self._lock = FolderLock(folder)
        try:
            self.finished = self._begin()
            self._done, self.redone = (set[int](), ()) if self.finished else self._sound()
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> LabelWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    @property
    def journal(self) -> Path:
        """Where the words of a language model are kept until the labels are finished."""
        return self._folder / JOURNAL_NAME

    @property
    def missing(self) -> list[int]:
        """Numbers of the chunks that are still to be made."""
        if self.finished is not None:
            return []
        return [number for number in range(self._recipe.chunks) if number not in self._done]

    @property
    def features_done(self) -> int:
        """Features of the dictionary that are looked at, alive or not."""
        todo = len(self.missing) * self._recipe.chunk
        if self._recipe.chunks - 1 in self.missing:
            todo -= self._recipe.chunks * self._recipe.chunk - self._recipe.features
        return self._recipe.features - todo

    def add(self, chunk: ChunkLabels) -> None:
        """Write a chunk."""
        write_model(self._path(chunk.number), _ChunkFile(recipe_sha256=self._recipe.sha256, chunk=chunk))
        self._done.add(chunk.number)

    def chunks(self) -> Iterator[ChunkLabels]:
        """Read the chunks in order, each when it is asked for."""
        for number in range(self._recipe.chunks):
            yield self._read(self._path(number))

    def write_labels(self, labels: Iterable[FeatureLabel]) -> dict[str, int]:
        """Write ``labels.jsonl``; returns what `Finished` counts."""
        alive = described = reportable = worded = refused = 0
        groups = set()
        with atomic_path(self._folder / LABELS_NAME) as path, path.open("w", encoding="utf-8", newline="\n") as file:
            for label in labels:
                file.write(label.model_dump_json() + "\n")
                alive += 1
                if label.observation:
                    described += 1
                    groups.add(label.duplicate_group)
                reportable += label.reportable
                worded += label.words.by == "model"
                refused += bool(label.words.refused)
        return {
            "alive": alive,
            "described": described,
            "reportable": reportable,
            "entries": len(groups),
            "worded": worded,
            "refused": refused,
        }

    def finish(self, counts: dict[str, int], readouts: BaseModel) -> None:
        """Write the readouts and call the labels finished; what was kept to go on with goes."""
        write_model(self._folder / READOUTS_NAME, readouts)
        self.finished = Finished(
            **counts,
            labels_sha256=file_sha256(self._folder / LABELS_NAME),
            readouts_sha256=file_sha256(self._folder / READOUTS_NAME),
        )
        write_model(self._folder / LABELS_FILE, LabelsFile(recipe=self._recipe, finished=self.finished))
        self._clear()

    def _begin(self) -> Finished | None:
        left_over = set(self._folder.glob(".saerad-*.part"))
        if (self._folder / LABELS_FILE).exists():
            file = read_labels_file(self._folder)
            if file.recipe != self._recipe:
                raise UsageError(
                    "LABEL_OTHER",
                    f"{self._folder} was made otherwise: {', '.join(file.recipe.differences(self._recipe))}",
                    "choose another --out, or give what it was made with to go on",
                )
        elif left_over.issuperset(self._folder.iterdir()):
            file = LabelsFile(recipe=self._recipe)
            write_model(self._folder / LABELS_FILE, file)
        else:
            raise UsageError(
                "LABEL_OTHER", f"{self._folder} is not empty and holds no labels", "choose a new or an empty folder"
            )
        # What a killed run was writing, or had no time to remove.
        for path in [*left_over, *(self._folder / CHUNKS_NAME).glob(".saerad-*.part")]:
            path.unlink()
        if file.finished is not None:
            self._clear()
            check_finished(self._folder)
        return file.finished

    def _clear(self) -> None:
        """Remove what was kept to go on with."""
        self.journal.unlink(missing_ok=True)
        shutil.rmtree(self._folder / CHUNKS_NAME, ignore_errors=True)

    def _sound(self) -> tuple[set[int], tuple[str, ...]]:
        (self._folder / CHUNKS_NAME).mkdir(exist_ok=True)
        done, wrong = set(), []
        for path in sorted((self._folder / CHUNKS_NAME).iterdir()):
            try:
                number = self._read(path).number
            except ValueError:
                wrong.append(path.name)
                continue
            done.add(number)
        return done, tuple(wrong)

    def _read(self, path: Path) -> ChunkLabels:
        """Read a chunk; ValueError when it is none of these labels."""
        try:
            file = _ChunkFile.model_validate_json(path.read_bytes())
        except (OSError, ValidationError) as error:
            raise ValueError(f"{path.name} is no chunk") from error
        if file.recipe_sha256 != self._recipe.sha256 or path != self._path(file.chunk.number):
            raise ValueError(f"{path.name} is a chunk of other labels")
        return file.chunk

    def _path(self, number: int) -> Path:
        return self._folder / CHUNKS_NAME / f"chunk-{number:05d}.json"
