"""What a run of training is made of, as it is saved beside its results."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from engine.errors import UsageError
from training.sae.architectures import ARCHITECTURES, FIXED_K
from training.sae.architectures.gated import SAE_RAD_VARIANTS
from training.sae.schedule import default_learning_rate

Revival = Literal["auxk", "resample", "none"]
LARGEST = 1e30
"""A penalty near the end of float32 would overflow."""


SWEPT = {
    **{"--arch": "arch", "--variant": "variant", "--features": "n_features", "--lr": "learning_rate"},
    **{"--k": "k", "--l0": "l0", "--lam": "penalty", "--seed": "seed"},
}
"""Options of which an autoencoder has a value, and its fields."""


def require(fits: bool, option: str, value: object, wanted: str) -> None:
    """Refuse a value by the name of its option, ``FIT_OPTION``, unless it fits."""
    if not fits:
        raise UsageError("FIT_OPTION", f"{option} is {value}", f"it must be {wanted}")


@dataclass(frozen=True)
class SaeConfig:
    """One autoencoder of a run.

    Attributes
    ----------
    arch : str
        Key of :data:`training.sae.architectures.ARCHITECTURES`.
    n_features : int
        Latents.
    k : int
        Active latents a row for the TopK family, otherwise 0.
    l0 : float
        Mean number of active latents that the penalty is steered to, or 0 where `penalty` is given.
    penalty : float
        λ, or 0 where it is steered.
    variant : str
        Of gated-sae-rad.
    learning_rate : float
    seed : int
        Of the start and of resampling.
    """

    arch: str
    n_features: int
    learning_rate: float
    k: int = 0
    l0: float = 0.0
    penalty: float = 0.0
    variant: str = ""
    seed: int = 0

    def __post_init__(self) -> None:
        if self.arch not in ARCHITECTURES:
            names = ", ".join(ARCHITECTURES)
            raise UsageError("FIT_OPTION", f"there is no architecture {self.arch!r}", f"one of {names}")
        if self.arch == "gated-sae-rad" and self.variant not in SAE_RAD_VARIANTS:
            raise UsageError(
                "FIT_OPTION", f"there is no variant {self.variant!r}", f"one of {', '.join(SAE_RAD_VARIANTS)}"
            )
        if self.arch != "gated-sae-rad" and self.variant:
            raise UsageError("FIT_OPTION", f"{self.arch} has no variants", "leave --variant out")
        for option, value in (("--k", self.k), ("--l0", self.l0), ("--lam", self.penalty)):
            require(value >= 0, option, value, "greater than 0")
        given = [name for name in ("k", "l0", "penalty") if getattr(self, name) > 0]
        wanted = {("k",)} if self.arch in FIXED_K else {("l0",), ("penalty",)}
        if tuple(given) not in wanted:
            what = "--k (or --l0)" if self.arch in FIXED_K else "either --l0 or --lam"
            raise UsageError("FIT_OPTION", f"the sparsity of {self.arch} is not given once", f"give {what}")
        width = f"less than the {self.n_features} latents"
        require(self.k < self.n_features, "--k", self.k, width)
        require(self.l0 < self.n_features, "--l0", self.l0, width)
        require(self.penalty < LARGEST, "--lam", self.penalty, f"less than {LARGEST:g}")
        require(0 < self.learning_rate < math.inf, "--lr", self.learning_rate, "a number greater than 0")
        require(self.seed >= 0, "--seed", self.seed, "0 or more")

    @property
    def name(self) -> str:
        """Name of the autoencoder's folder."""
        sparsity = f"k{self.k}" if self.k else f"l0-{self.l0:g}" if self.l0 else f"lam{self.penalty:g}"
        parts = [self.arch, *([self.variant] if self.variant else []), f"f{self.n_features}", sparsity]
        return "-".join([*parts, f"lr{self.learning_rate:.3g}", f"s{self.seed}"])

    @property
    def wanted_l0(self) -> float:
        """Mean number of active latents that was asked for, or 0 where the penalty was."""
        return float(self.k or self.l0)

    @property
    def expected_l0(self) -> float:
        """Mean number of active latents, as far as it is known before."""
        return self.wanted_l0 or min(64.0, self.n_features / 8)

    @property
    def revival(self) -> Revival:
        """Remedy for dead latents: AuxK where latents compete, resampling where a penalty silences them."""
        return "auxk" if self.arch in FIXED_K else "resample"


@dataclass(frozen=True)
class FitConfig:
    """A run: many autoencoders on one stream.

    Attributes
    ----------
    saes : tuple of SaeConfig
    steps, batch : int
        Steps of the optimiser and tokens a step.
    stream_seed : int
        Of the order of the tokens.
    dtype : {"float32", "bfloat16"}
        Of the dense product of the encoder; weights and all else are float32.
    device : {"cpu", "cuda"}
        Where to train. Only a processor ends with the same bits every time: on a GPU sums are taken in any order.
    whitening : float
        Exponent of :meth:`training.sae.space.Space.fit`; 0 centres and scales only.
    start_bias : {"median", "mean"}
    start_directions : {"data", "random"}
    warm_up, decay_from, penalty_warm_up : float
        Shares of the run (:mod:`training.sae.schedule`).
    revive : bool
        Whether dead latents are revived (:attr:`SaeConfig.revival`).
    dead_after : int
        Tokens of silence after which a latent is dead; 0 takes a fortieth of the run, at most ten million.
    resample_every : int
        Steps between resamplings; none in the last tenth of the run. 0 takes a fortieth of the run.
    log_every, evaluate_every, checkpoint_every : int
        Steps.
    sample_rows : int
        Tokens that centre, scale and start are computed from.
    threads : int
        Of the processor. Another number sums in another order, so that a resumed run would end with other bits.
    parts : int
        Pieces that a batch is cut into, whose gradients are computed apart, by as many workers where there are some,
        and summed. BatchTopK chooses its places within a part. Another number gives other bits; who computes does not.
    """

    saes: tuple[SaeConfig, ...]
    steps: int
    batch: int = 4096
    stream_seed: int = 0
    dtype: Literal["float32", "bfloat16"] = "float32"
    device: Literal["cpu", "cuda"] = "cpu"
    whitening: float = 0.0
    start_bias: Literal["median", "mean"] = "median"
    start_directions: Literal["data", "random"] = "data"
    warm_up: float = 0.02
    decay_from: float = 0.8
    penalty_warm_up: float = 0.05
    revive: bool = True
    dead_after: int = 0
    resample_every: int = 0
    log_every: int = 50
    evaluate_every: int = 1000
    checkpoint_every: int = 1000
    sample_rows: int = 16384
    threads: int = 2
    parts: int = 1

    def __post_init__(self) -> None:
        names = [sae.name for sae in self.saes]
        if len(set(names)) < len(names) or not names:
            raise UsageError("FIT_OPTION", "the autoencoders of a run must differ", "name every value once")
        if self.device != "cpu" and self.parts > 1:
            raise UsageError("FIT_OPTION", "parts of a batch are for processors", "leave --device or --parts out")
        for name in ("steps", "batch", "log_every", "evaluate_every", "checkpoint_every", "threads", "sample_rows"):
            require(getattr(self, name) >= 1, f"--{name.replace('_', '-')}", getattr(self, name), "1 or more")
        require(1 <= self.parts <= self.batch, "--parts", self.parts, f"1 to {self.batch}, the tokens of a batch")
        require(self.stream_seed >= 0, "--data-seed", self.stream_seed, "0 or more")
        for name in ("dead_after", "resample_every"):
            require(getattr(self, name) >= 0, name.replace("_", " "), getattr(self, name), "0 or more")

    def resolved(self) -> FitConfig:
        """Return the configuration with numbers in place of what is to be chosen by the run's length."""
        return replace(
            self,
            dead_after=self.dead_after or max(self.batch, min(10_000_000, self.steps * self.batch // 40)),
            resample_every=self.resample_every or max(1, self.steps // 40),
        )

    def is_logged(self, step: int) -> bool:
        """Whether what was found in the step of this number, from 1, is logged: always in the last one."""
        return step % self.log_every == 0 or step == self.steps

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self) | {"saes": [asdict(sae) for sae in self.saes]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> FitConfig:
        """Read what :meth:`to_json` gave."""
        return cls(**{**values, "saes": tuple(SaeConfig(**sae) for sae in values["saes"])})


def sweep(
    arch: str,
    n_features: int,
    *,
    k: tuple[int, ...] = (),
    l0: tuple[float, ...] = (),
    penalty: tuple[float, ...] = (),
    variants: tuple[str, ...] = (),
    seeds: tuple[int, ...] = (0,),
    learning_rate: float | None = None,
) -> tuple[SaeConfig, ...]:
    """Return an autoencoder for every sparsity, variant and seed; a wanted L0 of the TopK family is its k.

    Raises
    ------
    UsageError
        ``FIT_OPTION`` for values out of range and for more than one of `k`, `l0` and `penalty`.
    """
    require(n_features >= 1, "the number of --features (or of --expansion)", n_features, "1 or more")
    given = {"--k": k, "--l0": l0, "--lam": penalty}
    for option, values in given.items():
        for value in values:
            require(0 < value < math.inf, option, value, "a number greater than 0")
    if len(twice := [option for option, values in given.items() if values]) > 1:
        raise UsageError("FIT_OPTION", f"{' and '.join(twice)} are given", "give one of them; each makes a sweep")
    if arch in FIXED_K:
        if any(value != int(value) for value in l0):
            raise UsageError("FIT_OPTION", f"{arch} keeps a whole number of latents", "give --k")
        k, l0 = k or tuple(int(value) for value in l0), ()
    rate = default_learning_rate(n_features) if learning_rate is None else learning_rate
    sparsities: list[dict[str, Any]] = [
        *({"k": value} for value in k),
        *({"l0": value} for value in l0),
        *({"penalty": value} for value in penalty),
    ]
    return tuple(
        SaeConfig(arch, n_features, rate, variant=variant, seed=seed, **sparsity)
        for sparsity in sparsities or [{}]
        for variant in variants or ("",)
        for seed in seeds
    )


def by_option(saes: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """Return what autoencoders, as :meth:`FitConfig.to_json` has them, were asked for by, as the options are typed."""
    found = {}
    for option, field in SWEPT.items():
        values = dict.fromkeys(f"{v:g}" if isinstance(v := sae[field], float) else str(v) for sae in saes)
        found[option] = ",".join(value for value in values if value not in ("", "0") or option == "--seed") or "none"
    return found
