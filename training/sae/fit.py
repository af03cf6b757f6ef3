"""A run of training: many autoencoders on one stream, which can be stopped at any moment and gone on with exactly."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from engine.cli.terminal import unknown_size
from engine.cluster.crew import Crew
from engine.errors import SaeRadError, UsageError
from training.activations.stream import FloatArray, TokenStream
from training.interrupt import StopRequest
from training.recipe import differences
from training.sae.checkpoint import Checkpoint, load, save, write_json
from training.sae.config import FitConfig, by_option
from training.sae.encoding import Scratch
from training.sae.export import InSpace
from training.sae.member import Diverged, Member
from training.sae.metrics import measure
from training.sae.refusals import check_device, check_tokens
from training.sae.results import held_out_values, write_diverged, write_result
from training.sae.run_folder import CONFIGURATION
from training.sae.run_log import RunLog
from training.sae.space import Space


class Fit:
    """A run.

    Parameters
    ----------
    config : FitConfig
    stream : TokenStream
        At its beginning.
    held_out : ndarray of float32, shape (N, d_model)
        Tokens that are not in the stream, for the metrics.
    folder : Path
        Receives ``fit.json`` (configuration and identity), ``checkpoint.safetensors`` and, for each autoencoder, a
        folder with ``metrics.jsonl`` and at the end ``model.safetensors``, ``sae.safetensors`` and ``result.json``,
        which is all that an autoencoder leaves that diverged.
    identity : mapping
        JSON values that name data and code: a run is only gone on with where its data are the same.
    crew : Crew, optional
        Who computes the gradients of the batches' parts; None is this process. All else happens here.

    Attributes
    ----------
    diverged : dict
        Autoencoders that learn no more because their loss was no finite number, with the step at which.
    """

    def __init__(
        self,
        config: FitConfig,
        stream: TokenStream,
        held_out: FloatArray,
        folder: Path,
        identity: Mapping[str, Any],
        *,
        crew: Crew | None = None,
    ) -> None:
        self.config = config.resolved()
        self.stream, self.held_out, self.folder, self.identity = stream, held_out, folder, identity
        self._device = torch.device(self.config.device)
        check_device(self._device, crew)
        scratch = Scratch(self._device)
        self.members = {sae.name: Member(sae, self.config, stream.d_model, scratch, crew=crew) for sae in config.saes}
        self.step = 0
        self.diverged: dict[str, int] = {}
        self.space: Space

    def begin(self) -> None:
        """Start all autoencoders from the stream's first tokens, which are read again afterwards."""
        torch.set_num_threads(self.config.threads)
        position = self.stream.state()
        drawn: list[Tensor] = []
        while sum(len(rows) for rows in drawn) < min(self.config.sample_rows, self.stream.rows):
            drawn.append(self._tensor(self.stream.next_batch()))
        self.stream.load_state(position)
        sample = torch.cat(drawn)
        for rows, name in ((sample, "tokens to train on"), (torch.from_numpy(self.held_out), "held-out tokens")):
            check_tokens(rows, name)
        whitening = self.config.whitening
        self.space = Space.fit(sample, whitening) if whitening else Space.scaled(sample)
        entered = self.space.enter(sample)
        for member in self.members.values():
            member.start(entered)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SaeRadError(
                "FIT_WRITE", f"the folder {self.folder} cannot be made ({error.strerror})", "name another --out"
            ) from error
        write_json(self.folder / CONFIGURATION, {"config": self.config.to_json(), "identity": dict(self.identity)})
        for name in self.members:
            RunLog(self.folder / name).begin()
        self.save()

    def resume(self) -> None:
        """Go on from the folder's checkpoint.

        Raises
        ------
        SaeRadError
            ``FIT_CHECKPOINT`` when it cannot be read, ``FIT_OTHER_RUN`` when it is that of another configuration or of
            other data.
        """
        checkpoint = load(self.folder)
        saved = {**checkpoint.meta["config"], "data": checkpoint.meta["data"]}
        # Through JSON, as the saved values went.
        asked = json.loads(json.dumps({**self.config.to_json(), "data": self.identity.get("data")}))
        # A sweep is a long list: what was asked for says more than that it differs.
        swept = differences(by_option(saved["saes"]), by_option(asked["saes"]))
        if found := swept + differences(saved | {"saes": asked["saes"]} if swept else saved, asked):
            raise UsageError(
                "FIT_OTHER_RUN",
                f"{self.folder} holds a run with other options or other data: {', '.join(found)}",
                "resume it with --out and --resume alone, or begin another in a new folder",
            )
        self.step = int(checkpoint.meta["step"])
        self.diverged = dict(checkpoint.meta["diverged"])
        self.stream.load_state({key: int(value) for key, value in checkpoint.meta["stream"].items()})
        kept = {key: value.to(self._device, copy=True) for key, value in checkpoint.part("space").items()}
        factor = checkpoint.meta["factor"]
        self.space = (
            Space(kept["centre"], kept["forward"], kept["inverse"])
            if factor is None
            else Space.of_factor(kept["centre"], factor)
        )
        for name, member in self.members.items():
            member.load(checkpoint.part(name), checkpoint.meta["members"][name], self.step)
            RunLog(self.folder / name).forget_after(self.step)

    def save(self) -> None:
        """Write the checkpoint."""
        tensors: dict[str, Tensor] = {}
        for name, member in self.members.items():
            tensors |= {f"{name}/{key}": value for key, value in member.tensors().items()}
        tensors["space/centre"] = self.space.centre
        if self.space.factor is None:
            tensors["space/forward"], tensors["space/inverse"] = self.space.forward, self.space.inverse
        meta = {
            "step": self.step,
            "stream": self.stream.state(),
            "config": self.config.to_json(),
            "data": self.identity.get("data"),
            "factor": self.space.factor,
            "diverged": self.diverged,
            "members": {name: member.meta() for name, member in self.members.items()},
        }
        save(self.folder, Checkpoint(meta, tensors))

    def run(self) -> dict[str, dict[str, Any]]:
        """Train to the end and write the results.

        Returns
        -------
        dict
            What ``result.json`` of each autoencoder holds that did not diverge, by its name.

        Raises
        ------
        KeyboardInterrupt
            When SIGINT or SIGTERM came: the run is saved and can be gone on with.
        Diverged
            When no autoencoder is left that learns.
        """
        config = self.config
        torch.set_num_threads(config.threads)
        with (
            StopRequest() as stopped,
            torch.no_grad(),
            tqdm(
                total=config.steps,
                initial=self.step,
                unit="step",
                desc="fit",
                disable=None,
                mininterval=1.0,
                **unknown_size(),
            ) as bar,
        ):
            while self.step < config.steps:
                self._advance()
                bar.update()
                asked = stopped()  # once: a signal between two looks would end the run unsaved
                if asked or self.step % config.checkpoint_every == 0 or self.step == config.steps:
                    self.save()
                if asked and self.step < config.steps:
                    raise KeyboardInterrupt(
                        f"stopped at step {self.step}; saerad-train fit --out {self.folder} --resume goes on"
                    )
            for name, step in self.diverged.items():
                write_diverged(self.folder / name, self.members[name], step)
            return {
                name: write_result(self.folder / name, member, self.space, self.held_out, self.step)
                for name, member in self.members.items()
                if name not in self.diverged
            }

    def _advance(self) -> None:
        """Read a batch and let every autoencoder learn from it."""
        config = self.config
        x = self.space.enter(self._tensor(self.stream.next_batch()))
        step, self.step = self.step, self.step + 1
        logged = config.is_logged(self.step)
        variance = float((x - x.mean(0)).square().sum()) if logged else 0.0
        for name, member in self.members.items():
            if name in self.diverged:
                continue
            try:
                found = member.step(x, step)
            except Diverged as error:
                # The others of a sweep go on.
                self.diverged[name] = error.step
                if len(self.diverged) == len(self.members):
                    raise
                continue
            if logged:
                assert found.residual is not None
                self._log(
                    name,
                    "train",
                    {
                        **found.terms,
                        "fvu": float(found.residual.square().sum()) / max(variance, 1e-12),
                        "l0": found.mean_l0(),
                        "penalty": member.penalty(step),
                        "learning_rate": member.optimizer.param_groups[0]["lr"],
                        "dead": len(member.counter.dead()) / member.config.n_features,
                    },
                )
            if self.step % config.evaluate_every == 0 or self.step == config.steps:
                self._log(name, "held-out", held_out_values(measure(InSpace(member.model, self.space), self.held_out)))

    def _tensor(self, rows: FloatArray) -> Tensor:
        return torch.from_numpy(rows).to(self._device)

    def _log(self, name: str, kind: str, values: Mapping[str, float]) -> None:
        RunLog(self.folder / name).append(kind, self.step, self.step * self.config.batch, values)
