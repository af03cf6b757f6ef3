"""How strongly attributes go with the firing of features: odds ratios with confidence bounds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import hypergeom

Array = npt.NDArray[np.float64]
Z_ONE_SIDED_95 = 1.645


@dataclass(frozen=True, eq=False)
class Tables:
    """2x2 counts, each of shape (features, attributes), over the images where the attribute is known.

    Attributes
    ----------
    both, fires_only, holds_only, neither : ndarray of float64
        Images on which the feature fires and the attribute holds, and so on.
    """

    both: Array
    fires_only: Array
    holds_only: Array
    neither: Array

    def log_odds(self) -> tuple[Array, Array]:
        """Return the log odds ratio (Haldane's half added to each cell) and its standard error (Woolf)."""
        a, b, c, d = (cell + 0.5 for cell in (self.both, self.fires_only, self.holds_only, self.neither))
        return np.log(a * d / (b * c)), np.sqrt(1 / a + 1 / b + 1 / c + 1 / d)

    def share_of_firing(self) -> Array:
        """Return Wilson's lower 95 % bound of P(attribute | fires)."""
        return wilson_lower(self.both, self.both + self.fires_only)

    def balanced_accuracy(self) -> Array:
        """Return the balanced accuracy of the attribute as a predictor of firing; 0.5 is chance."""
        fires = np.maximum(self.both + self.fires_only, 1.0)
        silent = np.maximum(self.holds_only + self.neither, 1.0)
        return 0.5 * (self.both / fires + self.neither / silent)

    def negated(self) -> Tables:
        """Return the tables of the attributes' negations."""
        return Tables(self.fires_only, self.both, self.neither, self.holds_only)

    def p_values(self) -> Array:
        """Return the chance of as many firing images with the attribute, or more: Fisher's exact test, one-sided."""
        fires, holds = self.both + self.fires_only, self.both + self.holds_only
        return np.asarray(hypergeom.sf(self.both - 1, fires + self.holds_only + self.neither, holds, fires))

    def only(self, feature: int, attribute: int) -> Tables:
        """Return the table of one feature and one attribute, each count of shape (1, 1)."""
        place = (slice(feature, feature + 1), slice(attribute, attribute + 1))
        return Tables(self.both[place], self.fires_only[place], self.holds_only[place], self.neither[place])


def wilson_lower(successes: Array, trials: Array, z: float = Z_ONE_SIDED_95) -> Array:
    """Return the lower bound of Wilson's score interval of a proportion; 0 for no trials."""
    n = np.maximum(trials, 1e-9)
    p = successes / n
    centre = p + z * z / (2 * n)
    spread = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return np.where(trials > 0, (centre - spread) / (1 + z * z / n), 0.0)


def count(fires: npt.NDArray[np.bool_], truth: npt.NDArray[np.float32]) -> Tables:
    """Count firing (images, features) against truth (images, attributes; NaN unknown)."""
    known = (~np.isnan(truth)).astype(np.float32)
    holds = np.nan_to_num(truth, nan=0.0)
    f = fires.astype(np.float32)
    both = f.T @ holds
    fires_known = f.T @ known
    total_holds = holds.sum(0)
    total_known = known.sum(0)
    return Tables(
        both=both.astype(np.float64),
        fires_only=(fires_known - both).astype(np.float64),
        holds_only=(total_holds[None] - both).astype(np.float64),
        neither=(total_known[None] - total_holds[None] - fires_known + both).astype(np.float64),
    )


def conditional_log_odds(
    fires: npt.NDArray[np.bool_], truth: npt.NDArray[np.float32], given: npt.NDArray[np.float32]
) -> tuple[Array, Array]:
    """Return the Mantel-Haenszel log odds ratio of each attribute, stratified by another attribute.

    A feature of effusions looks like one of atelectasis wherever the two occur together; within the images with
    effusion, and within those without, that borrowed association disappears.

    Parameters
    ----------
    given : ndarray of float32, shape (images,)
        The stratifying attribute (1, 0, NaN unknown: a stratum of its own).

    Returns
    -------
    tuple of ndarray
        Estimate and standard error (Robins, Breslow and Greenland 1986), each (features, attributes).
    """
    shape = (fires.shape[1], truth.shape[1])
    sums = {name: np.zeros(shape) for name in ("r", "s", "pr", "ps_qr", "qs")}
    for stratum in (given == 1.0, given == 0.0, np.isnan(given)):
        if not stratum.any():
            continue
        table = count(fires[stratum], truth[stratum])
        a, b, c, d = (cell + 0.25 for cell in (table.both, table.fires_only, table.holds_only, table.neither))
        n = a + b + c + d
        r, s, p, q = a * d / n, b * c / n, (a + d) / n, (b + c) / n
        for name, value in (("r", r), ("s", s), ("pr", p * r), ("ps_qr", p * s + q * r), ("qs", q * s)):
            sums[name] += value
    r, s = sums["r"], sums["s"]
    variance = sums["pr"] / (2 * r * r) + sums["ps_qr"] / (2 * r * s) + sums["qs"] / (2 * s * s)
    return np.log(r / s), np.sqrt(variance)
