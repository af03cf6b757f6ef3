"""What a run is trained on, from a store: which images are held out, and the name of exactly these activations."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import UsageError
from training.activations.shuffled import BUFFER_ROWS, StoreStream
from training.activations.store import ActivationStore, Kind, Rows
from training.activations.stream import FloatArray

HELD_OUT_TOKENS = 8192
"""Tokens that the metrics are measured on, unless another number is asked for."""
SHARE = 0.1
"""Share of the patients that is held out where the store names no validation split."""


@dataclass(frozen=True)
class StoreChoice:
    """How a store is read; a run keeps these, so that it goes on with the same rows.

    Attributes
    ----------
    kind : {"class", "patches"}
    held_out : int
        Most tokens to measure on; 0 takes `HELD_OUT_TOKENS`. All held-out images stay untrained on.
    seed : int
        Of the draw of held-out patients and tokens.
    share : float
        Share of the patients to hold out where the store names no validation split.
    buffer : int
        Tokens of a window of the stream.
    """

    kind: Kind = "class"
    held_out: int = 0
    seed: int = 0
    share: float = SHARE
    buffer: int = BUFFER_ROWS


class StoreTokens:
    """A store split into images to train on and images held out, patients apart.

    Held out are the images of the split "val"; where there are none, those of a share of the patients (an image of
    nobody known is a patient of its own). Images of the split "test" are neither trained on nor measured on.

    Parameters
    ----------
    folder : Path
    choice : StoreChoice
    verify : bool
        Hash every byte of the store first.

    Attributes
    ----------
    train_rows, held_out_rows : ndarray of int64
        Images, ascending.
    held_out : ndarray of float32, shape (N, d_model)
        Tokens to measure on, drawn from the held-out images.
    rows : int
        Tokens to train on.
    identity : dict
        JSON values that name the content and the split.

    Raises
    ------
    StoreError
        What opening and verifying a store raise; ``STORE_NO_PATCHES``.
    UsageError
        ``FIT_STORE`` when there is nothing to train on or to measure on, or a patient would be on both sides.
    """

    def __init__(self, folder: Path, choice: StoreChoice, *, verify: bool = True) -> None:
        self.store = ActivationStore(folder)
        if verify:
            self.store.verify()
        self.choice = choice
        self.train_rows, self.held_out_rows, how = _split(self.store, choice)
        per_image = self.store.tokens_per_row(choice.kind)
        self.rows, self.d_model = len(self.train_rows) * per_image, self.store.d_model
        self.held_out = self._draw(per_image)
        self.identity: dict[str, Any] = {
            "sha256": self.store.sha256,
            "encoder": self.store.recipe.encoder_identity,
            "layer": self.store.recipe.layer,
            "kind": choice.kind,
            "rows": self.rows + len(self.held_out_rows) * per_image,
            "d_model": self.d_model,
            "held_out": choice.held_out,
            "held_out_tokens": len(self.held_out),
            "held_out_images": len(self.held_out_rows),
            "held_out_by": how,
            "seed": choice.seed,
            "share": choice.share,
            "buffer": choice.buffer,
        }

    def stream(self, batch: int, seed: int) -> StoreStream:
        """Return the training tokens as a stream."""
        kind, buffer = self.choice.kind, self.choice.buffer
        return StoreStream(self.store, batch, seed, rows=self.train_rows, tokens=kind, buffer_rows=buffer)

    def _draw(self, per_image: int) -> FloatArray:
        """Read the tokens to measure on: all of the held-out images', or as many as are wanted, drawn at random."""
        wanted, total = self.choice.held_out or HELD_OUT_TOKENS, len(self.held_out_rows) * per_image
        drawn = np.arange(min(total, wanted))
        if total > wanted:
            # Without a list of all of them, which for patches may be billions.
            drawn = np.sort(np.random.default_rng(self.choice.seed).choice(total, wanted, replace=False, shuffle=False))
        images, places = np.divmod(drawn, per_image)
        tokens = self.held_out_rows[images] * per_image + places
        return np.asarray(self.store.take(tokens, self.choice.kind)[:, 0], dtype=np.float32)


def choice_of(identity: dict[str, Any]) -> StoreChoice:
    """Return the choice that an identity was made with."""
    return StoreChoice(identity["kind"], identity["held_out"], identity["seed"], identity["share"], identity["buffer"])


def _split(store: ActivationStore, choice: StoreChoice) -> tuple[Rows, Rows, str]:
    """Return the images to train on, the held-out ones, and how they were chosen."""
    index = store.index(["split", "patient_id", "sample_id"])
    split = np.array(index["split"].to_pylist(), dtype=str)
    patient = np.array(
        [name or f"image {sample}" for name, sample in _pairs(index["patient_id"], index["sample_id"])], dtype=str
    )
    usable = np.isin(split, ["train", ""])
    held = split == "val"
    how = "split val"
    if not held.any():
        held = usable & _some_patients(patient, usable, choice)
        usable, how = usable & ~held, f"{choice.share:.0%} of the patients"
    if not held.any() or not usable.any():
        raise _unusable(store.folder, f"{usable.sum()} images to train on and {held.sum()} to hold out")
    if both := sorted(set(patient[usable]) & set(patient[held])):
        raise _unusable(store.folder, f"{len(both)} patients, the first {str(both[0])!r}, are in train and in val")
    return np.flatnonzero(usable).astype(np.int64), np.flatnonzero(held).astype(np.int64), how


def _some_patients(
    patient: npt.NDArray[np.str_], usable: npt.NDArray[np.bool_], choice: StoreChoice
) -> npt.NDArray[np.bool_]:
    names = np.unique(patient[usable])
    drawn = np.random.default_rng(choice.seed).permutation(names)[: round(choice.share * len(names))]
    return np.isin(patient, drawn)


def _pairs(first: Any, second: Any) -> zip[tuple[str, str]]:
    return zip(first.to_pylist(), second.to_pylist(), strict=True)


def _unusable(folder: Path, why: str) -> UsageError:
    return UsageError(
        "FIT_STORE", f"{folder} cannot be trained on: {why}", "harvest images with patients and splits that are apart"
    )
