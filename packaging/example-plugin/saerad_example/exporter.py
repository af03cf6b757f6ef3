"""An exporter in a few lines: the active features of an image as ``features.csv``."""

from __future__ import annotations

import csv
from pathlib import Path

from engine.dicom.radiograph import Radiograph
from engine.inference.analysis import Analysis
from engine.report.draft import Draft


def write_csv(folder: Path, radiograph: Radiograph, analysis: Analysis, draft: Draft) -> None:
    """Write one row a feature into the folder that the program hands out."""
    with (folder / "features.csv").open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["feature", "activation", "description"])
        for feature in analysis.features:
            table.writerow([feature.id, f"{feature.activation:.4f}", feature.description])
