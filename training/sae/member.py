"""One autoencoder of a run: model, optimiser, schedules, counters; all of it can be saved and found again."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from engine.cluster.crew import Crew, LocalCrew
from engine.errors import SaeRadError
from training.sae.architectures import Shape
from training.sae.architectures.base import Step
from training.sae.config import FitConfig, SaeConfig
from training.sae.controller import SparsityController
from training.sae.dead import DeadCounter, resample
from training.sae.encoding import Scratch
from training.sae.parts import Design, Found, gradients_in_parts
from training.sae.schedule import penalty_factor, rate_factor
from training.sae.starts import start

CONTROL_EVERY = 10
PULL = 10.0
"""Thresholds of JumpReLU are let down from where a tenth too few latents fire."""
RESAMPLE_UNTIL = 0.9
"""Share of the run behind which a latent with a new start would learn too little."""
START_TIMES = 3.0
"""The autoencoder begins with this many times the active latents it is to have."""
BETAS = (0.9, 0.999)


class Diverged(SaeRadError):  # noqa: N818 - says what became of an autoencoder
    """The loss of an autoencoder is no finite number any more.

    Parameters
    ----------
    name : str
        Of the autoencoder.
    step : int
        Steps that it had learnt in.
    """

    def __init__(self, name: str, step: int) -> None:
        super().__init__(
            "FIT_DIVERGED",
            f"the loss of {name} is no number any more at step {step + 1}",
            "train it again in a new folder with a lower learning rate",
        )
        self.step = step


class Member:
    """One autoencoder in training.

    Parameters
    ----------
    config : SaeConfig
    run : FitConfig
        Resolved.
    d_model : int
    scratch : Scratch
        Shared by the run's autoencoders, which take turns.
    crew : Crew, optional
        Who computes gradients; None computes them here.
    """

    def __init__(
        self, config: SaeConfig, run: FitConfig, d_model: int, scratch: Scratch, *, crew: Crew | None = None
    ) -> None:
        self.config, self._run, self._crew = config, run, crew or LocalCrew()
        shape = Shape(d_model, config.n_features, config.k, config.variant)
        self._design = Design(config.arch, shape, run.dtype == "bfloat16")
        self.model = self._design.build(scratch)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=config.learning_rate, betas=BETAS, fused=True)
        self.counter = DeadCounter(config.n_features, run.dead_after, scratch.device)
        self.generator = torch.Generator("cpu").manual_seed(config.seed)
        self.controller = controller(config, d_model) if config.l0 else None
        self._l0: list[float] = []

    def start(self, sample: Tensor) -> None:
        """Set the weights from a sample of the data, shape (N, d)."""
        start(
            self.model,
            sample,
            self.generator,
            l0=START_TIMES * self.config.expected_l0,
            bias=self._run.start_bias,
            directions=self._run.start_directions,
        )

    def penalty(self, step: int) -> float:
        """Return λ of a step."""
        weight = self.controller.weight if self.controller else self.config.penalty
        return weight * penalty_factor(step, self._run.steps, self._run.penalty_warm_up)

    def step(self, x: Tensor, step: int) -> Found:
        """Learn from a batch, shape (rows, d).

        Raises
        ------
        Diverged
            When the loss is no finite number; the weights are then as they were.
        """
        run = self._run
        revive = self.config.revival if run.revive else "none"
        dead = self.counter.dead() if revive != "none" else None
        due = (step + 1) % run.resample_every == 0 and step + 1 < RESAMPLE_UNTIL * run.steps
        resampling = revive == "resample" and due and dead is not None and len(dead) > 0
        asked = Step(self.penalty(step), dead if revive == "auxk" else None)
        found = self._gradients(x, asked, residual=resampling or run.is_logged(step + 1))
        if not math.isfinite(sum(found.terms.values())):
            raise Diverged(self.config.name, step)
        self.model.learn_threshold(found.smallest)
        self.model.before_step()
        factor = rate_factor(step, run.steps, run.warm_up, run.decay_from)
        for group in self.optimizer.param_groups:
            group["lr"] = self.config.learning_rate * factor
        self.optimizer.step()
        self.model.after_step()
        self.counter.update(found.fires, len(x))
        self._steer(found, step)
        if resampling:
            assert dead is not None and found.residual is not None
            resample(
                self.model,
                self.optimizer,
                dead,
                x=x,
                residual=found.residual,
                generator=self.generator,
                l0=self.config.expected_l0,
            )
            self.counter.silent[dead] = 0
        return found

    def _gradients(self, x: Tensor, step: Step, *, residual: bool) -> Found:
        """Write the gradients of a batch; the residual is handed back if asked for."""
        run = self._run
        if isinstance(self._crew, LocalCrew) and run.parts == 1:
            return Found.of(self.model.gradients(x, step))
        return gradients_in_parts(
            self._crew,
            self._design,
            self.model,
            x,
            step,
            parts=run.parts,
            threads=run.threads,
            residual=residual,
        )

    def _steer(self, found: Found, step: int) -> None:
        if self.controller is None:
            return
        self._l0.append(found.mean_l0())
        if len(self._l0) == CONTROL_EVERY:
            if penalty_factor(step, self._run.steps, self._run.penalty_warm_up) == 1.0:
                self.controller.update(sum(self._l0) / CONTROL_EVERY)
            self._l0.clear()

    def tensors(self) -> dict[str, Tensor]:
        """Return weights, optimiser, counters and random state by name."""
        found = {f"model/{name}": value for name, value in self.model.state_dict().items()}
        for name, value in self.model.named_parameters():
            state = self.optimizer.state.get(value)
            if state:
                found[f"mean/{name}"], found[f"square/{name}"] = state["exp_avg"], state["exp_avg_sq"]
        return found | {"silent": self.counter.silent, "generator": self.generator.get_state()}

    def meta(self) -> dict[str, Any]:
        """Return what is no tensor."""
        return {"controller": self.controller.state() if self.controller else None, "recent_l0": list(self._l0)}

    def load(self, tensors: Mapping[str, Tensor], meta: Mapping[str, Any], step: int) -> None:
        """Go on after a number of finished steps.

        Values are copied into memory that PyTorch aligned: a matrix product may sum in another order elsewhere.
        """
        parameters = dict(self.model.named_parameters())
        for name, value in self.model.state_dict().items():
            value.copy_(tensors[f"model/{name}"])
        if step:
            for name, value in parameters.items():
                self.optimizer.state[value] = {
                    "step": torch.tensor(float(step), device=value.device),
                    "exp_avg": torch.empty_like(value).copy_(tensors[f"mean/{name}"]),
                    "exp_avg_sq": torch.empty_like(value).copy_(tensors[f"square/{name}"]),
                }
        self.counter.silent.copy_(tensors["silent"])
        self.generator.set_state(tensors["generator"].clone())
        if self.controller is not None:
            self.controller.load_state(meta["controller"])
        self._l0 = list(meta["recent_l0"])


def controller(config: SaeConfig, d_model: int) -> SparsityController:
    """Return what steers an autoencoder's penalty to its L0."""
    guess = first_guess(config.arch, config.l0, d_model)
    return SparsityController(guess, config.l0, pull=PULL if config.arch == "jumprelu" else 0.0)


def first_guess(arch: str, l0: float, d_model: int) -> float:
    """Return a penalty to begin the search at, for data of mean squared length d.

    With L0 active latents, one explains about d / L0. An L1 penalty takes λ/2 off each activation, an L0 penalty
    removes latents that explain less than λ.
    """
    explained = d_model / l0
    return 0.05 * explained if arch == "jumprelu" else 0.1 * math.sqrt(explained)
