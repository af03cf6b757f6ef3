"""Read and prepare the next images while the present one is analysed, never more than a few at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from engine.dicom.radiograph import Radiograph
from engine.inference.prepared import Prepared
from engine.worker.decode import submit_decode
from engine.worker.job import Job

AHEAD = 2
"""Images read before their turn: one being prepared, one being decoded. More would only cost memory."""

Prepare = Callable[[Radiograph], Prepared | None]


@dataclass(frozen=True, eq=False)
class Upcoming:
    """One file on its way; what goes wrong with it is raised to whoever asks for it, and touches no other."""

    _decoding: Job[Radiograph]
    _preparing: Future[Prepared | None]

    def radiograph(self) -> Radiograph:
        """Wait for the decoded file; raises as `engine.worker.decode.decode_in_worker`."""
        return self._decoding.result()

    def prepared(self) -> Prepared | None:
        """Wait for what the model takes; raises as `engine.inference.analyzer.Analyzer.prepare`."""
        return self._preparing.result()

    def cancel(self) -> None:
        """Stop work that nobody will ask for."""
        self._decoding.cancel()
        self._preparing.cancel()


class ReadAhead:
    """Iterates over files: decoded in the worker process, prepared in a thread, given out in their order.

    Parameters
    ----------
    paths : sequence of Path or None
        None is a place without a file, for which None is given.
    prepare : callable
        `engine.inference.analyzer.Analyzer.prepare`.
    ahead : int
        How many files may be decoded beside the one that was given out last; 0 reads each at its turn.

    Notes
    -----
    As a context manager it stops what is under way when it is left. Memory: ``ahead`` + 1 decoded images.
    """

    def __init__(self, paths: Sequence[Path | None], prepare: Prepare, ahead: int) -> None:
        self._paths, self._prepare, self._ahead = paths, prepare, ahead
        # The first is the one given out last, so that leaving stops it too.
        self._waiting: deque[Upcoming | None] = deque()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="saerad-prepare")

    def __enter__(self) -> ReadAhead:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for upcoming in self._waiting:
            if upcoming is not None:
                upcoming.cancel()
        self._thread.shutdown(cancel_futures=True)

    def __iter__(self) -> Iterator[Upcoming | None]:
        begun = 0
        for index in range(len(self._paths)):
            while begun < min(index + self._ahead + 1, len(self._paths)):
                self._waiting.append(self._begin(self._paths[begun]))
                begun += 1
            yield self._waiting[0]
            self._waiting.popleft()

    def _begin(self, path: Path | None) -> Upcoming | None:
        if path is None:
            return None
        decoding = submit_decode(path)
        return Upcoming(decoding, self._thread.submit(lambda: self._prepare(decoding.result())))
