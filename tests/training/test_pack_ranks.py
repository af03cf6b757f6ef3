"""Ranks and groups of duplicates on their way into a pack's features and out again."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

from engine.pack.features import FeatureStore
from tests.training.labelling.labels import label_of
from training.labelling.cases import Attribute
from training.pack import write_features


def test_ranks_and_duplicates_are_read_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "features.sqlite"
    records = [label_of(Attribute("Edema"), n).record() for n in (3, 5, 8)]
    records[1] = replace(records[1], duplicate_group=3)
    write_features(path, records, [], {5: 1.25, 3: 2.0})
    with FeatureStore(path) as store:
        assert store.ranks() == {3: 2.0, 5: 1.25}
        assert store.duplicates(records[1]) == [3, 5] and store.duplicates(records[2]) == [8]
        assert store.all() == records


def test_a_pack_of_a_former_version_has_no_ranks(tmp_path: Path) -> None:
    path = tmp_path / "features.sqlite"
    write_features(path, [label_of(Attribute("Edema"), 3).record()], [], {})
    with sqlite3.connect(path) as database:
        database.execute("DROP TABLE ranking")
    database.close()
    with FeatureStore(path) as store:
        assert store.ranks() == {}
