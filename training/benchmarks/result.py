"""What a benchmark prints: one object whose keys ``ours``, ``peers`` and ``ratio`` are always there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Figures = dict[str, float]


@dataclass
class Result:
    """Figures of ours and of other libraries.

    Attributes
    ----------
    name : str
        Of the benchmark.
    ours : dict
        Figures by case (architecture and size).
    peers : dict
        By library, then as `ours`; empty where none was measured.
    ratios : dict
        By case: ours against the best library, > 1 is better.
    versions : dict
        Releases of the libraries that were measured.
    settings, machine : dict
        What was measured, on what.
    notes : list of str
        What a reader has to know, such as libraries that could not be measured.
    """

    name: str
    ours: dict[str, Figures] = field(default_factory=dict)
    peers: dict[str, dict[str, Figures]] = field(default_factory=dict)
    ratios: Figures = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float | None:
        """The least of the ratios, or None where there is none."""
        return min(self.ratios.values(), default=None)

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return {
            "benchmark": self.name,
            "ours": self.ours,
            "peers": self.peers,
            "ratio": self.ratio,
            "ratios": self.ratios,
            "versions": self.versions,
            "settings": self.settings,
            "machine": self.machine,
            "notes": self.notes,
        }


@dataclass(frozen=True)
class Column:
    """A column of the table.

    Attributes
    ----------
    key : str
        Of the figures.
    title : str
    form : str
        Format of a number.
    """

    key: str
    title: str
    form: str


def table(result: Result, columns: tuple[Column, ...]) -> str:
    """Return the figures as a Markdown table: for each case ours first, then the libraries."""
    heads = ["case", "trainer", *(column.title for column in columns), "ours against it"]
    lines = ["| " + " | ".join(heads) + " |", "| " + " | ".join(["---"] * len(heads)) + " |"]
    for case, figures in result.ours.items():
        rows: list[tuple[str, Mapping[str, float]]] = [("ours", figures)]
        rows += [(library, cases[case]) for library, cases in result.peers.items() if case in cases]
        for trainer, values in rows:
            cells = [format(values[c.key], c.form) if c.key in values else "" for c in columns]
            against = f"{values['ours_against']:.2f}" if "ours_against" in values else ""
            lines.append("| " + " | ".join([case, trainer, *cells, against]) + " |")
    return "\n".join(lines) + "\n"
