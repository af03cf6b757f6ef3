"""NIH ChestX-ray14 (Wang et al., CVPR 2017): images, labels mined from reports, no reports.

Layout: ``Data_Entry_2017.csv`` or ``Data_Entry_2017_v2020.csv``, ``train_val_list.txt``, ``test_list.txt``, images in
``images_001/images/`` … ``images_012/images/`` or in ``images/``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from engine.errors import UsageError
from training.data.listing import Listing, Problems, Request, age_of, choose_split, is_plain_name, sex_of
from training.data.manifest import IndexRow
from training.data.splits import Split, split_of_group, train_or_val
from training.data.tables import header_of, read_rows, read_text, require_table

KIND = "nih-cxr14"
LABELS = (
    "Atelectasis", "Cardiomegaly", "Consolidation", "Edema", "Effusion", "Emphysema", "Fibrosis", "Hernia",
    "Infiltration", "Mass", "Nodule", "Pleural_Thickening", "Pneumonia", "Pneumothorax",
)  # fmt: skip
_NOTHING = "No Finding"
_TRAIN_VAL, _TEST = "train_val_list.txt", "test_list.txt"


def list_nih(request: Request, problems: Problems) -> Listing:
    """List the images of NIH ChestX-ray14.

    With the official lists, one patient in eight of "train_val" becomes "val". A label that is not named counts as
    absent, as in the set's own paper; what lies in none of its 14 labels is unknown.

    Raises
    ------
    UsageError
        ``INDEX_TABLE``, ``INDEX_SPLIT`` (no lists), ``INDEX_IMAGES`` (no folder of images).
    """
    table = require_table(request.tables, "Data_Entry_2017*")
    lists = request.tables / _TRAIN_VAL, request.tables / _TEST
    present = all(path.is_file() for path in lists)
    rule = choose_split(request, lists[0] if present else None, f"no {_TRAIN_VAL} and {_TEST} in {request.tables}")
    official = _read_lists(*lists) if rule == "official" else None
    # The 2020 edition renamed the column.
    sex = "Patient Sex" if "Patient Sex" in header_of(table) else "Patient Gender"
    folders = _find_images(request.root)
    return Listing(KIND, rule, _rows(table, sex, official, folders, problems))


def _rows(
    table: Path, sex: str, official: dict[str, Split] | None, folders: dict[str, str], problems: Problems
) -> Iterator[IndexRow]:
    columns = ("Image Index", "Finding Labels", "Follow-up #", "Patient ID", "Patient Age", sex, "View Position")
    for row in read_rows(table, columns):
        name, patient = row["Image Index"], row["Patient ID"]
        if not (is_plain_name(name) and patient.isdecimal()):
            column, what = ("Patient ID", "number") if is_plain_name(name) else ("Image Index", "name of a file")
            problems.add("INDEX_ROW", name or table.name, f"{column} is {row[column]!r}, which is no {what}")
            continue
        if not name.startswith(f"{int(patient):08d}_"):
            problems.add("INDEX_PATIENTS", name, f"the row gives patient {patient}, the name of the image another")
            continue
        group = f"nih{int(patient)}"
        if official is None:
            split: Split | None = split_of_group(group)
        else:
            split = official.get(name)
            split = train_or_val(group) if split == "train" else split
        if split is None:
            problems.add("INDEX_NO_SPLIT", name, "neither official list names this image")
            continue
        labels = tuple(label.strip() for label in row["Finding Labels"].split("|") if label.strip())
        age = age_of(row["Patient Age"])
        if age is None:
            problems.remark("INDEX_AGE", name, f"{row['Patient Age']!r} is no age")
        yield IndexRow(
            sample_id=name.rpartition(".")[0] or name,
            source=KIND,
            path=f"{folders[name]}/{name}" if name in folders else f"images/{name}",
            sha256="",
            size=0,
            patient_id=patient,
            study_id=f"{patient}_{row['Follow-up #']}",
            split=split,
            view=row["View Position"].upper(),
            age=age,
            sex=sex_of(row[sex]),
            labels_present=labels,
            labels_absent=tuple(label for label in LABELS if label not in labels) if labels else (),
        )


def _read_lists(train_val: Path, test: Path) -> dict[str, Split]:
    lists: dict[str, Split] = {}
    for path, split in ((train_val, "train"), (test, "test")):
        for name in read_text(path)[0].split():
            if lists.setdefault(name, "train" if split == "train" else "test") != split:
                raise UsageError(
                    "INDEX_SPLIT", f"{name} is in both official lists", "use --split hash, or fix the lists"
                )
    return lists


def _find_images(root: Path) -> dict[str, str]:
    """Return the folder of every image, relative to the root; each folder of images is listed once."""
    folders = sorted(path for path in root.glob("images_*/images") if path.is_dir())
    folders += sorted(path for path in root.glob("images*") if path.is_dir())
    found: dict[str, str] = {}
    for folder in folders:
        place = folder.relative_to(root).as_posix()
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.lower().endswith((".png", ".jpg")):
                    found.setdefault(entry.name, place)
    if not found:
        raise UsageError(
            "INDEX_IMAGES", f"no images are in {root}/images_*/images or {root}/images", "unpack the archives there"
        )
    return found
