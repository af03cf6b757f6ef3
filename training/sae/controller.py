"""Finding the penalty at which a wanted number of latents fire."""

from __future__ import annotations

import math
from collections.abc import Mapping


class SparsityController:
    """Steer the penalty's logarithm so that the mean L0 on validation meets the target.

    The correction has a part for the error and a larger one for its change: the dictionary answers the penalty with a
    delay, and without the second part it would fall silent before the first noticed.

    A penalty can only silence. Thresholds that rose too far come back slowly when it vanishes, so that an L0 penalty
    may pay latents out for firing instead while too few do: `pull` times the relative error is added, as the derivative
    of a squared distance from the wanted L0 would (Rajamanoharan et al. 2024, arXiv 2407.14435, appendix).

    Parameters
    ----------
    start : float
        First penalty λ.
    target : float
        Wanted mean L0.
    gain, damping : float
        Of the error and of its change.
    pull : float
        Of the error while too few fire, in units of the penalty, at least of the first. 0 where a penalty below zero
        has no sense (L1).
    """

    def __init__(
        self, start: float, target: float, *, gain: float = 0.1, damping: float = 0.5, pull: float = 0.0
    ) -> None:
        self._steered = self._start = start
        self._target = target
        self._gain = gain
        self._damping = damping
        self._pull = pull
        self._last: float | None = None

    @property
    def weight(self) -> float:
        """Penalty to use now; below zero it pays latents for firing."""
        lacking = min(math.expm1(self._last), 0.0) if self._last is not None else 0.0
        return self._steered + self._pull * max(self._steered, self._start) * lacking

    def update(self, mean_l0: float) -> None:
        """Raise the penalty when too many features fire, lower it when too few do."""
        error = min(max(math.log(max(mean_l0, 1e-3) / self._target), -2.0), 2.0)
        change = 0.0 if self._last is None else error - self._last
        self._last = error
        self._steered *= math.exp(self._gain * error + self._damping * change)

    def state(self) -> dict[str, float | None]:
        """Return where the controller stands."""
        return {"weight": self._steered, "last": self._last}

    def load_state(self, state: Mapping[str, float | None]) -> None:
        """Go on from a state."""
        assert state["weight"] is not None
        self._steered, self._last = state["weight"], state["last"]


def missed_l0(wanted: float, reached: float) -> bool:
    """Whether the L0 on held-out tokens is a tenth or more beside the wanted one; 0 is no wish."""
    return wanted > 0 and abs(reached - wanted) > 0.1 * wanted
