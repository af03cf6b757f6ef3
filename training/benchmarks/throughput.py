"""Speed of a whole training step, ours and the libraries', in turn on the same rows."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from training.benchmarks.cases import CASES, Case
from training.benchmarks.known_dictionary import DictionaryOptions, KnownDictionary
from training.benchmarks.peers.child import PEERS, Open, Peer, PeerFailed
from training.benchmarks.result import Column, Figures, Result
from training.benchmarks.timing import encoder_flops, peak, seconds
from training.sae.architectures.base import Architecture
from training.sae.config import FitConfig
from training.sae.encoding import Scratch
from training.sae.member import Member
from training.sae.schedule import default_learning_rate
from training.sae.space import Space

STEPS = 1_000_000
"""Length of the run that the steps are taken from: schedules stand still, no latent has had time to die."""
BATCHES = 4
Progress = Callable[[str], None]
COLUMNS = (
    Column("tokens_per_second", "tokens/s", ",.0f"),
    Column("share_of_floor", "share of floor", ".0%"),
    Column("l0", "L0", ".0f"),
)


@dataclass(frozen=True)
class ThroughputOptions:
    """What to measure.

    Attributes
    ----------
    features : tuple of int
        Widths.
    k : int
        Active latents a row for the TopK family.
    l0 : float
        Mean active latents of our gated autoencoder, whose step depends on it; dense steps do not.
    rounds : int
        After one that warms up.
    """

    cases: tuple[Case, ...] = tuple(CASES.values())
    features: tuple[int, ...] = (12288, 49152)
    d_model: int = 768
    batch: int = 4096
    k: int = 32
    l0: float = 64.0
    rounds: int = 5
    threads: int = 2
    seed: int = 0


class OwnStep:
    """Our training step, as ``saerad-train fit`` does it, from a start where about `l0` latents are active."""

    def __init__(self, case: Case, n_features: int, options: ThroughputOptions, sample: Tensor) -> None:
        config = case.config(n_features, options.k, options.l0, default_learning_rate(n_features), options.seed)
        run = FitConfig((config,), STEPS, options.batch, threads=options.threads).resolved()
        self._space, self._step = Space.scaled(sample), 0
        self._member = Member(config, run, options.d_model, Scratch())
        entered = self._space.enter(sample)
        self._member.start(entered)
        settle(self._member.model, entered, options.k if case.theirs != "gated" else options.l0)
        self.l0 = 0.0

    @torch.no_grad()
    def __call__(self, raw: Tensor) -> None:
        """Learn from a batch in the encoder's units."""
        self.l0 = self._member.step(self._space.enter(raw), self._step).mean_l0()
        self._step += 1


def settle(model: Architecture, x: Tensor, l0: float) -> None:
    """Set one level for all latents at which about so many fire, as in a trained autoencoder."""
    projections = (x[:256] - model.b_dec) @ model.w_enc.T
    level = projections.topk(min(model.n_features, round(l0)), dim=1).values[:, -1].median()
    model.set_level(torch.arange(model.n_features), level.expand(model.n_features))


def measure_throughput(options: ThroughputOptions, start: Open | None, progress: Progress) -> Result:
    """Measure all cases.

    Parameters
    ----------
    start : callable or None
        Starts a library; None measures ours alone.

    Returns
    -------
    Result
        The ratio of a case is the median over rounds of ours against the library, of the library where it is least.
    """
    result = Result("sae-throughput")
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        tokens = Path(folder) / "tokens.npy"
        true = DictionaryOptions(
            options.d_model, 4 * options.d_model, min(32.0, options.d_model / 8), seed=options.seed
        )
        KnownDictionary(true).write(tokens, BATCHES * options.batch, part=0)
        for n_features in options.features:
            for case in options.cases:
                progress(f"{case.name}, {n_features} latents")
                _case(result, case, n_features, options, start=start, tokens=tokens)
    result.settings = {**asdict(options), "cases": [case.name for case in options.cases], "dtype": "float32"}
    return result


def _case(
    result: Result, case: Case, n_features: int, options: ThroughputOptions, *, start: Open | None, tokens: Path
) -> None:
    """Measure one case of one width."""
    name = f"{case.name} {n_features}"
    rows = torch.from_numpy(np.load(tokens))
    batches = rows.split(options.batch)
    ours = OwnStep(case, n_features, options, rows)
    request = _request(case, n_features, options, tokens)
    peers: dict[str, Peer] = {}
    times: dict[str, list[float]] = {"ours": []}
    speed: list[float] = []
    try:
        for adapter in [a for a, has in PEERS.items() if start and case.theirs in has]:
            assert start is not None
            peers[adapter] = start(adapter)
            try:
                peers[adapter].ask("start", request)
                times[adapter] = []
            except PeerFailed as failure:
                result.notes.append(str(failure))
        for number in range(options.rounds + 1):
            found = {"ours": seconds(partial(ours, batches[number % BATCHES]))}
            for adapter in [a for a in times if a != "ours"]:
                try:
                    found[adapter] = float(peers[adapter].ask("step", {})["seconds"])
                except PeerFailed as failure:
                    result.notes.append(str(failure))
                    del times[adapter]
            if number:
                speed.append(peak())
                for trainer, values in times.items():
                    values.append(found[trainer])
    finally:
        for peer in peers.values():
            peer.close()
    floor = statistics.median(encoder_flops(options.d_model, n_features) * options.batch / flops for flops in speed)
    for trainer, taken in times.items():
        figures = _figures(taken, options.batch, floor)
        figures["peak_gflops"] = statistics.median(speed) / 1e9
        if trainer == "ours":
            result.ours[name] = figures | {"l0": ours.l0}
        else:
            against = statistics.median(b / a for a, b in zip(times["ours"], taken, strict=True))
            sparsity = {} if case.theirs == "gated" else {"l0": float(options.k)}
            result.peers.setdefault(trainer, {})[name] = figures | sparsity | {"ours_against": against}
            result.ratios[name] = min(against, result.ratios.get(name, against))


def _figures(taken: list[float], batch: int, floor: float) -> Figures:
    middle = statistics.median(taken)
    return {"tokens_per_second": batch / middle, "seconds_per_step": middle, "share_of_floor": floor / middle}


def _request(case: Case, n_features: int, options: ThroughputOptions, tokens: Path) -> dict[str, Any]:
    return {
        "arch": case.theirs,
        "d_model": options.d_model,
        "n_features": n_features,
        "k": options.k,
        "learning_rate": default_learning_rate(n_features),
        "penalty": 0.1,
        "steps": STEPS,
        "batch": options.batch,
        "dead_after": 10_000_000,
        "seed": options.seed,
        "threads": options.threads,
        "tokens": str(tokens),
    }
