"""The gate's confusion table: as Markdown, as one JSON object, and as a picture."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import numpy as np

from training.evaluation.gate.measure import Outcome, Tally, tallies, wilson
from training.evaluation.gate.specimen import CHEST
from training.evaluation.plots import COLOURS, save_figure

EXPLANATION = """Every file is opened and analysed by the engine as `saerad analyse` does it. *Header told*: the file's
header names the body part, the view or the modality; *silent*: a PNG or JPEG file, or DICOM without the tags that tell,
so that the pixels alone decide. *Altered*: copies of one picture with another cut, contrast, size and grain, turned a
little; they count apart, because they are no further specimens. A frontal chest goes right when it is analysed, with a
warning or without one; everything else when it is refused. Nothing is corrected: a picture whose black and white are
exchanged is refused with the code that says so. Brackets: 95 % intervals (Wilson)."""
HEADINGS = ("what", "header", "copies", "n", "passed", "warned", "refused", "refused, by code", "went right")


def as_json(outcomes: Sequence[Outcome], settings: dict[str, Any]) -> dict[str, Any]:
    """Return one object with the keys of every benchmark (``ours``, ``peers``, ``ratio``)."""
    return {
        "name": "gate",
        "ours": {" | ".join(key): _figures(key[0], tally) for key, tally in tallies(outcomes).items()},
        "peers": {},
        "ratio": None,
        "by_origin": {
            " | ".join(key): _figures(key[0], tally) for key, tally in tallies(outcomes, by_origin=True).items()
        },
        "settings": settings,
    }


def as_table(outcomes: Sequence[Outcome], *, by_origin: bool = False) -> str:
    """Return the table in Markdown."""
    names = (*HEADINGS[:3], "origin", *HEADINGS[3:]) if by_origin else HEADINGS
    lines = ["| " + " | ".join(names) + " |", "| --- " * len(names) + "|"]
    for key, tally in tallies(outcomes, by_origin=by_origin).items():
        codes = ", ".join(f"{code} {count}" for code, count in tally.refused.most_common())
        low, high = wilson(tally.right(key[0]), tally.n)
        share = f"{tally.right(key[0]) / tally.n:.1%} [{low:.1%}, {high:.1%}]"
        cells = [*key, tally.n, tally.passed, tally.warned, tally.refused.total(), codes or "–", share]
        lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def write_report(outcomes: Sequence[Outcome], settings: dict[str, Any], folder: Path) -> None:
    """Write ``gate.md``, ``gate.json`` and ``gate.png`` into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    found = as_json(outcomes, settings)
    (folder / "gate.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    draw(outcomes, folder / "gate.png")
    chests = [outcome for outcome in outcomes if outcome.specimen.kind == CHEST]
    (folder / "gate.md").write_text(
        f"# The input gate of the pack {settings['pack']}\n\nWritten by the command that measured it; do not edit by "
        f"hand:\n\n    {settings['command']}\n\n{EXPLANATION}\n\n{as_table(outcomes)}\n![the table](gate.png)\n\n"
        f"## Frontal chests by source\n\n{as_table(chests, by_origin=True)}",
        encoding="utf-8",
    )


def draw(outcomes: Sequence[Outcome], path: Path) -> None:
    """Draw for every row of the table the shares that passed, were warned of and were refused."""
    rows = tallies(outcomes)
    labels = [f"{kind}, {header}{', altered' if copies == 'altered' else ''}" for kind, header, copies in rows]
    shares = np.array([[t.passed, t.warned, t.refused.total()] for t in rows.values()], dtype=float)
    counts = shares.sum(1)
    shares /= counts[:, None]
    figure, axes = plt.subplots(figsize=(7.5, 0.24 * len(rows) + 1.2), layout="constrained")
    left = np.zeros(len(rows))
    for title, colour, share in zip(("passed", "warned", "refused"), COLOURS, shares.T, strict=True):
        axes.barh(np.arange(len(rows)), share, left=left, color=colour, label=title)
        left += share
    axes.set_yticks(np.arange(len(rows)), [f"{label} (n {n:.0f})" for label, n in zip(labels, counts, strict=True)])
    axes.tick_params(axis="y", labelsize=7)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0, 1)
    axes.set_xlabel("share of the files")
    figure.legend(loc="outside upper right", fontsize=7, ncols=3)
    save_figure(figure, path)


def _figures(kind: str, tally: Tally) -> dict[str, Any]:
    low, high = wilson(tally.right(kind), tally.n)
    return {
        "n": tally.n,
        "passed": tally.passed,
        "warned": tally.warned,
        "refused": tally.refused.total(),
        "codes": dict(tally.refused.most_common()),
        "right": tally.right(kind) / tally.n,
        "low": low,
        "high": high,
    }
