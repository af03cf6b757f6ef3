"""One image with the maps of all its active features, by every method and by two baselines that know no feature."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from engine.dicom.files import read_radiograph
from engine.inference.analysis import Analysis, FeatureMap
from engine.inference.analyzer import Analyzer
from engine.inference.attribution import METHOD_TITLES, LastBlock, upsample
from engine.inference.occlusion import occlusion
from engine.inference.preprocess import pixel_values, source_box
from engine.inference.session import EncoderOutput, ModelSession
from engine.inference.tail import Tail
from engine.pack.arrays import SaeRows
from engine.pack.library import InstalledPack
from training.evaluation.heat_maps.measures import Floats, Heat, Pixels

METHODS: tuple[str, ...] = tuple(METHOD_TITLES)
BASELINES = ("attention", "random")
"""The class token's attention in the last block, mean over the heads; and noise."""


@dataclass(frozen=True, eq=False)
class Mapped:
    """Maps of one image.

    Attributes
    ----------
    pixels : ndarray of float32, shape (1, 3, H, W)
        What the encoder saw.
    rows : SaeRows
        Of the K active features.
    maps : dict
        By method or baseline, shape (K, P).
    seconds : dict
        What the maps of all active features took by method, and the encoder alone under "encoder".
    grid : tuple of int
        (patch_rows, patch_columns).
    size : tuple of int
        (rows, columns) of the image.
    box : tuple of float
        Where the grid lies on it.
    encode : callable
        The encoder's class tokens (N, D) of pixel values (N, 3, H, W).
    """

    analysis: Analysis
    pixels: Pixels
    rows: SaeRows
    maps: dict[str, Floats]
    seconds: dict[str, float]
    grid: tuple[int, int]
    size: tuple[int, int]
    box: tuple[float, float, float, float]
    encode: Callable[[Pixels], Pixels]

    @property
    def patch(self) -> float:
        """Longer side of a patch, in pixels of the image."""
        left, top, right, bottom = self.box
        return max((right - left) / self.grid[1], (bottom - top) / self.grid[0])

    def patches(self, method: str, ids: Sequence[int]) -> Floats:
        """Return the sum of the features' maps, shape (P,)."""
        total: Floats = self.maps[method][self._places(ids)].sum(axis=0)
        return total

    def heat(self, method: str, ids: Sequence[int]) -> Heat:
        """Return the sum of the features' maps laid over the image, as the viewer lays it."""
        values = self.patches(method, ids).reshape(self.grid).astype(np.float32)
        return upsample(FeatureMap(ids[0], values, 0.0, 0.0, method, self.box), *self.size)

    def score(self, ids: Sequence[int]) -> Callable[[Pixels], Floats]:
        """Return what sums up the features' pre-activations of pixel values (N, 3, H, W)."""
        places = self._places(ids)
        direction = self.rows.w_enc[places].astype(np.float64).sum(axis=0)
        constant = float(self.rows.b_enc[places].sum()) - float(direction @ self.rows.b_dec)

        def score(pixels: Pixels) -> Floats:
            found: Floats = self.encode(pixels).astype(np.float64) @ direction + constant
            return found

        return score

    def _places(self, ids: Sequence[int]) -> list[int]:
        return [self.rows.ids.index(i) for i in ids]


class MapMaker:
    """Makes the maps of images with one pack, on the CPU."""

    def __init__(self, pack: InstalledPack, threads: int, seed: int) -> None:
        self._pack, self._seed = pack, seed
        self._analyzer = Analyzer(pack, "cpu", threads)
        self._session = ModelSession(pack, "cpu", threads)
        self._tail = Tail(pack.tail, pack.manifest.encoder.layer_norm_eps)

    def make(self, path: Path) -> Mapped | None:
        """Analyse a file and make all maps; None where the gate refuses it or no feature is active."""
        radiograph = read_radiograph(path)
        analysis = self._analyzer.analyse(radiograph)
        if not analysis.features:
            return None
        spec = self._pack.manifest.encoder
        pixels = pixel_values(radiograph.display(), spec)
        rows = self._pack.sae.rows([feature.id for feature in analysis.features])
        seconds: dict[str, float] = {}
        start = time.perf_counter()
        output = self._session.encode(pixels)
        seconds["encoder"] = time.perf_counter() - start
        grid, size = (spec.patch_rows, spec.patch_columns), (radiograph.rows, radiograph.columns)
        maps = self._maps(output, pixels, rows, grid, seconds)
        noise = np.random.default_rng([self._seed, zlib.crc32(path.name.encode())]).random(grid[0] * grid[1])
        for name, values in (("attention", output.attn_cls[0, :, 1:].mean(axis=0)), ("random", noise)):
            maps[name] = np.broadcast_to(values.astype(np.float64), (len(rows.ids), values.size))
        box = source_box(*size, spec)
        return Mapped(analysis, pixels, rows, maps, seconds, grid, size, box, self._session.class_tokens)

    def _maps(
        self,
        output: EncoderOutput,
        pixels: Pixels,
        rows: SaeRows,
        grid: tuple[int, int],
        seconds: dict[str, float],
    ) -> dict[str, npt.NDArray[np.float64]]:
        offset = output.class_token[0].astype(np.float64) - rows.b_dec
        z = rows.w_enc.astype(np.float64) @ offset + rows.b_enc

        def block() -> LastBlock:
            return LastBlock(self._tail, output.attn_cls[0], output.v_last[0], output.x0_last[0])

        calls = {
            "messages": lambda: block().messages(rows),
            "integrated": lambda: block().integrated(rows),
            "occlusion": lambda: occlusion(self._session.class_tokens, pixels, rows, z, grid=grid),
        }
        maps = {}
        for method in METHODS:
            start = time.perf_counter()
            maps[method] = calls[method]().patches
            seconds[method] = time.perf_counter() - start
        return maps
