"""Put one shard together: prepared images through the encoder in fixed batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

from engine.errors import StoreError
from training.activations.encoders import TokenEncoder
from training.activations.feed import Pixels
from training.activations.layout import DType, Recipe
from training.activations.rows import HarvestRow
from training.activations.shard import Array, Failure, ShardContent


def build_shard(
    part: Sequence[HarvestRow],
    prepared: Iterator[tuple[HarvestRow, Pixels | Failure]],
    encoder: TokenEncoder,
    recipe: Recipe,
    step: Callable[[], None],
) -> ShardContent:
    """Take the images of one shard from the feed and encode them.

    A batch never reaches into the next shard, so the same images always meet the encoder together.

    Parameters
    ----------
    part : sequence of HarvestRow
        The images of the shard.
    prepared : iterator
        Gives at least these images next, in this order.
    step : callable
        Called behind every image.

    Raises
    ------
    StoreError
        ``STORE_RANGE`` when float16 cannot hold the activations.
    InferenceError
        ``MODEL_FAILED``.
    """
    builder = _Builder(encoder, recipe)
    for _ in part:
        row, found = next(prepared)
        if isinstance(found, Failure):
            builder.failures[row.sample_id] = found
        else:
            builder.waiting.append((row, found))
        if len(builder.waiting) == recipe.batch:
            builder.encode()
        step()
    if builder.waiting:
        builder.encode()
    return builder.content([row.sample_id for row in part])


class _Builder:
    """A shard in work: what waits for the encoder, and what came out of it."""

    def __init__(self, encoder: TokenEncoder, recipe: Recipe) -> None:
        self.waiting: list[tuple[HarvestRow, Pixels]] = []
        self.failures: dict[str, Failure] = {}
        self._encoder, self._dtype = encoder, recipe.dtype
        self._patches = recipe.tokens == "class+patches"
        width, count = recipe.spec.d_model, recipe.patches
        # An empty part each gives a shard without images its shape.
        self._class: list[Array] = [np.empty((0, width), recipe.dtype)]
        self._patch: list[Array] = [np.empty((0, count, width), recipe.dtype)]

    def encode(self) -> None:
        """Give the waiting images to the encoder; one whose tokens are not finite has failed."""
        rows = [row for row, _ in self.waiting]
        found = self._encoder.tokens(np.concatenate([pixels for _, pixels in self.waiting]), patches=self._patches)
        self.waiting = []
        finite = np.asarray(np.isfinite(found.class_token).all(axis=1))
        if found.patch_tokens is not None:
            finite &= np.isfinite(found.patch_tokens).all(axis=(1, 2))
            self._patch.append(_stored(found.patch_tokens[finite], self._dtype))
        self._class.append(_stored(found.class_token[finite], self._dtype))
        for row, sound in zip(rows, finite.tolist(), strict=True):
            if not sound:
                message = "the encoder's tokens of this image are not finite"
                self.failures[row.sample_id] = Failure(row.sample_id, row.name, "TOKENS_NOT_FINITE", message)

    def content(self, order: Sequence[str]) -> ShardContent:
        """Return the shard in the order of its images."""
        return ShardContent(
            sample_ids=tuple(name for name in order if name not in self.failures),
            class_token=np.concatenate(self._class),
            patch_tokens=np.concatenate(self._patch) if self._patches else None,
            failures=tuple(self.failures[name] for name in order if name in self.failures),
        )


def _stored(tokens: npt.NDArray[np.float32], dtype: DType) -> Array:
    """Return tokens in the store's type."""
    greatest = float(np.abs(tokens).max(initial=0.0))
    # As a float of Python: a comparison in float16 would overflow itself.
    if greatest > float(np.finfo(dtype).max):
        raise StoreError(
            "STORE_RANGE", f"activations reach {greatest:.3g}, more than float16 holds", "harvest with --dtype float32"
        )
    return tokens.astype(dtype)
