"""Real chests that no part of a pack was made from: frontal ones, side views, and frontal ones spoilt."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from training.data.splits import split_of_group
from training.encoder.real import may_ship, read_grey
from training.evaluation.gate.alter import altered
from training.evaluation.gate.specimen import CHEST, Specimen, dicom, existing, picture

FloatImage = npt.NDArray[np.float32]
Reader = Callable[[], FloatImage]
INVERTED, TAGGED = "black and white exchanged", "wrong polarity tag"
SIDE_VIEW, TURNED, FLIPPED = "side view of the chest", "chest on its side", "chest upside down"
DICOM_CHESTS = {"RG1_J2KI.dcm": CHEST, "SIIM_PA_jpeg_baseline.dcm": CHEST, "SIIM_PA_fake_MONOCHROME1.dcm": TAGGED}
"""Below ``dicom/radiographs/``."""
FOUND = {
    "rsna_08594.jpg": INVERTED,
    "rsna_09232.jpg": INVERTED,
    "rsna_02777.jpg": TURNED,
    "covrad_3063.jpg": FLIPPED,
    "covrad_3342.jpg": FLIPPED,
    "covrad_3419.jpg": FLIPPED,
}
"""Pictures that lie in the collections as anyone sees they should not; the gate found them."""


@dataclass(frozen=True)
class Chest:
    """A real radiograph of the chest, as a picture without a header.

    Attributes
    ----------
    origin : str
        The source of the table that names it.
    """

    origin: str
    path: Path
    frontal: bool

    def read(self) -> FloatImage:
        """Return displayed values."""
        return read_grey(self.path)


def held_out(data: Path) -> list[Chest]:
    """Return the rows of ``cxrtrain.csv`` and ``cxr_open/cxr.csv`` whose patients no pack was trained on.

    A pack knows the training and validation patients of the rows that may ship; patients linked by duplicate pictures
    count as one. What may not ship was never trained on, so both splits of it are held out.
    """
    rows = _rows(data / "cxrtrain" / "cxrtrain.csv")
    known = {row["group"] for row in rows if may_ship(row["source"], row["licence"]) and not _is_test(row["group"])}
    group_of = {row["patient_id"]: row["group"] for row in rows}
    chests = [
        Chest(row["source"], data / "cxrtrain" / row["file"], not row["view"].upper().startswith("L"))
        for row in rows
        if row["group"] not in known
    ]
    full_size = data / "cxr_open" / "cxr.csv"
    for row in _rows(full_size) if full_size.is_file() else []:
        if group_of.get(row["patient"]) not in known and row["patient"] in group_of:
            chests.append(Chest("full size", data / "cxr_open" / row["file"], not row["view"].upper().startswith("L")))
    return chests


def dicom_chests(folder: Path) -> Iterator[Specimen]:
    """Give the chests that came as DICOM, one of them with a false tag."""
    for name, kind in DICOM_CHESTS.items():
        if (folder / name).is_file():
            yield Specimen(kind, "DICOM", True, False, existing(folder / name))


def chest_specimens(chests: Sequence[Chest], limit: int) -> Iterator[Specimen]:
    """Give frontal chests, at most `limit` of each origin, their altered copies, side views and spoilt ones."""
    frontal = _chosen([chest for chest in chests if chest.frontal], limit)
    few = _chosen([chest for chest in frontal if chest.path.name not in FOUND], max(1, limit // 4))
    side = [chest for chest in chests if not chest.frontal]
    for chest in frontal:
        yield Specimen(FOUND.get(chest.path.name, CHEST), chest.origin, False, False, existing(chest.path))
    for seed, chest in enumerate(few):
        yield Specimen(CHEST, chest.origin, True, False, dicom(chest.read, "MONOCHROME2"))
        yield Specimen(CHEST, chest.origin, False, True, picture(altered(chest.read, seed, mirror=False)))
    for chest in side:
        yield Specimen(SIDE_VIEW, chest.origin, False, False, existing(chest.path))
        yield Specimen(SIDE_VIEW, chest.origin, True, False, dicom(chest.read, "MONOCHROME2", ViewPosition="LL"))
    for seed, chest in enumerate(side * 3):
        yield Specimen(SIDE_VIEW, chest.origin, False, True, picture(altered(chest.read, seed, mirror=True)))
    for chest in few:
        yield from _spoilt(chest)


def _spoilt(chest: Chest) -> Iterator[Specimen]:
    """Give the chest inverted, with a wrong polarity tag, on either side, and upside down."""

    def made(kind: str, change: Callable[[FloatImage], FloatImage]) -> Specimen:
        return Specimen(kind, chest.origin, False, False, picture(partial(_changed, chest.read, change)))

    yield made(INVERTED, _inverted)
    yield Specimen(TAGGED, chest.origin, True, False, dicom(chest.read, "MONOCHROME1"))
    yield made(TURNED, partial(np.rot90, k=1))
    yield made(TURNED, partial(np.rot90, k=-1))
    yield made(FLIPPED, partial(np.rot90, k=2))
    yield made(FLIPPED, np.flipud)


def _changed(read: Reader, change: Callable[[FloatImage], FloatImage]) -> FloatImage:
    return np.ascontiguousarray(change(read()))


def _inverted(image: FloatImage) -> FloatImage:
    return np.asarray(1.0 - image, dtype=np.float32)


def _chosen(chests: Sequence[Chest], limit: int) -> list[Chest]:
    """Return at most `limit` of each origin, always the same ones."""
    ranked = sorted(chests, key=lambda chest: hashlib.sha256(chest.path.name.encode()).digest())
    taken: dict[str, list[Chest]] = {}
    for chest in ranked:
        group = taken.setdefault(chest.origin, [])
        if len(group) < limit:
            group.append(chest)
    return [chest for name in sorted(taken) for chest in taken[name]]


def _is_test(group: str) -> bool:
    return split_of_group(group) == "test"


def _rows(path: Path) -> list[dict[str, str]]:
    csv.field_size_limit(1 << 24)
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
