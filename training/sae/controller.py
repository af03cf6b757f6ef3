"""Finding the penalty at which a wanted number of latents fire."""

from __future__ import annotations

import math
from collections.abc import Mapping


class SparsityController:
    """Steer the penalty's logarithm so that the mean L0 on validation meets the target.

    The correction has a part for the error and a larger one for its change: the dictionary answers the penalty with a
    delay, and without the second part it would fall silent before the first noticed.
    """

    def __init__(self, start: float, target: float, gain: float = 0.1, damping: float = 0.5) -> None:
        self.weight = start
        self._target = target
        self._gain = gain
        self._damping = damping
        self.last: float | None = None

    def update(self, mean_l0: float) -> None:
        """Raise the penalty when too many features fire, lower it when too few do."""
        error = min(max(math.log(max(mean_l0, 1e-3) / self._target), -2.0), 2.0)
        change = 0.0 if self.last is None else error - self.last
        self.last = error
        self.weight *= math.exp(self._gain * error + self._damping * change)

    def state(self) -> dict[str, float | None]:
        """Return where the controller stands."""
        return {"weight": self.weight, "last": self.last}

    def load_state(self, state: Mapping[str, float | None]) -> None:
        """Go on from a state."""
        assert state["weight"] is not None
        self.weight, self.last = state["weight"], state["last"]
