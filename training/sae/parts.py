"""A step whose batch is cut into parts: what a worker is given, what it hands back, and how that is summed up."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from engine.cluster.crew import Crew
from training.sae.architectures import ARCHITECTURES, Shape
from training.sae.architectures.base import Architecture, Outcome, Step, grad
from training.sae.encoding import Scratch

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Design:
    """What a model is built from, here or by a worker.

    Attributes
    ----------
    arch : str
        Key of :data:`training.sae.architectures.ARCHITECTURES`.
    shape : Shape
    low_precision : bool
        See `Architecture`.
    """

    arch: str
    shape: Shape
    low_precision: bool

    def build(self, scratch: Scratch) -> Architecture:
        """Return a model with weights of nought, where the memory lies."""
        with scratch.device:
            model = ARCHITECTURES[self.arch](self.shape, scratch)
        model.low_precision = self.low_precision
        return model


@dataclass(frozen=True)
class Found:
    """What a step found, all that is needed of it once the gradients are written.

    Attributes
    ----------
    terms : dict of str to float
        Terms of the loss, means over the batch.
    rows : int
    fires : Tensor of int64, shape (features,)
        How often each latent fired.
    residual : Tensor, shape (rows, d), or None
        ``x_hat - x``; None where it was not asked for.
    smallest : float or None
        See `Outcome`.
    """

    terms: dict[str, float]
    rows: int
    fires: Tensor
    residual: Tensor | None
    smallest: float | None

    @classmethod
    def of(cls, outcome: Outcome) -> Found:
        """Return what matters of an outcome."""
        rows = len(outcome.residual)
        return cls(outcome.terms, rows, outcome.fires(), outcome.residual, outcome.smallest)

    def mean_l0(self) -> float:
        """Return the mean number of latents that fired on a row."""
        return int(self.fires.sum()) / self.rows


@dataclass(frozen=True)
class PartTask:
    """What all parts of a step have in common.

    Attributes
    ----------
    design : Design
    weights : dict of str to ndarray of float32
    sparsity_weight : float
    dead : ndarray of int64, shape (m,), or None
        See `Step`.
    threads : int
        Of the processor, for each part.
    residual : bool
        Whether residuals are handed back.
    """

    design: Design
    weights: dict[str, FloatArray]
    sparsity_weight: float
    dead: npt.NDArray[np.int64] | None
    threads: int
    residual: bool


@dataclass(frozen=True)
class PartResult:
    """What a part found, as arrays, which travel without being copied; fields as of `Found`.

    Attributes
    ----------
    gradients : dict of str to ndarray of float32
        Where the worker is this process, they are overwritten by the next part.
    """

    terms: dict[str, float]
    rows: int
    fires: npt.NDArray[np.int64]
    residual: FloatArray | None
    smallest: float | None
    gradients: dict[str, FloatArray]


def gradients_in_parts(
    crew: Crew, design: Design, model: Architecture, x: Tensor, step: Step, *, parts: int, threads: int, residual: bool
) -> Found:
    """Write the gradients of a batch, shape (rows, d), into the model's, each part's computed by a crew.

    The loss is a mean over rows, so the gradients are the parts' means weighted by their rows. They are summed in the
    order of the parts, so that the bits do not depend on who computed what.
    """
    dead = None if step.dead is None else step.dead.numpy()
    weights = {name: value.numpy() for name, value in model.named_parameters()}
    task = PartTask(design, weights, step.sparsity_weight, dead, threads, residual)
    jobs = (piece.numpy() for piece in x.tensor_split(parts))
    return sum_up(model, crew.map(part_gradients, task, jobs), len(x))


def part_gradients(task: PartTask, x: FloatArray) -> PartResult:
    """Compute the gradients of a part, shape (rows, d); the model's memory stays for the next."""
    torch.set_num_threads(task.threads)
    model = kept_model(task.design)
    with torch.no_grad():
        for name, value in model.named_parameters():
            np.copyto(value.numpy(), task.weights[name])
        dead = None if task.dead is None else torch.tensor(task.dead)
        outcome = model.gradients(torch.tensor(x), Step(task.sparsity_weight, dead))
    return PartResult(
        outcome.terms,
        len(x),
        outcome.fires().numpy(),
        outcome.residual.numpy() if task.residual else None,
        outcome.smallest,
        {name: grad(value).numpy() for name, value in model.named_parameters()},
    )


@lru_cache(maxsize=1)
def kept_model(design: Design) -> Architecture:
    """Return this process's model of a design; a worker's memory stays from step to step."""
    return design.build(Scratch())


def sum_up(model: Architecture, results: Iterator[PartResult], rows: int) -> Found:
    """Sum up results as they come, so that no more than one part's gradients need be held here."""
    terms: dict[str, float] = {}
    fires = torch.zeros(model.n_features, dtype=torch.int64)
    residuals: list[Tensor] = []
    smallest: list[tuple[float, float]] = []
    for number, found in enumerate(results):
        share = found.rows / rows
        for name, value in model.named_parameters():
            gradient = _tensor(found.gradients[name])
            if number == 0:
                torch.mul(gradient, share, out=grad(value))
            else:
                grad(value).add_(gradient, alpha=share)
        for name, term in found.terms.items():
            terms[name] = terms.get(name, 0.0) + share * term
        fires.add_(_tensor(found.fires))
        if found.residual is not None:
            residuals.append(_tensor(found.residual))
        if found.smallest is not None:
            smallest.append((share, found.smallest))
    mean = sum(share * value for share, value in smallest) / sum(share for share, _ in smallest) if smallest else None
    return Found(terms, rows, fires, torch.cat(residuals) if residuals else None, mean)


def _tensor(array: npt.NDArray[np.float32] | npt.NDArray[np.int64]) -> Tensor:
    with warnings.catch_warnings():
        # What came from a worker may not be written to, and is not.
        warnings.simplefilter("ignore", UserWarning)
        return torch.from_numpy(array)
