"""The curves of a run for TensorBoard, where that program is installed; nothing needs it."""

from __future__ import annotations

import importlib
import shutil
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from training.evaluation.sae_plots import Log

FOLDER = "tensorboard"


def write_scalars(logs: Mapping[str, Log], folder: Path) -> bool:
    """Write the scalars of every autoencoder below ``tensorboard/``; returns whether TensorBoard is installed.

    Parameters
    ----------
    logs : mapping
        Lines of ``metrics.jsonl`` by the name of the autoencoder.
    folder : Path
        Of the run.
    """
    try:
        with warnings.catch_warnings():
            # Its own use of what NumPy and setuptools gave up is no matter of the run.
            warnings.simplefilter("ignore")
            module: Any = importlib.import_module("torch.utils.tensorboard")
    except ImportError:
        return False
    # Events are appended: those of a former report would be drawn twice.
    shutil.rmtree(folder / FOLDER, ignore_errors=True)
    for name, log in logs.items():
        with module.SummaryWriter(str(folder / FOLDER / name)) as writer:
            for row in log:
                for key, value in row.items():
                    if key not in ("kind", "step", "tokens"):
                        writer.add_scalar(f"{row['kind']}/{key}", float(value), int(row["step"]))
    return True
