"""Heat maps of one encoded image by any of the methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.inference.analysis import FeatureMap
from engine.inference.attribution import LastBlock, Method, feature_maps
from engine.inference.occlusion import occlusion
from engine.inference.preprocess import source_box
from engine.inference.session import EncoderOutput, ModelSession
from engine.inference.tail import Tail
from engine.pack.arrays import SaeRows
from engine.pack.manifest import EncoderSpec


@dataclass(frozen=True, eq=False)
class Encoded:
    """What the encoder was given and what it said of one image.

    Attributes
    ----------
    image : tuple of str
        (SOP Instance UID, hash of the stored pixels).
    pixels : ndarray of float32, shape (1, 3, H, W)
    size : tuple of int
        (rows, columns) of the image.
    """

    image: tuple[str, str]
    pixels: npt.NDArray[np.float32]
    output: EncoderOutput
    size: tuple[int, int]


@dataclass(frozen=True, eq=False)
class Mapper:
    """Makes the maps of features with the model of one pack."""

    session: ModelSession
    tail: Tail
    spec: EncoderSpec

    def maps(
        self,
        encoded: Encoded,
        rows: SaeRows,
        preactivation: npt.NDArray[np.float64],
        method: Method,
        tell: Callable[[float], None],
    ) -> dict[int, FeatureMap]:
        """Return the map of each feature of `rows`, whose pre-activations on this image are `preactivation`, (K,).

        Parameters
        ----------
        tell : callable
            Told the share that is done, by `occlusion` alone; may raise to end the work.

        Raises
        ------
        InferenceError
            ``MAP_NOT_EXACT``, ``MODEL_FAILED``.
        """
        grid, output = (self.spec.patch_rows, self.spec.patch_columns), encoded.output
        if method == "occlusion":
            shares = occlusion(self.session.class_tokens, encoded.pixels, rows, preactivation, grid=grid, tell=tell)
        else:
            block = LastBlock(self.tail, output.attn_cls[0], output.v_last[0], output.x0_last[0])
            shares = block.messages(rows) if method == "messages" else block.integrated(rows)
        box = source_box(*encoded.size, self.spec)
        return feature_maps(shares, rows.ids, preactivation, grid=grid, box=box, method=method)
