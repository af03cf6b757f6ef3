"""What is done with a job: analyse, write down what was made, send it, write down what arrived."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

import pydicom

from engine.errors import Cancelled, JobTaken, NetworkError, QueueLost, SaeRadError, WorkerError
from engine.export import export_all, skipped_formats
from engine.inference.analyzer import Analyzer
from engine.network.peer import Peer
from engine.network.query import Query
from engine.network.store import read_outgoing
from engine.report.wishes import DraftWishes
from engine.service.inbox import Inbox
from engine.service.queue import Job, Queue, Result, hashed
from engine.worker.decode import decode_in_worker

_LOG = logging.getLogger(__name__)
FORMATS = ("sr", "gsps", "seg", "sc", "dicompdf", "ko")
_LONGEST_PAUSE_S = 300.0
_MOST_TRIES = 3
"""Of an analysis whose worker crashed; sending is tried for ever."""


class Work:
    """Does one job at a time.

    Raises
    ------
    QueueLost
        From `do`, whose step is then done again.

    Parameters
    ----------
    folder : Path
        Of the service's state; results wait in ``results/<number of the job>/``.
    """

    def __init__(self, folder: Path, queue: Queue, inbox: Inbox, analyzer: Analyzer, peer: Peer) -> None:
        self._results = folder / "results"
        self._results.mkdir(parents=True, exist_ok=True)
        self._queue, self._inbox, self._analyzer, self._peer = queue, inbox, analyzer, peer
        kept = {str(number) for number in queue.kept()}
        for path in self._results.iterdir():
            if path.name not in kept:
                shutil.rmtree(path)

    def do(self, job: Job) -> None:
        """Bring a job one step forward; what goes wrong with it is written down and costs no other."""
        try:
            self._step(job)
        except (JobTaken, Cancelled):
            # Another node has it, or may have it. A kill here: the next start removes what was made.
            _LOG.warning("%s is another node's now", hashed(job.uid))
            shutil.rmtree(self._results / str(job.id), ignore_errors=True)

    def _step(self, job: Job) -> None:
        try:
            self._queue.bring(job, self._inbox.path(job.uid), self._results / str(job.id))
            if job.state == "received":
                self._analyse(job)
            else:
                self._send(job)
        except (QueueLost, JobTaken, Cancelled):
            raise
        except NetworkError as error:
            self._later(job, error)
        except WorkerError as error:
            if job.tries + 1 < _MOST_TRIES:
                self._later(job, error)
            else:
                self._end(job, "failed", error.code)
        except SaeRadError as error:
            # A full disk is nothing that the image could help.
            if error.code == "EXPORT_WRITE":
                self._later(job, error)
            else:
                self._end(job, "failed", error.code)
        except Exception as error:  # a fault of ours on this image must not keep the others waiting
            _LOG.error("%s: the program failed (%s)", hashed(job.uid), type(error).__name__)
            self._end(job, "failed", "INTERNAL")

    def _later(self, job: Job, error: SaeRadError) -> None:
        pause = min(2.0**job.tries, _LONGEST_PAUSE_S)
        _LOG.warning("%s postponed for %.0f s: %s", hashed(job.uid), pause, error.code)
        self._queue.postpone(job, error.code, pause)

    def _end(self, job: Job, state: str, code: str = "OK") -> None:
        _LOG.info("%s %s: %s", hashed(job.uid), state, code)
        self._queue.end(job, state, code)
        # A kill here: the next start removes them.
        self._inbox.release(job.uid)
        shutil.rmtree(self._results / str(job.id), ignore_errors=True)

    def _analyse(self, job: Job) -> None:
        radiograph = decode_in_worker(self._inbox.path(job.uid))
        analysis = self._analyzer.analyse(radiograph)
        if analysis.gate.verdict == "refused":
            self._end(job, "refused", analysis.gate.code)
            return
        folder = self._results / str(job.id)
        # Left by a kill before they were written down: nobody has seen them, and these have other UIDs.
        shutil.rmtree(folder, ignore_errors=True)
        skipped = skipped_formats(radiograph)
        formats = [name for name in FORMATS if name not in skipped]
        export_all(folder, radiograph, analysis, DraftWishes().draft(analysis, radiograph), formats)
        results = [_result(path) for path in sorted(folder.glob("*.dcm"))]
        self._queue.analysed(job, results, folder)
        _LOG.info("%s analysed: %d objects", hashed(job.uid), len(results))

    def _send(self, job: Job) -> None:
        for result in self._queue.unsent(job):
            if result.attempted and self._arrived(result):
                self._queue.sent(result.uid)
        left = self._queue.unsent(job)
        self._queue.attempt(job, [result.uid for result in left])
        files = [read_outgoing(self._results / str(job.id) / result.file) for result in left]
        outcomes = self._peer.send(
            files,
            lambda sent: self._queue.sent(sent.uid) if sent.stored else None,
            lambda: not self._queue.holds(job),
            retries=1,
        )
        failed = [sent for sent in outcomes if not sent.stored]
        if not failed:
            self._end(job, "done")
        else:
            self._later(job, NetworkError(failed[0].code, failed[0].message))

    def _arrived(self, result: Result) -> bool:
        """Ask the archive for a result that a kill left in doubt; one without queries gets it again, same UID."""
        keys = {"study": result.study, "series": result.series, "image": result.uid}
        try:
            return any(match["SOPInstanceUID"] == result.uid for match in self._peer.find(Query("image", keys)))
        except NetworkError as error:
            if error.code in ("NODE_UNSUPPORTED", "NODE_FAILED"):
                return False
            raise


def _result(path: Path) -> Result:
    head = pydicom.dcmread(path, stop_before_pixels=True)
    return Result(
        str(head.SOPInstanceUID), str(head.StudyInstanceUID), str(head.SeriesInstanceUID), path.name, attempted=False
    )
