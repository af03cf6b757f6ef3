"""The crew that a command's `--cluster` names."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager

from engine.cluster.crew import Crew, LocalCrew
from engine.cluster.ray_crew import RayCrew


def add_cluster_option(parser: argparse._ActionsContainer) -> None:
    """Add `--cluster`."""
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="let a Ray cluster do the work: local (this machine's cores; local:N for N of them), auto, host:port or ray://host:port",
    )


@contextmanager
def open_crew(address: str | None, *, cpus: int = 1, gpus: int = 0) -> Iterator[Crew]:
    """Open the workers at an address, or this process alone where there is none; raises as `RayCrew`.

    Parameters
    ----------
    address : str, optional
        See `RayCrew`.
    cpus, gpus : int
        Of each job.
    """
    if address is None:
        yield LocalCrew()
        return
    with RayCrew(address, cpus=cpus, gpus=gpus) as crew:
        yield crew
