"""The contract of the durable queue: what was received, what became of it, and which result was sent.

A job is one SOP instance and one pack, so nothing is analysed twice with the same model. It goes
``received`` → ``analysed`` → ``done``, or ends as ``refused`` (by the gate) or ``failed``. Every step is one
transaction, and what a step needs is durable before it is written here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

OPEN = "('received', 'analysed')"
"""States of jobs that are not at their end, for SQL."""


@dataclass(frozen=True)
class Job:
    """One SOP instance to be worked on; `claim` tells this time of taking it up from every other one."""

    id: int
    uid: str
    state: str
    tries: int
    claim: int = 0


@dataclass(frozen=True)
class Result:
    """One object that was made for a job; `attempted` and not sent: a kill may have hidden that it arrived."""

    uid: str
    study: str
    series: str
    file: str
    attempted: bool


class Queue(Protocol):
    """A queue of one pack, of one process or of several machines; every method may be called from any thread.

    Raises
    ------
    QueueLost
        From every method but `close` and `holds`: nothing is known of what it was to write, which may be done again.
    JobTaken
        From the steps of a job (`analysed`, `attempt`, `end`, `postpone`) that another node has taken up meanwhile.
    """

    def close(self) -> None:
        """Let others have what this process held."""

    def add(self, uid: str, path: Path) -> bool:
        """Take an instance, whose file lies whole at `path`; False when it was taken before."""

    def knows(self, uid: str) -> bool:
        """Whether an instance was taken before, with this pack."""

    def next(self) -> Job | None:
        """Take up the oldest job that is due, results before images: what is made is sent first."""

    def bring(self, job: Job, image: Path, results: Path) -> None:
        """Lay on this machine's disk what the job's next step needs: its image, or its results into a folder."""

    def holds(self, job: Job) -> bool:
        """Whether no other node can have taken the job up; asks nobody."""

    def analysed(self, job: Job, results: Sequence[Result], folder: Path) -> None:
        """The results lie in `folder`: from now on they are sent, and never made again."""

    def unsent(self, job: Job) -> list[Result]:
        """Return the results of a job that are not known to have arrived."""

    def attempt(self, job: Job, uids: Sequence[str]) -> None:
        """Results are about to be sent."""

    def sent(self, uid: str) -> None:
        """The archive has a result."""

    def end(self, job: Job, state: str, code: str = "OK") -> None:
        """A job is ``done``, ``refused`` or ``failed``, and is not taken up again."""

    def postpone(self, job: Job, code: str, seconds: float) -> None:
        """A job is taken up again after a while."""

    def counts(self) -> dict[str, int]:
        """Return the number of jobs of each state."""

    def waiting(self) -> int:
        """Return how many jobs are not at their end."""

    def states(self, uid: str) -> set[str]:
        """Return the states of an instance's jobs, with any pack."""

    def kept(self) -> set[int]:
        """Return the jobs whose results, lying on this machine's disk since an earlier start, are needed."""

    def nodes(self) -> list[dict[str, object]]:
        """Return a row for each node that works on the queue; empty where only this process can."""


def hashed(uid: str) -> str:
    """Return what stands in logs in place of a UID."""
    return hashlib.sha256(uid.encode()).hexdigest()[:12]
