"""Training batches from a store in an order that is mixed, bounded in memory, and found again from three numbers."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt

from engine.errors import StoreError, UsageError
from training.activations.shard import Array
from training.activations.store import ActivationStore, Kind, Rows
from training.activations.stream import FloatArray, State

BUFFER_ROWS = 1 << 17
"""Tokens in memory: 192 MiB at 768 dimensions in float16."""
RUN_LENGTH = 16
"""Patch tokens that are read in one piece, about: 24 KiB at 768 dimensions in float16, a few pages of the disk."""
_PIECE = 1 << 10
"""Tokens that are taken from the store at once, on their way into the window."""


class StoreStream:
    """Endless shuffled batches of a store's tokens (`training.activations.stream.TokenStream`).

    An epoch is drawn thus: the tokens of the chosen images are cut into runs of neighbours (of one class token, or of
    about `RUN_LENGTH` patches of one image); the runs are put into an order drawn from (seed, epoch); that order is
    cut into windows of about `buffer_rows` tokens; a window is read from the disk in one pass and its tokens are
    shuffled by (seed, epoch, window). Class tokens come in a uniform random permutation. A patch token is in a
    window that it shares with its run and with runs of other images drawn at random. Nothing depends on what was
    read before, so a position is found again by reading one window.

    Parameters
    ----------
    store : ActivationStore
    batch : int
        Tokens a batch.
    seed : int
    splits : collection of str, optional
        Only images of these splits.
    rows : ndarray of int64, optional
        Only these images; with `splits`, those of them that are in the splits.
    tokens : {"class", "patches"}
    buffer_rows : int
        Tokens a window: more mix patches better and take more memory, see `memory_bytes`.

    Attributes
    ----------
    d_model : int
        Width of a token.
    rows : int
        Tokens of one epoch.
    memory_bytes : int
        The most that the stream holds in memory of its own, besides batches handed out: window, order of the runs,
        and the piece that is being read. Pages of the mapped shards are the system's, which takes them back at need.

    Raises
    ------
    UsageError
        ``STREAM_ROWS`` when fewer tokens are chosen than a batch has.
    StoreError
        ``STORE_NO_PATCHES``.
    """

    def __init__(
        self,
        store: ActivationStore,
        batch: int,
        seed: int,
        *,
        splits: Collection[str] | None = None,
        rows: Rows | None = None,
        tokens: Kind = "class",
        buffer_rows: int = BUFFER_ROWS,
    ) -> None:
        if tokens == "patches" and not store.has_patches:
            raise StoreError("STORE_NO_PATCHES", f"{store.folder} holds class tokens only", "harvest class+patches")
        per_row = store.tokens_per_row(tokens)
        self._store, self._kind, self._batch, self._seed = store, tokens, batch, seed
        self._length = run_length(per_row)
        self._runs_per_row = per_row // self._length
        self._chosen = _chosen(store, splits, rows)
        images = store.rows if self._chosen is None else len(self._chosen)
        self.d_model, self.rows = store.d_model, images * per_row
        if not 0 < batch <= self.rows:
            raise UsageError(
                "STREAM_ROWS",
                f"a batch of {batch} tokens cannot be drawn from {self.rows}",
                "choose more images or splits, or a smaller batch",
            )
        self._runs = images * self._runs_per_row
        self._windows = max(1, min(self._runs, -(-self.rows // max(1, buffer_rows))))
        self._order: npt.NDArray[np.unsignedinteger] = np.empty(0, np.uint32)
        self._buffer: Array = np.empty((0, self.d_model), store.dtype)
        self._drawn_epoch = self._read_window = -1
        self._epoch = self._position = 0

    @property
    def memory_bytes(self) -> int:
        """Bound of the memory held, in bytes."""
        token = self.d_model * self._store.dtype.itemsize
        window = (-(-self._runs // self._windows)) * self._length
        indices = 8 * (3 * window + 2 * _PIECE)
        return window * token + 2 * _PIECE * token + self._runs * _order_type(self._runs).itemsize + indices

    def next_batch(self) -> FloatArray:
        """Return the next tokens, float32 (batch, D); a batch may span the end of an epoch."""
        batch = np.empty((self._batch, self.d_model), np.float32)
        filled = 0
        while filled < self._batch:
            if self._position == self.rows:
                self._epoch, self._position = self._epoch + 1, 0
            window, offset = self._place(self._position)
            self._load(window)
            # No name for the part that is copied: it would keep the whole window alive while the next one is read.
            count = min(self._batch - filled, len(self._buffer) - offset)
            batch[filled : filled + count] = self._buffer[offset : offset + count]
            filled += count
            self._position += count
        return batch

    def state(self) -> State:
        """Return the position, and what it is a position in."""
        return {"epoch": self._epoch, "position": self._position, **self._identity()}

    def load_state(self, state: State) -> None:
        """Go to a position.

        Raises
        ------
        UsageError
            ``STREAM_STATE`` when it is a position in another order: other images, seed or window size.
        """
        here = self._identity()
        other = [name for name, value in here.items() if state.get(name) != value]
        if other or not 0 <= state["position"] <= self.rows:
            raise UsageError(
                "STREAM_STATE",
                f"the saved position belongs to another stream ({', '.join(other) or 'position'} differ)",
                "go on with the store, filter, seed and buffer that the run began with",
            )
        self._epoch, self._position = state["epoch"], state["position"]

    def _identity(self) -> State:
        return {"seed": self._seed, "rows": self.rows, "windows": self._windows, "run_length": self._length}

    def _first_run(self, window: int) -> int:
        """First run of a window; all windows have the same number of runs, give or take one."""
        return window * self._runs // self._windows

    def _place(self, position: int) -> tuple[int, int]:
        """Return the window of a token of the epoch, and its place in the window."""
        run = position // self._length
        window = ((run + 1) * self._windows - 1) // self._runs
        return window, position - self._first_run(window) * self._length

    def _load(self, window: int) -> None:
        """Read a window's runs and shuffle their tokens, unless that is what the buffer holds."""
        if (self._drawn_epoch, self._read_window) == (self._epoch, window):
            return
        if self._drawn_epoch != self._epoch:
            self._order = np.arange(self._runs, dtype=_order_type(self._runs))
            np.random.default_rng([self._seed, self._epoch]).shuffle(self._order)
        drawn = self._order[self._first_run(window) : self._first_run(window + 1)].astype(np.int64)
        drawn.sort()
        places = np.random.default_rng([self._seed, self._epoch, window]).permutation(len(drawn) * self._length)
        # The old window goes before the new one comes.
        self._buffer = np.empty((0, self.d_model), self._store.dtype)
        buffer = np.empty((len(places), self.d_model), self._store.dtype)
        step = max(1, _PIECE // self._length)
        for start in range(0, len(drawn), step):
            part = drawn[start : start + step]
            buffer[places[start * self._length :][: len(part) * self._length]] = self._read(part)
        self._buffer, self._drawn_epoch, self._read_window = buffer, self._epoch, window

    def _read(self, runs: Rows) -> Array:
        """Read runs that are counted over the chosen images; shape (tokens, D)."""
        return self._store.take(self._in_store(runs), self._kind, self._length).reshape(-1, self.d_model)

    def _in_store(self, runs: Rows) -> Rows:
        """Return the store's numbers of runs that are counted over the chosen images."""
        if self._chosen is None:
            return runs
        images, parts = np.divmod(runs, self._runs_per_row)
        return self._chosen[images] * self._runs_per_row + parts


def run_length(per_row: int) -> int:
    """Return the divisor of an image's tokens that is nearest `RUN_LENGTH` by ratio: 16 of 256, 37 of 1369, 1 of 1."""
    divisors = (number for number in range(1, per_row + 1) if per_row % number == 0)
    return min(divisors, key=lambda number: max(number / RUN_LENGTH, RUN_LENGTH / number))


def _chosen(store: ActivationStore, splits: Collection[str] | None, rows: Rows | None) -> Rows | None:
    """Return the wanted images, ascending, each once; None for all of them."""
    if splits is None:
        return None if rows is None else np.unique(rows)
    of_splits = store.rows_of(splits)
    return of_splits if rows is None else np.intersect1d(of_splits, rows)


def _order_type(runs: int) -> np.dtype[np.unsignedinteger]:
    return np.dtype(np.uint32 if runs < 1 << 32 else np.uint64)
