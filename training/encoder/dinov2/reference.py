"""The reference implementation, transformers, where it is installed: its tokens and its input pixels."""

from __future__ import annotations

import importlib
import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

FloatArray = npt.NDArray[np.float32]
Floats = npt.NDArray[np.floating]
LIBRARY = "transformers"


class Transformers:
    """``Dinov2Model`` and the folder's processor, from files alone.

    Attributes
    ----------
    name : str
        With its version.
    """

    def __init__(self, library: Any, folder: Path) -> None:
        self.name = f"{LIBRARY} {library.__version__} Dinov2Model"
        self._library, self._folder = library, folder
        self._model: Any = None

    def tokens(self, pixels: FloatArray, *, double: bool = False) -> tuple[Floats, Floats]:
        """Return class token (N, D) and patch tokens (N, P, D) of pixel values (N, 3, H, W), in single or double."""
        if self._model is None:
            self._model = self._library.Dinov2Model.from_pretrained(
                self._folder, dtype=torch.float32, local_files_only=True, use_safetensors=True
            ).eval()
        kind = torch.float64 if double else torch.float32
        with torch.inference_mode():
            rows = self._model.to(kind)(torch.from_numpy(pixels).to(kind)).last_hidden_state.numpy()
        return rows[:, 0], rows[:, 1:]

    def pixels(self, grey: npt.NDArray[np.uint8]) -> FloatArray:
        """Return what the folder's processor makes of an 8-bit picture (rows, columns): float32 (1, 3, H, W)."""
        # The processor by Pillow is the one that encoders were published with; another needs torchvision.
        processor = self._library.BitImageProcessorPil.from_pretrained(self._folder, local_files_only=True)
        made = processor(Image.fromarray(grey), return_tensors="np")["pixel_values"]
        return np.asarray(made, dtype=np.float32)


def transformers_of(folder: Path) -> Transformers | None:
    """Return the reference for a folder, or None where transformers is not installed."""
    # It must not ask its maker's server about a folder that lies here.
    os.environ["HF_HUB_OFFLINE"] = "1"
    try:
        with warnings.catch_warnings():
            # Its own use of what other libraries gave up is no matter of the import.
            warnings.simplefilter("ignore")
            library = importlib.import_module(LIBRARY)
            library.utils.logging.disable_progress_bar()
            library.utils.logging.set_verbosity_error()
    except ModuleNotFoundError as error:
        if error.name != LIBRARY:
            raise
        return None
    return Transformers(library, folder)
