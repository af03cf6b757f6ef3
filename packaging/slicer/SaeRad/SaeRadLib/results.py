"""What ``saerad analyse`` wrote of one image: refused or analysed, never half of either."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ANALYSED, PARTLY = 0, 3


class AnalysisError(Exception):
    """No result can be shown; the message says why, for a person."""


@dataclass(frozen=True)
class Feature:
    """One active feature, see ``analysis.json``."""

    number: int
    description: str
    activation: float
    percentile: float


@dataclass(frozen=True)
class Result:
    """The answer for one image.

    Attributes
    ----------
    refused : bool
        Whether the model was not asked; then there is neither draft nor map.
    verdict : str
        Code and reason of a refusal or a warning, empty where there is none.
    draft : str
        The report as text, with its status and what it stands on.
    segmentation : Path or None
        DICOM SEG of the heat maps; None where no positive finding has one.
    """

    uid: str
    refused: bool
    verdict: str
    pack: str
    draft: str
    features: tuple[Feature, ...]
    segmentation: Path | None


def read_result(out: Path, uid: str, status: int, printed: str, complaints: str) -> Result:
    """Read the results of one image.

    Parameters
    ----------
    out : Path
        The folder named by ``--out``.
    uid : str
        SOP Instance UID of the image that is shown: results of another are an error.
    status : int
        Exit status of the process.
    printed, complaints : str
        Its standard output and standard error.

    Raises
    ------
    AnalysisError
        When the process failed, was ended, or answered for another image.
    """
    rows = _rows(printed)
    if status not in (ANALYSED, PARTLY) or len(rows) != 1:
        last = [line for line in complaints.splitlines() if line.strip()][-1:]
        raise AnalysisError(last[0] if last else f"saerad ended with status {status} and said nothing")
    row = rows[0]
    if row["outcome"] == "failed":
        raise AnalysisError(f"[{row['code']}] {row['message']}")
    if row["sop_instance_uid"] != uid:
        raise AnalysisError("saerad answered for another image than the one shown")
    folder = out / uid
    analysis = json.loads((folder / "analysis.json").read_text(encoding="utf-8"))
    if analysis["sop_instance_uid"] != uid:
        raise AnalysisError("the results in the folder belong to another image")
    gate, pack = analysis["gate"], analysis["pack"]
    refused = gate["verdict"] == "refused"
    segmentation = folder / "segmentation.dcm"
    return Result(
        uid=uid,
        refused=refused,
        verdict="" if gate["code"] == "OK" else f"[{gate['code']}] {gate['message']}",
        pack=f"{pack['name']} {pack['version']} ({pack['sha256'][:8]})",
        draft="" if refused else (folder / "report.txt").read_text(encoding="utf-8"),
        features=tuple(
            Feature(one["id"], one["description"], one["activation"], one["percentile"]) for one in analysis["features"]
        ),
        segmentation=segmentation if segmentation.is_file() and not refused else None,
    )


def _rows(printed: str) -> list[dict[str, Any]]:
    try:
        rows = json.loads(printed)
    except ValueError:
        return []
    return rows if isinstance(rows, list) else []
