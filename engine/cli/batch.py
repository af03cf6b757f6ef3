"""Many images, one after the other: each has its results and its row, whatever becomes of the others."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from engine.cli.image_results import ImageResults, ImageSettings, write_results
from engine.cli.inputs import Input, find_inputs
from engine.cli.journal import Journal
from engine.cli.main import error_line, internal_error
from engine.cli.progress import ProgressLine
from engine.cli.read_ahead import ReadAhead, Upcoming
from engine.cli.result_folders import ResultFolders, Row, require_no_review, sentences
from engine.errors import SaeRadError
from engine.inference.analyzer import Analyzer
from engine.report.rewrite import Rewriter

Step = Callable[[str, float], None]


class Pending(Protocol):
    """An image that is under way."""

    @property
    def uid(self) -> str:
        """Its SOP Instance UID, empty as long as it is not known."""

    def finish(self, folders: ResultFolders, step: Step) -> tuple[ImageResults, Path]:
        """Wait for the results, and return them with the folder in which they lie; raises what went wrong with it."""


Maker = Callable[[Sequence[Path | None]], Generator[Pending | None, None, None]]
"""Begins what is to be made of files, in their order; None stands for a file of which nothing is asked."""


class LocalImage:
    """An image that this process analyses when it is its turn."""

    def __init__(
        self, analyzer: Analyzer, settings: ImageSettings, rewriter: Rewriter | None, upcoming: Upcoming
    ) -> None:
        self.uid = ""
        self._analyzer, self._settings, self._rewriter, self._upcoming = analyzer, settings, rewriter, upcoming

    def finish(self, folders: ResultFolders, step: Step) -> tuple[ImageResults, Path]:
        """Analyse it and write the results."""
        radiograph = self._upcoming.radiograph()
        self.uid = radiograph.identity.sop_instance_uid
        folder = folders.choose(self.uid, radiograph.pixel_sha256)
        require_no_review(folder)
        analysis = self._analyzer.analyse(radiograph, step, prepared=self._upcoming.prepared())
        return write_results(folder, radiograph, analysis, self._settings, self._rewriter), folder


def local_maker(analyzer: Analyzer, settings: ImageSettings, rewriter: Rewriter | None, ahead: int) -> Maker:
    """Return what analyses images in this process while the next ones are read."""

    def make(files: Sequence[Path | None]) -> Generator[Pending | None, None, None]:
        with ReadAhead(files, analyzer.prepare, ahead) as reading:
            for upcoming in reading:
                yield None if upcoming is None else LocalImage(analyzer, settings, rewriter, upcoming)

    return make


@dataclass(frozen=True)
class Telling:
    """What is said while the batch is at work: `quiet` no line an image, `debug` where a failure came from."""

    quiet: bool = False
    debug: bool = False


class Batch:
    """Has images analysed and keeps the rows of the summary; the worker process bears what a file does to it."""

    def __init__(self, out: Path, make: Maker, journal: Journal, telling: Telling) -> None:
        self.rows: list[Row] = []
        self.plugins_failed = False
        self._out, self._make, self._journal, self._telling = out, make, journal, telling
        self._folders = ResultFolders(out)

    def work(self, paths: Sequence[Path]) -> None:
        """Have every file under the paths analysed, but those whose results an earlier run has left whole."""
        inputs = list(find_inputs(paths, self._out))
        earlier = [self._journal.found(item.path) if item.error is None else None for item in inputs]
        for found in earlier:
            if found is not None:
                self._folders.keep(found.folder)
        files = [
            item.path if item.error is None and found is None else None
            for item, found in zip(inputs, earlier, strict=True)
        ]
        with ProgressLine(len(inputs)) as line, closing(self._make(files)) as making:
            for item, found, pending in zip(inputs, earlier, making, strict=True):
                self.rows.append(found.row if found is not None else self._row(item, pending, line))
                line.next_image()

    def _row(self, item: Input, pending: Pending | None, line: ProgressLine) -> Row:
        """Everything that can go wrong with one image ends in its row, and the others go on."""
        try:
            if item.error is not None:
                raise item.error
            assert pending is not None
            results, folder = pending.finish(self._folders, line.step)
            self._tell(item.path, results, folder, line)
            row = results.row(item.path, folder)
            if not results.failures:
                self._journal.add(item.path, row, folder)
            return row
        except SaeRadError as error:
            failure = error
        except Exception as error:  # a fault of ours on this image must not cost the others their results
            failure = internal_error(error)
            failure.__cause__ = error
        self._report(failure, item.path, line)
        uid = pending.uid if pending is not None else ""
        return Row(str(item.path), uid, "failed", failure.code, sentences([failure.message, failure.hint]))

    def _tell(self, path: Path, results: ImageResults, folder: Path, line: ProgressLine) -> None:
        """Print the line of an image; what concerns all of them, such as another device, was said at the start."""
        if results.rewriting_warning:
            line.write(f"warning {path}: {results.rewriting_warning}", error=True)
        for error in results.failures:
            self.plugins_failed = True
            line.write(error_line(error, str(path)), error=True)
        if not self._telling.quiet:
            shown = "" if results.code == "OK" else f" [{results.code}]"
            note = results.note(folder)
            line.write(f"{results.outcome:<9} {path}{shown}" + (f": {note}" if note else ""))

    def _report(self, error: SaeRadError, path: Path, line: ProgressLine) -> None:
        line.write(error_line(error, str(path)), error=True)
        if self._telling.debug:
            line.write("".join(traceback.format_exception(error)), error=True)
