"""Real images that a model which ships may be trained on, from the table of ``cxrtrain``."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from engine.errors import UsageError
from training.data.splits import split_of_group

SHIPPABLE_COV_LICENCES = frozenset({"CC BY", "CC BY 3.0", "CC BY 4.0", "CC BY-SA"})
SOURCES = ("nih", "rsna", "hann", "cov")


@dataclass(frozen=True)
class RealImage:
    """One row of the table.

    Attributes
    ----------
    path : Path
        8-bit grayscale JPEG.
    labels : tuple of str
        The source's own labels.
    group : str
        Patients linked by duplicate pictures: the unit of the split.
    split : str
        "train", "val" or "test", from the group alone.
    """

    path: Path
    source: str
    labels: tuple[str, ...]
    view: str
    patient_known: bool
    group: str
    licence: str
    split: str
    text: str


def may_ship(source: str, licence: str) -> bool:
    """Whether a model trained on this row may be given away."""
    return source in ("nih", "rsna", "hann") or (source == "cov" and licence in SHIPPABLE_COV_LICENCES)


def read_table(folder: Path) -> list[RealImage]:
    """Read the rows of ``cxrtrain.csv`` that may be used, in the table's order.

    Parameters
    ----------
    folder : Path
        Folder of ``cxrtrain.csv`` and ``images/``.

    Raises
    ------
    UsageError
        ``DATA_TABLE`` when the folder has no such table.
    """
    table = folder / "cxrtrain.csv"
    if not table.is_file():
        raise UsageError("DATA_TABLE", f"{folder} holds no cxrtrain.csv", "name the folder of the real images")
    csv.field_size_limit(1 << 24)
    rows = []
    with table.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if not may_ship(row["source"], row["licence"]):
                continue
            rows.append(
                RealImage(
                    path=folder / row["file"],
                    source=row["source"],
                    labels=tuple(row["labels"].split("|")),
                    view=row["view"],
                    patient_known=row["patient_known"] == "1",
                    group=row["group"],
                    licence=row["licence"],
                    split=split_of_group(row["group"]),
                    text=row["text"],
                )
            )
    return rows


def read_grey(path: Path) -> npt.NDArray[np.float32]:
    """Read an 8-bit image as displayed values: float32 (rows, columns), 0 black to 1 white."""
    with Image.open(path) as image:
        return np.asarray(image.convert("L"), dtype=np.float32) / np.float32(255.0)
