"""Trainers that do one step each in turn, so that other load on the machine hits all alike."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from training.benchmarks.peers.child import PeerFailed
from training.benchmarks.timing import peak

Turn = Callable[[int], float]
"""Does the step of a round, counted from 0, and returns its seconds."""


@dataclass(frozen=True)
class Times:
    """Seconds of every round but the first, which warms up.

    Attributes
    ----------
    steps : dict
        By trainer.
    speed : list of float
        Of a large product in the same rounds, FLOP/s.
    failed : list of str
        What trainers that dropped out said.
    """

    steps: dict[str, list[float]]
    speed: list[float]
    failed: list[str]

    def against(self, ours: str, other: str) -> float:
        """Return how many times faster ours is: the median of the rounds' ratios."""
        return statistics.median(b / a for a, b in zip(self.steps[ours], self.steps[other], strict=True))

    def share(self, trainer: str, flops: float) -> float:
        """Return the share of a step that so many operations would take at the speed of the large product."""
        return statistics.median(
            flops / speed / taken for speed, taken in zip(self.speed, self.steps[trainer], strict=True)
        )


def take_turns(trainers: Mapping[str, Turn], rounds: int) -> Times:
    """Let each trainer do one step a round; one whose library fails is left out from then on."""
    times = Times({name: [] for name in trainers}, [], [])
    for number in range(rounds + 1):
        taken = {}
        for name in list(times.steps):
            try:
                taken[name] = trainers[name](number)
            except PeerFailed as failure:
                times.failed.append(str(failure))
                del times.steps[name]
        if number:
            times.speed.append(peak())
            for name, values in times.steps.items():
                values.append(taken[name])
    return times
