"""What is compared with what."""

from __future__ import annotations

from dataclasses import dataclass

from engine.errors import UsageError
from training.sae.config import SaeConfig


@dataclass(frozen=True)
class Case:
    """One of our architectures and what the libraries call theirs.

    Attributes
    ----------
    name : str
        Key of :data:`training.sae.architectures.ARCHITECTURES`.
    theirs : {"gated", "topk", "batchtopk"}
    """

    name: str
    theirs: str

    def config(self, n_features: int, k: int, l0: float, learning_rate: float, seed: int = 0) -> SaeConfig:
        """Return our configuration: `k` for the TopK family, otherwise a penalty steered to `l0`."""
        sparsity = {"l0": l0} if self.theirs == "gated" else {"k": k}
        variant = "sae-rad" if self.name == "gated-sae-rad" else ""
        return SaeConfig(self.name, n_features, learning_rate, variant=variant, seed=seed, **sparsity)


CASES = {
    case.name: case
    for case in (
        Case("gated", "gated"),
        Case("gated-sae-rad", "gated"),
        Case("topk", "topk"),
        Case("batchtopk", "batchtopk"),
    )
}


def chosen(names: tuple[str, ...]) -> tuple[Case, ...]:
    """Return cases by name; all where none is named.

    Raises
    ------
    UsageError
        ``BENCH_OPTION`` for a name that is none.
    """
    unknown = [name for name in names if name not in CASES]
    if unknown:
        raise UsageError("BENCH_OPTION", f"there is no case {unknown[0]!r}", f"one of {', '.join(CASES)}")
    return tuple(CASES[name] for name in names) or tuple(CASES.values())
