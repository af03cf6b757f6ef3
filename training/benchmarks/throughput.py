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
from training.benchmarks.timing import encoder_flops, seconds
from training.benchmarks.turns import Times, Turn, take_turns
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
            for theirs in dict.fromkeys(case.theirs for case in options.cases):
                progress(f"{theirs}, {n_features} latents")
                _family(result, theirs, n_features, options, start=start, tokens=tokens)
    result.settings = {**asdict(options), "cases": [case.name for case in options.cases], "dtype": "float32"}
    return result


def _family(
    result: Result, theirs: str, n_features: int, options: ThroughputOptions, *, start: Open | None, tokens: Path
) -> None:
    """Measure ours of one family, which may be several, and the libraries' of one width."""
    rows = torch.from_numpy(np.load(tokens))
    batches = rows.split(options.batch)
    cases = [case for case in options.cases if case.theirs == theirs]
    ours = {case.name: OwnStep(case, n_features, options, rows) for case in cases}
    turns: dict[str, Turn] = {name: partial(_own_turn, step, batches) for name, step in ours.items()}
    peers: dict[str, Peer] = {}
    try:
        for adapter in [adapter for adapter, has in PEERS.items() if start and theirs in has]:
            assert start is not None
            peers[adapter] = start(adapter)
            try:
                answer = peers[adapter].ask("start", _request(theirs, n_features, options, tokens))
                result.versions[adapter] = answer["version"]
                turns[adapter] = partial(_peer_turn, peers[adapter])
            except PeerFailed as failure:
                result.notes.append(str(failure))
        times = take_turns(turns, options.rounds)
    finally:
        for peer in peers.values():
            peer.close()
    result.notes += times.failed
    floor = encoder_flops(options.d_model, n_features) * options.batch
    for case in cases:
        name = f"{case.name} {n_features}"
        result.ours[name] = _figures(times, case.name, options.batch, floor) | {"l0": ours[case.name].l0}
        for adapter in [adapter for adapter in peers if adapter in times.steps]:
            against = times.against(case.name, adapter)
            sparsity = {} if theirs == "gated" else {"l0": float(options.k)}
            figures = _figures(times, adapter, options.batch, floor) | sparsity | {"ours_against": against}
            result.peers.setdefault(adapter, {})[name] = figures
            result.ratios[name] = min(against, result.ratios.get(name, against))


def _own_turn(step: OwnStep, batches: tuple[Tensor, ...], number: int) -> float:
    return seconds(partial(step, batches[number % len(batches)]))


def _peer_turn(peer: Peer, _number: int) -> float:
    return float(peer.ask("step", {})["seconds"])


def _figures(times: Times, trainer: str, batch: int, floor: float) -> Figures:
    middle = statistics.median(times.steps[trainer])
    return {
        "tokens_per_second": batch / middle,
        "seconds_per_step": middle,
        "share_of_floor": times.share(trainer, floor),
        "peak_gflops": statistics.median(times.speed) / 1e9,
    }


def _request(theirs: str, n_features: int, options: ThroughputOptions, tokens: Path) -> dict[str, Any]:
    return {
        "arch": theirs,
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
