"""Images of a store as cases: what the labels of its index say, and no more than they say."""

from __future__ import annotations

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
    present = [with_parents(labels or ()) & set(OBSERVATIONS) for labels in index["labels_present"]]
    known = frozenset(set().union(*present)) - {NORMAL} if present else frozenset()
    cases = []
    for row in rows.tolist():
        found = present[row] - {NORMAL}
        normal = False if found - {DEVICES} else True if NORMAL in present[row] else None
        cases.append(
            Case(
                key=f"{SOURCE}/{index['sample_id'][row]}",
                source=SOURCE,
                split=split,
                group=index["patient_id"][row] or index["sample_id"][row],
                claims=tuple(Claim(name) for name in sorted(found)),
                known=known,
                normal=normal,
                sided=False,
                text="",
            )
        )
    return cases
