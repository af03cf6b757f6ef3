"""Read ``features.sqlite``: one row a feature, its evidence, and full-text search (design §2)."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import cast

import numpy as np
import numpy.typing as npt

from engine.errors import PackError
from engine.pack.manifest import Laterality, Polarity, Section, Severity

N_QUANTILES = 101

SCHEMA = """
CREATE TABLE feature (
  id INTEGER PRIMARY KEY,
  description TEXT NOT NULL,
  observation TEXT NOT NULL,
  polarity TEXT NOT NULL CHECK (polarity IN ('present', 'absent', 'normal')),
  laterality TEXT NOT NULL CHECK (laterality IN ('left', 'right', 'bilateral', 'none')),
  location TEXT NOT NULL,
  severity TEXT NOT NULL CHECK (severity IN ('small', 'moderate', 'large', 'none')),
  section TEXT NOT NULL CHECK (section IN ('lungs', 'pleura', 'heart', 'bones', 'devices', 'other')),
  label_score REAL NOT NULL,
  reportable INTEGER NOT NULL CHECK (reportable IN (0, 1)),
  firing_rate REAL NOT NULL,
  quantiles TEXT NOT NULL,
  duplicate_group INTEGER NOT NULL
);
CREATE TABLE evidence (
  feature_id INTEGER NOT NULL REFERENCES feature (id),
  rank INTEGER NOT NULL,
  source TEXT NOT NULL,
  activation REAL NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (feature_id, rank)
);
CREATE TABLE ranking (
  feature_id INTEGER PRIMARY KEY REFERENCES feature (id),
  rank REAL NOT NULL
);
CREATE VIRTUAL TABLE feature_search USING fts5 (
  description, observation, location, content='feature', content_rowid='id'
);
"""
"""DDL written by training; the reader relies on it."""


@dataclass(frozen=True)
class FeatureRecord:
    """What is known of one SAE feature.

    Attributes
    ----------
    observation : str
        CheXpert name or an open one; empty when the evidence supports none.
    label_score : float
        Balanced accuracy of the description on held-out reports, 0..1 (0.5 is chance).
    reportable : bool
        Whether a draft may cite it: label score above the pack's threshold or, for a denial (polarity absent or normal,
        true of most images and so never predictive), its precision on held-out images.
    firing_rate : float
        Share of training images on which it is active, 0..1.
    quantiles : tuple of float
        101 values: activation at the 0th..100th percentile of the images on which it is active.
    duplicate_group : int
        Smallest feature id of its group of duplicates; its own id when alone.
    """

    id: int
    description: str
    observation: str
    polarity: Polarity
    laterality: Laterality
    location: str
    severity: Severity
    section: Section
    label_score: float
    reportable: bool
    firing_rate: float
    quantiles: tuple[float, ...]
    duplicate_group: int

    def percentile(self, activation: float) -> float:
        """Percentile (0..100) of an activation within this feature's own positive activations."""
        grid: npt.NDArray[np.float64] = np.asarray(self.quantiles, dtype=np.float64)
        if activation >= grid[-1]:
            return 100.0
        return float(np.interp(activation, grid, np.linspace(0.0, 100.0, grid.size)))


@dataclass(frozen=True)
class Evidence:
    """One training image whose report stands behind a description."""

    feature_id: int
    rank: int
    source: str
    activation: float
    text: str


@dataclass(frozen=True)
class FeatureCounts:
    """How many of a pack's features have a description that names a finding.

    Attributes
    ----------
    described : int
        Features whose description names a finding, present or absent.
    reportable : int
        Those of them that a draft may cite.
    unexplained : int
        Features that were looked at too, and whose evidence supports no finding.
    """

    described: int
    reportable: int
    unexplained: int


class FeatureStore:
    """Read-only access to a pack's features.

    Raises
    ------
    PackError
        ``PACK_FEATURES`` if the file is not a feature database.
    """

    def __init__(self, path: Path) -> None:
        try:
            self._db = sqlite3.connect(
                f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
            )
            self._ids = frozenset(int(row[0]) for row in self._db.execute("SELECT id FROM feature"))
        except sqlite3.Error as error:
            raise PackError(
                "PACK_FEATURES", f"{path.name} is not a feature database ({error})", "install the pack again"
            ) from error

    def __enter__(self) -> FeatureStore:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the database."""
        self._db.close()

    def __len__(self) -> int:
        return len(self._ids)

    def __contains__(self, feature_id: int) -> bool:
        return feature_id in self._ids

    def counts(self) -> FeatureCounts:
        """Count the features as the model card does: described are those that name a finding."""
        (described, reportable), *_ = self._db.execute(
            "SELECT COUNT(*), COALESCE(SUM(reportable), 0) FROM feature WHERE observation <> ''"
        )
        return FeatureCounts(int(described), int(reportable), len(self) - int(described))

    def get(self, feature_ids: Iterable[int]) -> dict[int, FeatureRecord]:
        """Return the records of the given ids; ids without a description are left out."""
        wanted = [int(i) for i in feature_ids if int(i) in self._ids]
        marks = ",".join("?" * len(wanted))
        rows = self._db.execute(f"SELECT * FROM feature WHERE id IN ({marks})", wanted)
        return {record.id: record for record in map(_record, rows)}

    def all(self) -> list[FeatureRecord]:
        """Return every record, by id."""
        return [_record(row) for row in self._db.execute("SELECT * FROM feature ORDER BY id")]

    def search(self, text: str, limit: int = 200) -> list[int]:
        """Return ids whose description, observation or location contain all words of `text`, best first."""
        words = ['"' + word.replace('"', "") + '"*' for word in text.split() if word.replace('"', "")]
        if not words:
            return []
        rows = self._db.execute(
            "SELECT rowid FROM feature_search WHERE feature_search MATCH ? ORDER BY rank LIMIT ?",
            (" ".join(words), limit),
        )
        return [int(row[0]) for row in rows]

    def duplicates(self, record: FeatureRecord) -> list[int]:
        """Return the ids of a feature's group of duplicates, itself among them."""
        rows = self._db.execute(
            "SELECT id FROM feature WHERE duplicate_group = ? ORDER BY id", (record.duplicate_group,)
        )
        return [int(row[0]) for row in rows]

    def ranks(self) -> dict[int, float]:
        """Return the mean rank among five of each description that was ranked (1 best, 3 chance).

        Packs of former versions have none.
        """
        if not self._db.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'ranking'").fetchone():
            return {}
        return {int(ident): float(rank) for ident, rank in self._db.execute("SELECT feature_id, rank FROM ranking")}

    def evidence(self, feature_id: int) -> list[Evidence]:
        """Return the evidence of one feature, strongest first."""
        rows = self._db.execute(
            "SELECT feature_id, rank, source, activation, text FROM evidence WHERE feature_id = ? ORDER BY rank",
            (feature_id,),
        )
        return [Evidence(*row) for row in rows]


def _record(row: Sequence[object]) -> FeatureRecord:
    (
        ident,
        description,
        observation,
        polarity,
        laterality,
        location,
        severity,
        section,
        score,
        reportable,
        rate,
        quantiles,
        group,
    ) = row
    return FeatureRecord(
        id=cast(int, ident),
        description=cast(str, description),
        observation=cast(str, observation),
        polarity=cast(Polarity, polarity),
        laterality=cast(Laterality, laterality),
        location=cast(str, location),
        severity=cast(Severity, severity),
        section=cast(Section, section),
        label_score=cast(float, score),
        reportable=bool(reportable),
        firing_rate=cast(float, rate),
        quantiles=tuple(json.loads(cast(str, quantiles))),
        duplicate_group=cast(int, group),
    )
