"""How much of a known dictionary is recovered, ours and the libraries', at equal steps, batches and sparsity."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from training.activations.stream import FloatArray, State
from training.benchmarks.cases import CASES, Case
from training.benchmarks.known_dictionary import DictionaryOptions, KnownDictionary
from training.benchmarks.peers.child import PEERS, Open, PeerFailed
from training.benchmarks.recovery import Recovery, Trained, recovery
from training.benchmarks.result import Column, Figures, Result
from training.sae.config import FitConfig
from training.sae.export import InSpace
from training.sae.fit import Fit
from training.sae.member import Member, first_guess

HELD_OUT = 16384
PIECE = 1024
LEAST_L0 = 0.8
"""A run whose L0 is below this share of the wanted one, or above its inverse, has missed it and is not chosen."""
Progress = Callable[[str], None]
COLUMNS = (
    Column("mean_max_cosine", "mean max cosine", ".3f"),
    Column("found", "found (cosine ≥ 0.9)", ".3f"),
    Column("fvu", "FVU", ".3f"),
    Column("mean_l0", "L0", ".2f"),
    Column("dead", "dead", ".2f"),
    Column("learning_rate", "learning rate", "g"),
    Column("seconds", "training, s", ".0f"),
)


@dataclass(frozen=True)
class QualityOptions:
    """What to measure.

    Attributes
    ----------
    l0 : int
        Mean active latents: k of the TopK family, what the penalty of the others is steered to, and the truth's mean.
    rates : tuple of float
        Learning rates; the best by mean max cosine is chosen for each trainer.
    """

    cases: tuple[Case, ...] = tuple(CASES.values())
    d_model: int = 64
    n_true: int = 256
    features: int = 512
    l0: int = 8
    steps: int = 4000
    batch: int = 512
    rates: tuple[float, ...] = (1e-3, 3e-3, 1e-2)
    threads: int = 2
    seed: int = 0

    @property
    def dead_after(self) -> int:
        """Tokens of silence after which all trainers take a latent for dead: a fortieth of the run."""
        return max(self.batch, self.steps * self.batch // 40)


class FileStream:
    """A stream over the rows of a file in the order in which they lie there, as the other libraries read them."""

    def __init__(self, path: Path, batch: int) -> None:
        self._tokens = np.load(path, mmap_mode="r")
        self.rows, self.d_model = (int(n) for n in self._tokens.shape)
        self._batch, self._position = batch, 0

    def next_batch(self) -> FloatArray:
        """Return the next rows; the file is a whole number of batches."""
        if self._position + self._batch > self.rows:
            self._position = 0
        first, self._position = self._position, self._position + self._batch
        return np.array(self._tokens[first : first + self._batch])

    def state(self) -> State:
        """Return the position."""
        return {"position": self._position}

    def load_state(self, state: State) -> None:
        """Go to a position."""
        self._position = state["position"]


@dataclass(frozen=True)
class Task:
    """Rows and truth, in files that all trainers read."""

    folder: Path
    tokens: Path
    held_out: Path
    rows: FloatArray
    directions: FloatArray


def measure_quality(options: QualityOptions, start: Open | None, progress: Progress) -> Result:
    """Measure all cases.

    Parameters
    ----------
    start : callable or None
        Starts a library; None measures ours alone.

    Returns
    -------
    Result
        The ratio of a case is our mean max cosine by the best library's.
    """
    result = Result("sae-quality")
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as name:
        task = prepare(Path(name), options)
        peers: dict[tuple[str, str], Figures | None] = {}
        for case in options.cases:
            progress(f"{case.name}, ours")
            own = best((_own(case, rate, options, task) for rate in options.rates), options.l0)
            assert own is not None
            result.ours[case.name] = own
            for adapter in [a for a, has in PEERS.items() if start and case.theirs in has]:
                progress(f"{case.name}, {adapter}")
                if (adapter, case.theirs) not in peers:
                    peers[adapter, case.theirs] = _peer(adapter, case, options, task, start=start, result=result)
                theirs = peers[adapter, case.theirs]
                if theirs is not None:
                    against = own["mean_max_cosine"] / max(theirs["mean_max_cosine"], 1e-12)
                    result.peers.setdefault(adapter, {})[case.name] = theirs | {"ours_against": against}
                    result.ratios[case.name] = min(against, result.ratios.get(case.name, against))
    result.settings = {**asdict(options), "cases": [case.name for case in options.cases], "dtype": "float32"}
    return result


def prepare(folder: Path, options: QualityOptions) -> Task:
    """Draw the rows of training, each of which is read once, and those held out."""
    true = KnownDictionary(DictionaryOptions(options.d_model, options.n_true, float(options.l0), seed=options.seed))
    tokens, held_out = folder / "tokens.npy", folder / "held-out.npy"
    true.write(tokens, options.steps * options.batch, part=0)
    rows = true.rows(HELD_OUT, part=1)
    np.save(held_out, rows)
    return Task(folder, tokens, held_out, rows, true.directions)


def best(runs: Iterable[Figures], l0: float) -> Figures | None:
    """Return the run with the largest mean max cosine among those that came near the wanted L0, if any did."""
    found = list(runs)
    near = [run for run in found if LEAST_L0 < run["mean_l0"] / l0 < 1.0 / LEAST_L0]
    return max(near or found, key=lambda run: run["mean_max_cosine"], default=None)


def _own(case: Case, rate: float, options: QualityOptions, task: Task) -> Figures:
    """Train ours as ``saerad-train fit`` does and measure it."""
    config = case.config(options.features, options.l0, float(options.l0), rate, options.seed)
    never = options.steps + 1
    run = FitConfig(
        (config,),
        options.steps,
        options.batch,
        dead_after=options.dead_after,
        log_every=never,
        evaluate_every=never,
        checkpoint_every=never,
        threads=options.threads,
    )
    fit = Fit(run, FileStream(task.tokens, options.batch), task.rows, task.folder / "ours", {})
    begin = time.perf_counter()
    fit.begin()
    fit.run()
    seconds = time.perf_counter() - begin
    trained = of_member(fit.members[config.name], fit, task.rows)
    return figures(recovery(trained, task.rows, task.directions), rate, seconds)


@torch.no_grad()
def of_member(member: Member, fit: Fit, rows: FloatArray) -> Trained:
    """Return what an autoencoder of ours makes of held-out rows."""
    model = InSpace(member.model, fit.space)
    fires = np.zeros(member.config.n_features, dtype=np.int64)
    pieces: list[FloatArray] = []
    for first in range(0, len(rows), PIECE):
        activations = model.encode(rows[first : first + PIECE])
        fires += (activations > 0).sum(0)
        pieces.append(model.decode(activations))
    decoder = (member.model.w_dec @ fit.space.inverse).numpy()
    return Trained(decoder, np.concatenate(pieces), fires)


def _peer(
    adapter: str, case: Case, options: QualityOptions, task: Task, *, start: Open | None, result: Result
) -> Figures | None:
    """Train a library's autoencoder at every rate, and return its best run."""
    assert start is not None
    runs, peer = [], None
    search = {
        "held_out": str(task.held_out),
        "penalty": first_guess(case.theirs, options.l0, options.d_model),
        "penalty_warm_up": FitConfig.penalty_warm_up,
    }
    try:
        for rate in options.rates:
            peer = peer or start(adapter)
            out = task.folder / f"{adapter}-{case.theirs}-{rate:g}.npz"
            try:
                result.versions[adapter] = peer.ask("start", _request(case, rate, options, task))["version"]
                seconds = float(peer.ask("fit", {**search, "out": str(out)})["seconds"])
            except PeerFailed as failure:
                result.notes.append(f"{failure} ({case.theirs}, learning rate {rate:g})")
                peer.close()
                peer = None
                continue
            with np.load(out) as saved:
                trained = Trained(saved["decoder"], saved["reconstruction"], saved["fires"])
            runs.append(figures(recovery(trained, task.rows, task.directions), rate, seconds))
    finally:
        if peer is not None:
            peer.close()
    return best(runs, options.l0)


def _request(case: Case, rate: float, options: QualityOptions, task: Task) -> dict[str, Any]:
    return {
        "arch": case.theirs,
        "d_model": options.d_model,
        "n_features": options.features,
        "k": options.l0,
        "l0": options.l0 if case.theirs == "gated" else None,
        "learning_rate": rate,
        "penalty": first_guess(case.theirs, options.l0, options.d_model),
        "steps": options.steps,
        "batch": options.batch,
        "dead_after": options.dead_after,
        "seed": options.seed,
        "threads": options.threads,
        "tokens": str(task.tokens),
    }


def figures(found: Recovery, rate: float, seconds: float) -> Figures:
    """Return a run's figures."""
    return {**asdict(found), "learning_rate": rate, "seconds": seconds}
