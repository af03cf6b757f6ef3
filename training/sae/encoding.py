"""The one dense product of a step, taken in pieces, and the search for the few latents that it leaves active.

A matrix of pre-activations of 4,096 × 12,288 fills 200 MB. It is never held as a whole: each piece of rows is searched
as soon as it is computed, and its memory used again. Maxima over blocks of latents show what can be passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from training.sae.active import Active

PIECE = 2**24
"""Pre-activations computed at a time (64 MiB in float32)."""
LEAST_ROWS = 512
"""Rows below which a matrix product becomes slower, however wide the dictionary."""
BLOCK = 16
"""Latents of a block in the search: those whose numbers differ by multiples of features / BLOCK."""
HOT = 0.2
"""Share of blocks worth a look above which looking at all entries is faster."""

Look = Callable[[int, Tensor], None]
"""Told the first row of a piece and its pre-activations, which are overwritten afterwards."""


class Scratch:
    """Memory that is used again at every step; autoencoders trained one after the other may share it.

    Parameters
    ----------
    device : torch.device, optional
        Where it lies; None is the processor's.
    """

    def __init__(self, device: torch.device | None = None) -> None:
        self.device = device or torch.device("cpu")
        self._flat: dict[tuple[str, torch.dtype], Tensor] = {}

    def take(self, name: str, shape: tuple[int, int], dtype: torch.dtype) -> Tensor:
        """Return an uninitialised matrix; what the same name gave before is overwritten with it."""
        size = shape[0] * shape[1]
        flat = self._flat.get((name, dtype))
        if flat is None or len(flat) < size:
            flat = self._flat[name, dtype] = torch.empty(size, dtype=dtype, device=self.device)
        return flat[:size].view(shape)


class Encoder:
    """Pre-activations ``x weightᵀ + bias`` of one batch, piece by piece.

    Parameters
    ----------
    x : Tensor, shape (rows, d)
    weight : Tensor, shape (features, d)
    bias : Tensor, shape (features,)
    scratch : Scratch
    low_precision : bool
        Compute the product in bfloat16. What is found active is then a matter of bfloat16 too; its exact value is
        computed by the caller.
    """

    def __init__(self, x: Tensor, weight: Tensor, bias: Tensor, scratch: Scratch, *, low_precision: bool) -> None:
        self._scratch = scratch
        if low_precision:
            low = torch.bfloat16
            x, bias = x.to(low), bias.to(low)
            weight = scratch.take("weight", (weight.shape[0], weight.shape[1]), low).copy_(weight)
        self._x, self._weight, self._bias = x, weight, bias
        self.rows, self.features = len(x), len(weight)

    def pieces(self) -> Iterator[tuple[int, Tensor]]:
        """Yield the first row and the pre-activations of each piece; the memory is used again for the next."""
        height = max(LEAST_ROWS, PIECE // self.features // 256 * 256)
        for first in range(0, self.rows, height):
            x = self._x[first : first + height]
            out = self._scratch.take("preactivations", (len(x), self.features), x.dtype)
            yield first, torch.addmm(self._bias, x, self._weight.T, out=out)

    def above(self, level: float, look: Look | None = None) -> tuple[Active, Tensor]:
        """Return where pre-activations exceed a level, and their values (n,) in the latents' order."""
        found = Found(self.rows, self.features)
        for first, z in self.pieces():
            if look is not None:
                look(first, z)
            found.add(first, *above(z, level))
        return found.collect()

    def top(self, k: int, look: Look | None = None) -> tuple[Active, Tensor]:
        """Return the `k` largest positive pre-activations of every row."""
        found = Found(self.rows, self.features)
        for first, z in self.pieces():
            if look is not None:
                look(first, z)
            values, features = top(z, k)
            flat = features.add_(self.features * torch.arange(len(z), device=z.device)[:, None]).view(-1)
            keep = (values.view(-1) > 0).nonzero().squeeze(1)
            found.add(first, flat[keep], values.view(-1)[keep])
        return found.collect()

    def top_of_batch(self, count: int, look: Look | None = None) -> tuple[Active, Tensor]:
        """Return the `count` largest positive pre-activations of the whole batch.

        The first piece tells a level which somewhat more than the wanted number exceed; should the rest of the batch be
        so different that fewer do, everything positive is collected in a second pass. The result is exact either way.
        """
        level, found = 0.0, Found(self.rows, self.features)
        for first, z in self.pieces():
            if first == 0:
                level = _generous_level(z, count / self.rows)
            if look is not None:
                look(first, z)
            found.add(first, *above(z, level))
        if found.count < count and level > 0.0:
            found = Found(self.rows, self.features)
            for first, z in self.pieces():
                found.add(first, *above(z, 0.0))
        found.keep_largest(count)
        return found.collect()


class Found:
    """Entries as they are found, piece after piece."""

    def __init__(self, rows: int, features: int) -> None:
        self._shape = (rows, features)
        self._flat: list[Tensor] = []
        self._values: list[Tensor] = []

    @property
    def count(self) -> int:
        """Entries so far."""
        return sum(len(values) for values in self._values)

    def add(self, first: int, flat: Tensor, values: Tensor) -> None:
        """Take the entries of a piece that begins at a row: places in the flattened piece, by rising row."""
        self._flat.append(flat + first * self._shape[1])
        self._values.append(values)

    def keep_largest(self, count: int) -> None:
        """Drop all but the largest."""
        values, flat = torch.cat(self._values), torch.cat(self._flat)
        if len(values) > count:
            keep = values.topk(count, sorted=False).indices.sort().values
            values, flat = values[keep], flat[keep]
        self._flat, self._values = [flat], [values]

    def collect(self) -> tuple[Active, Tensor]:
        """Return all entries and their values in the latents' order."""
        flat = torch.cat(self._flat)
        rows = flat.div(self._shape[1], rounding_mode="floor")
        active = Active(rows, flat - rows * self._shape[1], self._shape)
        return active, torch.cat(self._values)[active.order]


def above(z: Tensor, level: float) -> tuple[Tensor, Tensor]:
    """Return places in the flattened matrix whose value exceeds the level, by rising row, and the values."""
    flat = z.view(-1)
    rows, features = z.shape
    if features % BLOCK == 0:
        blocks = features // BLOCK
        hot = (z.view(rows, BLOCK, blocks).amax(1) > level).view(-1).nonzero().squeeze(1)
        if len(hot) < HOT * rows * blocks:
            start = hot + hot.div(blocks, rounding_mode="floor") * (features - blocks)
            places = (start[:, None] + torch.arange(0, features, blocks, device=z.device)).view(-1)
            candidates = flat.index_select(0, places)
            hit = (candidates > level).nonzero().squeeze(1)
            return places.index_select(0, hit), candidates.index_select(0, hit)
    places = (flat > level).nonzero().squeeze(1)
    return places, flat.index_select(0, places)


def top(z: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """Return the `k` largest values of every row and their columns, in no order, each of shape (rows, k).

    They lie in the k blocks with the largest maxima: whatever lies in another block is at most that block's maximum,
    and so at most any of these k maxima.
    """
    rows, features = z.shape
    blocks = features // BLOCK
    if features % BLOCK or blocks < 2 * k:
        values, columns = z.topk(min(k, features), dim=1, sorted=False)
        return values, columns
    best = z.view(rows, BLOCK, blocks).amax(1).topk(k, dim=1, sorted=False).indices
    columns = (best[:, :, None] + torch.arange(0, features, blocks, device=z.device)).view(rows, -1)
    values, chosen = z.gather(1, columns).topk(k, dim=1, sorted=False)
    return values, columns.gather(1, chosen)


def _generous_level(z: Tensor, mean_active: float) -> float:
    """Return a level, not below zero, that about 1.3 times the wanted number of entries exceed."""
    rows, features = z.shape
    maxima = z.view(rows, BLOCK, features // BLOCK).amax(1).view(-1) if features % BLOCK == 0 else z.reshape(-1)
    # No fewer entries than maxima exceed a level, since each maximum is one of them.
    wanted = int(1.2 * mean_active * rows) + 16
    if wanted >= len(maxima):
        return 0.0
    return max(0.0, float(maxima.topk(wanted, sorted=False).values.amin()))
