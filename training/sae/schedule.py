"""How learning rate and penalty change over a run."""

from __future__ import annotations

import math


def default_learning_rate(n_features: int) -> float:
    """Return ``2e-4 / sqrt(F / 2^14)``: wider dictionaries want smaller steps (dictionary_learning; design §6)."""
    return 2e-4 / math.sqrt(n_features / 2**14)


def rate_factor(step: int, steps: int, warm_up: float, decay_from: float) -> float:
    """Return what the learning rate is multiplied with at a step: a linear rise from, later a linear fall to, nought.

    Parameters
    ----------
    step, steps : int
        The step about to be done, from 0, and the run's length.
    warm_up, decay_from : float
        Shares of the run at which the rise ends and the fall begins.
    """
    done = (step + 1) / steps
    rise = min(1.0, done / warm_up) if warm_up > 0 else 1.0
    # The last step still moves: a rate of exactly nought would waste it.
    fall = min(1.0, (1.0 - step / steps) / (1.0 - decay_from)) if decay_from < 1 else 1.0
    return min(rise, fall)


def penalty_factor(step: int, steps: int, warm_up: float) -> float:
    """Return what the penalty is multiplied with: a linear rise, so that magnitudes are learnt before they cost."""
    return min(1.0, (step + 1) / (warm_up * steps)) if warm_up > 0 else 1.0
