"""What a manifest or a set of phantoms says of images, by the names that a store knows them by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from engine.errors import UsageError
from engine.pack.manifest import OBSERVATIONS
from training.activations.store import ActivationStore, Rows
from training.corpus import nih_case, phantom_samples
from training.data.manifest import IndexRow, read_manifest
from training.labelling.cases import Case, Split
from training.labelling.report_cases import report_cases
from training.labelling.store_cases import listed_case, observations

CaseTable = dict[str, Case]
NIH = "nih-cxr14"


def manifest_table(path: Path) -> CaseTable:
    """Return the images of a manifest by their sample ids.

    What is neither present nor absent is unknown; where a manifest calls nothing absent at all, what some image has is
    absent where it is not named. Labels that are no CheXpert names are passed over, except those of NIH ChestX-ray14.
    Reports are not read here (`report_table` does), and do not get into labels: they may not be for everybody.

    Raises
    ------
    DataError
        See :func:`training.data.manifest.read_manifest`.
    """
    rows = read_manifest(path)
    lists_only = not any(row.labels_absent for row in rows)
    named = frozenset().union(*(observations(row.labels_present) for row in rows)) if lists_only else frozenset[str]()
    return {row.sample_id: _case(row, named) for row in rows}


def report_table(path: Path) -> CaseTable:
    """Return the images of a manifest by their sample ids, as its reports tell of them; raises as `manifest_table`."""
    return report_cases(read_manifest(path))


def _case(row: IndexRow, named: frozenset[str]) -> Case:
    key = f"{row.source}/{row.sample_id}"
    if row.source == NIH and row.labels_present:
        return nih_case(key, row.split, row.patient_id, row.labels_present)
    present, uncertain = observations(row.labels_present), observations(row.labels_uncertain)
    # An uncertain pneumonia makes it uncertain, too, that there is no opacity.
    absent = ((set(row.labels_absent) & set(OBSERVATIONS)) | named) - uncertain
    return listed_case(key, row.source, row.split, row.patient_id, present=present, known=present | absent)


def phantom_table(folder: Path) -> CaseTable:
    """Return the phantoms of a set by the names that `saerad-train harvest --phantoms` gives them."""
    return {sample.case.key: sample.case for sample in phantom_samples(folder)}


def table_cases(table: CaseTable, store: ActivationStore, rows: Rows, split: Split) -> list[Case]:
    """Return images of a store as cases of a split, each as a table has it.

    Raises
    ------
    UsageError
        ``LABEL_IMAGES`` when the table does not have them all.
    """
    names: Sequence[str] = store.index(["sample_id"])["sample_id"].to_pylist()
    wanted = [names[row] for row in rows.tolist()]
    if missing := [name for name in wanted if name not in table]:
        raise UsageError(
            "LABEL_IMAGES",
            f"nothing is said of {len(missing)} of {len(wanted)} images, such as {missing[0]!r}",
            "name the manifest or the phantoms that the store was harvested from",
        )
    return [replace(table[name], split=split) for name in wanted]
