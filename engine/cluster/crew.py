"""Who does the jobs of a harvest, a training step or a labelling: one contract for one machine and for many."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Protocol, TypeVar

Shared = TypeVar("Shared")
Job = TypeVar("Job")
Result = TypeVar("Result")


class Crew(Protocol):
    """Workers that can be given jobs.

    A job is a pure function of what it is given, so that a job whose worker died can be done again elsewhere and the
    results do not depend on who did what.

    Attributes
    ----------
    size : int
        Jobs that are worked on at the same time.
    """

    @property
    def size(self) -> int:
        """Jobs that are worked on at the same time."""

    def map(
        self, work: Callable[[Shared, Job], Result], shared: Shared, jobs: Iterable[Job]
    ) -> Generator[Result, None, None]:
        """Yield the results in the order of the jobs; jobs that are left when the generator is closed are given up.

        Parameters
        ----------
        work : callable
            A function of a module, which every worker can import.
        shared : object
            Handed to every job; sent to a worker once a call, however many jobs it does.
        jobs : iterable
            Read no further ahead than workers need to be kept busy.

        Raises
        ------
        Exception
            Whatever `work` raised, with the first job that did.
        """


class LocalCrew:
    """This process: does one job after the other, each when its result is asked for."""

    @property
    def size(self) -> int:
        """One."""
        return 1

    def map(
        self, work: Callable[[Shared, Job], Result], shared: Shared, jobs: Iterable[Job]
    ) -> Generator[Result, None, None]:
        """Yield the results in the order of the jobs."""
        return (work(shared, job) for job in jobs)
