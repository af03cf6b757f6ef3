"""Which split a patient belongs to: a fixed hash of the patient, or the data set's own lists, checked."""

from __future__ import annotations

import hashlib
from typing import Literal, get_args

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
SALT = "saerad-split-1"
VAL_OF_TRAIN_VAL = 1 / 8
"""Share of the patients that becomes "val" where the official lists know training and test only."""


def share_of_group(group: str) -> float:
    """Return where a group of patients lies in [0, 1): uniform over groups and the same everywhere."""
    digest = hashlib.sha256(f"{SALT}:{group}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def split_of_group(group: str) -> Split:
    """Return the split of a group of patients: 70 % train, 15 % val, 15 % test, by a fixed hash of its name."""
    share = share_of_group(group)
    return "train" if share < 0.70 else "val" if share < 0.85 else "test"


def train_or_val(group: str) -> Split:
    """Split an official "train and validation" list by patient: one patient in eight is "val"."""
    return "val" if share_of_group(group) < VAL_OF_TRAIN_VAL else "train"


class SplitCheck:
    """Notices patients who are in two splits; holds one short entry a patient."""

    def __init__(self) -> None:
        self._splits: dict[str, Split] = {}
        self._told: set[str] = set()

    def conflict(self, patient: str, split: Split) -> Split | None:
        """Return the other split in which this patient was met before, once a patient; None when all is well."""
        known = self._splits.setdefault(patient, split)
        if known == split or patient in self._told:
            return None
        self._told.add(patient)
        return known
