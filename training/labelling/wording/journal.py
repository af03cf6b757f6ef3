"""What a language model said of each feature, line by line, so that a kill loses no more than the answer in work."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from pydantic import BaseModel, ConfigDict, ValidationError

from engine.export.atomic import write_error
from training.labelling.label import Words

Said = Mapping[int, tuple[str, Words]]
"""Description of a feature, and whose words it is in."""


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    recipe_sha256: str
    id: int
    description: str
    words: Words


class WordJournal:
    """Words of features, each flushed to the disk before the next is asked for.

    What an earlier run wrote for the same recipe is read first; behind the last whole line of it the file is cut off.

    Parameters
    ----------
    path : Path
    recipe_sha256 : str
        Of the labels.

    Attributes
    ----------
    said : dict
        See `Said`.

    Raises
    ------
    ExportError
        ``EXPORT_WRITE``, here and from `add`.
    """

    def __init__(self, path: Path, recipe_sha256: str) -> None:
        self._path, self._recipe = path, recipe_sha256
        self.said: dict[int, tuple[str, Words]] = {}
        try:
            self._file = path.open("ab+")
            self._file.seek(0)
            end = self._read()
            self._file.truncate(end)
        except OSError as error:
            raise write_error(path, error) from error

    def __enter__(self) -> WordJournal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def add(self, feature: int, description: str, words: Words) -> None:
        """Write down what became of a feature."""
        line = _Line(recipe_sha256=self._recipe, id=feature, description=description, words=words)
        try:
            self._file.write(line.model_dump_json().encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise write_error(self._path, error) from error
        self.said[feature] = (description, words)

    def _read(self) -> int:
        """Read the lines that are whole; returns where they end."""
        end = 0
        for content in self._file:
            try:
                line = _Line.model_validate_json(content)
            except ValidationError:
                break
            if not content.endswith(b"\n") or line.recipe_sha256 != self._recipe:
                break
            self.said[line.id] = (line.description, line.words)
            end += len(content)
        return end
