"""Images of a store as cases: what the labels of its index say, and no more than they say."""

from __future__ import annotations

from collections.abc import Iterable

from engine.pack.manifest import OBSERVATIONS
from training.activations.store import ActivationStore, Rows
from training.evaluation.store_labels import with_parents
from training.labelling.cases import DEVICES, NORMAL, Case, Claim, Split

SOURCE = "store"


def store_cases(store: ActivationStore, rows: Rows, split: Split) -> list[Case]:
    """Return images of a store as cases of a split.

    An observation that some image of the store has counts as absent where it is not named; one that no image has is
    unknown everywhere. Sides, places and texts are not in an index.
    """
    index = store.index(["sample_id", "patient_id", "labels_present"]).to_pydict()
    present = [observations(labels or ()) for labels in index["labels_present"]]
    known = frozenset(set().union(*present)) if present else frozenset()
    return [
        listed_case(
            f"{SOURCE}/{index['sample_id'][row]}",
            SOURCE,
            split,
            index["patient_id"][row] or index["sample_id"][row],
            present=present[row],
            known=known,
        )
        for row in rows.tolist()
    ]


def observations(labels: Iterable[str]) -> set[str]:
    """Return the CheXpert observations among labels, and those that they imply."""
    return with_parents(tuple(labels)) & set(OBSERVATIONS)


def listed_case(
    key: str, source: str, split: Split, group: str, *, present: set[str], known: frozenset[str] | set[str]
) -> Case:
    """Return a case of which a list of observations is all that is known; "No Finding" may be one of them."""
    found = present - {NORMAL}
    normal = False if found - {DEVICES} else True if NORMAL in present else None
    claims = tuple(Claim(name) for name in sorted(found))
    return Case(key, source, split, group, claims, frozenset(known) - {NORMAL}, normal, sided=False, text="")
