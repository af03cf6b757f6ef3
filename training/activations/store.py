"""Read a finished store of activations: rows are mapped from the disk, never loaded whole."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from engine.errors import StoreError
from training.activations.layout import (
    FAILURES_NAME,
    INDEX_NAME,
    STORE_NAME,
    Recipe,
    damaged,
    read_store_file,
)
from training.activations.shard import CLASS, PATCHES, Array, Tensors, check_shard, file_sha256, map_tensor

Kind = Literal["class", "patches"]
Rows = npt.NDArray[np.int64]
_TENSORS: dict[Kind, str] = {"class": CLASS, "patches": PATCHES}


class ActivationStore:
    """The tokens of N images, numbered 0 to N - 1 in the order of their manifest.

    Opening it checks the description, and every shard's size and header; `verify` checks every byte.

    Parameters
    ----------
    folder : Path

    Attributes
    ----------
    folder : Path
    recipe : Recipe
        What it was made from.
    d_model : int
        Width D of a token.
    rows : int
        Images N.

    Raises
    ------
    StoreError
        ``STORE_MISSING``, ``STORE_SCHEMA``, ``STORE_DAMAGED``, ``STORE_UNFINISHED``.
    """

    def __init__(self, folder: Path) -> None:
        store = read_store_file(folder)
        if not store.complete or len(store.shards) != store.recipe.shards:
            raise StoreError(
                "STORE_UNFINISHED",
                f"{folder} is not finished: {len(store.shards)} of {store.recipe.shards} shards",
                "run the same 'saerad-train harvest' again; it goes on where it stopped",
            )
        self.folder, self.d_model = folder, store.d_model
        self.recipe: Recipe = store.recipe
        self._entries, self._index_sha256 = store.shards, store.index_sha256
        self._tensors = self._check(hashed=False)
        self._starts = np.cumsum([0, *(entry.rows for entry in self._entries)])
        self.rows = int(self._starts[-1])
        self._mapped: dict[tuple[int, Kind], Array] = {}

    @property
    def sha256(self) -> str:
        """SHA-256 of ``store.json``, which lists the hash of every file: one name for exactly this content."""
        return file_sha256(self.folder / STORE_NAME)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the stored numbers."""
        return np.dtype(self.recipe.dtype)

    @property
    def has_patches(self) -> bool:
        """Whether patch tokens are there beside the class token."""
        return self.recipe.tokens == "class+patches"

    def tokens_per_row(self, kind: Kind) -> int:
        """Tokens an image: one class token, or P patch tokens."""
        return 1 if kind == "class" else self.recipe.patches

    def take(self, runs: Rows, kind: Kind = "class", length: int = 1) -> Array:
        """Read runs of neighbouring tokens of images, in the order asked for.

        Parameters
        ----------
        runs : ndarray of int64, shape (K,)
            Numbers of the runs when all tokens of the store, image by image, are cut into runs of `length`. With
            the class token and length 1: numbers of images.
        kind : {"class", "patches"}
        length : int
            Divides the tokens an image.

        Returns
        -------
        ndarray of the store's type, shape (K, length, D)

        Raises
        ------
        StoreError
            ``STORE_NO_PATCHES``.
        IndexError
            For a run that the store does not have.
        """
        per_row = self.tokens_per_row(kind)
        if kind == "patches" and not self.has_patches:
            raise StoreError("STORE_NO_PATCHES", f"{self.folder} holds class tokens only", "harvest class+patches")
        if per_row % length:
            raise ValueError(f"runs of {length} do not divide {per_row} tokens an image")
        starts = self._starts * (per_row // length)
        if runs.size and not 0 <= int(runs.min()) <= int(runs.max()) < starts[-1]:
            raise IndexError(f"the store has {starts[-1]} runs")
        found = np.empty((len(runs), length, self.d_model), self.dtype)
        # In the order of the disk, whatever order was asked for.
        order = np.argsort(runs, kind="stable")
        bounds = np.searchsorted(runs[order], starts)
        for shard in np.flatnonzero(np.diff(bounds)).tolist():
            part = order[bounds[shard] : bounds[shard + 1]]
            found[part] = self._tensor(shard, kind).reshape(-1, length, self.d_model)[runs[part] - starts[shard]]
        return found

    def class_tokens(self, rows: Rows) -> npt.NDArray[np.float32]:
        """Return the class tokens of images in the order asked for, float32 (K, D)."""
        return np.asarray(self.take(rows)[:, 0], dtype=np.float32)

    def index(self, columns: Collection[str] | None = None) -> pa.Table:
        """Return who the rows are: row, sample_id, path, split, patient_id, labels_present, shard, place."""
        return self._table(INDEX_NAME, columns)

    def failures(self) -> pa.Table:
        """Return the images that are not in the store: sample_id, path, code, message."""
        return self._table(FAILURES_NAME, None)

    def rows_of(self, splits: Collection[str]) -> Rows:
        """Return the numbers of the images of some splits, ascending."""
        split = self.index(["split"])["split"]
        wanted = pc.is_in(split, value_set=pa.array(sorted(splits), pa.string())).to_numpy()
        return np.flatnonzero(wanted).astype(np.int64)

    def verify(self) -> None:
        """Hash every shard and the index.

        Raises
        ------
        StoreError
            ``STORE_DAMAGED``, naming the first file that is not as it was written.
        """
        self._check(hashed=True)
        self._table(FAILURES_NAME, None)
        content = (self.folder / INDEX_NAME).read_bytes() if (self.folder / INDEX_NAME).is_file() else b""
        if hashlib.sha256(content).hexdigest() != self._index_sha256:
            raise damaged(self.folder, f"{INDEX_NAME} has another hash than when it was written")

    def _check(self, *, hashed: bool) -> list[Tensors]:
        """Check every shard and return where its tensors lie; the ids are left to the index."""
        try:
            return [check_shard(self.folder, entry, self.recipe, hashed=hashed).tensors for entry in self._entries]
        except ValueError as error:
            raise damaged(self.folder, str(error)) from error

    def _tensor(self, shard: int, kind: Kind) -> Array:
        if (shard, kind) not in self._mapped:
            path = self.folder / self._entries[shard].file
            self._mapped[shard, kind] = map_tensor(path, self._tensors[shard], _TENSORS[kind])
        return self._mapped[shard, kind]

    def _table(self, name: str, columns: Collection[str] | None) -> pa.Table:
        try:
            return pq.read_table(self.folder / name, columns=None if columns is None else list(columns))
        except (OSError, pa.ArrowException) as error:
            raise damaged(self.folder, f"{name} cannot be read") from error
