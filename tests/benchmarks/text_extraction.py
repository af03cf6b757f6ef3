"""Findings extracted from Open-I reports beside the MeSH codes that people gave the same reports.

    python -m tests.benchmarks.text_extraction ../shared/data/reports/openi_reports.csv

The codes name what a report states; what it only suspects is coded in some and not in others. Reports without codes are
left out. The side is compared where the code of a finding that both have names one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from engine.report.vocabulary import MIDLINE, SIDES
from engine.text.chexpert import chexpert_labels
from engine.text.extract import extract_findings
from training.data.tables import read_rows

HEADINGS = {
    "Cardiomegaly": "Cardiomegaly",
    "Pleural Effusion": "Pleural Effusion",
    "Pulmonary Atelectasis": "Atelectasis",
    "Pneumothorax": "Pneumothorax",
    "Hydropneumothorax": "Pneumothorax",
    "Opacity": "Lung Opacity",
    "Infiltrate": "Lung Opacity",
    "Airspace Disease": "Lung Opacity",
    "Cicatrix": "Lung Opacity",
    "Pulmonary Congestion": "Edema",
    "Pulmonary Edema": "Edema",
    "Heart Failure": "Edema",
    "Consolidation": "Consolidation",
    "Pneumonia": "Pneumonia",
    "Nodule": "Lung Lesion",
    "Mass": "Lung Lesion",
    "Fractures, Bone": "Fracture",
    "Catheters, Indwelling": "Support Devices",
    "Medical Device": "Support Devices",
    "Tube, Inserted": "Support Devices",
    "Stents": "Support Devices",
    "Implanted Medical Device": "Support Devices",
    "Calcified Granuloma": "Granuloma",
    "Granuloma": "Granuloma",
    "Granulomatous Disease": "Granuloma",
    "Scoliosis": "Scoliosis",
    "Hernia, Hiatal": "Hernia",
}
QUALIFIED = {
    ("Thickening", "pleura"): "Pleural Other",
    ("Markings", "interstitial"): "Lung Opacity",
    ("Density", "lung"): "Lung Opacity",
    ("Lung", "hyperdistention"): "Hyperinflation",
    ("Lung", "hypoinflation"): "Low Lung Volumes",
}
NAMES = sorted({*HEADINGS.values(), *QUALIFIED.values()})


def coded(codes: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield observation and sides of a report's codes: "Opacity/lung/base/left; Cardiomegaly"."""
    for code in codes.split(";"):
        head, *rest = (part.strip() for part in code.split("/"))
        sides = frozenset(side for part in rest for side in SIDES.get(part, ()))
        if head in HEADINGS:
            yield HEADINGS[head], sides
        yield from ((name, sides) for (first, second), name in QUALIFIED.items() if first == head and second in rest)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("reports", type=Path)
    rows = list(read_rows(parser.parse_args().reports, ("findings", "impression", "mesh_major")))
    rows = [row for row in rows if row["mesh_major"] not in ("", "No Indexing")]
    counts: dict[str, list[int]] = defaultdict(lambda: [0] * 6)
    start = time.process_time()
    found = [extract_findings(f"{row['findings']}\n\n{row['impression']}") for row in rows]
    seconds = time.process_time() - start
    for row, findings in zip(rows, found, strict=True):
        stated = {f.observation for f in findings if f.polarity == "present"}
        suspected = {f.observation for f in findings if f.polarity == "uncertain"} - stated
        true: dict[str, frozenset[str]] = {}
        for name, sides in coded(row["mesh_major"]):
            true[name] = true.get(name, frozenset()) | sides
        for name in NAMES:
            said = name in stated or name in suspected
            counts[name][0] += said and name in true
            counts[name][1] += name in stated and name not in true
            counts[name][2] += name in suspected and name not in true
            counts[name][3] += not said and name in true
            if said and name not in MIDLINE and true.get(name):
                own = [SIDES[f.laterality] for f in findings if f.observation == name and f.polarity != "absent"]
                counts[name][4] += 1
                counts[name][5] += frozenset().union(*own) == true[name]
        healthy, normal = chexpert_labels(findings)["No Finding"] == 1, row["mesh_major"] == "normal"
        for i, case in enumerate((healthy and normal, healthy and not normal, False, normal and not healthy)):
            counts["No Finding"][i] += case
    lines = [
        f"{len(rows)} reports with codes; {1000 * seconds / len(rows):.1f} ms of processor time a report",
        "",
        "| observation | both | stated, not coded | suspected, not coded | coded only | recall of codes | same side |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, (both, stated_only, suspected_only, missed, sided, same) in sorted(counts.items()):
        recall = f"{both / (both + missed):.3f}" if both + missed else "–"
        side = f"{same} of {sided}" if sided else "–"
        lines.append(f"| {name} | {both} | {stated_only} | {suspected_only} | {missed} | {recall} | {side} |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
