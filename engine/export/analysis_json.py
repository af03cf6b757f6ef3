"""Write ``analysis.json`` and the maps beside it: the machine-readable answer of the model for one image."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np

from engine.export.atomic import write_atomic
from engine.inference.analysis import Analysis
from engine.pack.manifest import OBSERVATIONS


def analysis_to_dict(analysis: Analysis) -> dict[str, Any]:
    """Return the content of ``analysis.json``; ``map`` names a float32 ``.npy`` of the patch grid, or is None."""
    return {
        "sop_instance_uid": analysis.sop_instance_uid,
        "pixel_sha256": analysis.pixel_sha256,
        "pack": {"name": analysis.pack_name, "version": analysis.pack_version, "sha256": analysis.pack_sha256},
        "provider": analysis.provider,
        "precision": analysis.precision,
        "gate": {"verdict": analysis.gate.verdict, "code": analysis.gate.code, "message": analysis.gate.message},
        "explained_variance": analysis.explained_variance if np.isfinite(analysis.explained_variance) else None,
        "features": [
            {
                "id": f.id,
                "description": f.description,
                "activation": f.activation,
                "percentile": f.percentile,
                "observation": f.observation,
                "polarity": f.polarity,
                "laterality": f.laterality,
                "map": map_name(f.id) if f.id in analysis.maps else None,
            }
            for f in analysis.features
        ],
        "observations": [
            {"observation": r.observation, "probability": r.probability}
            for r in analysis.observations
            if r.observation in OBSERVATIONS and r.laterality == "none" and not r.location
        ],
        "readouts": [
            {
                "observation": r.observation,
                "laterality": r.laterality,
                "location": r.location,
                "probability": r.probability,
                "threshold": r.threshold,
                "absence_threshold": r.absence_threshold,
                "reportable": r.reportable,
            }
            for r in analysis.observations
        ],
        "maps": {
            map_name(ident): {
                "method": m.method,
                "preactivation": m.preactivation,
                "remainder": m.remainder,
                "box": list(m.box),
            }
            for ident, m in sorted(analysis.maps.items())
        },
        "timing_ms": dict(analysis.timing_ms),
        "warnings": list(analysis.warnings),
    }


def map_name(feature_id: int) -> str:
    """Return the file name of one feature's map."""
    return f"map_{feature_id:06d}.npy"


def write_analysis(folder: Path, analysis: Analysis) -> list[Path]:
    """Write the maps, then ``analysis.json``, so that every map it names is there.

    Returns
    -------
    list of Path
        ``analysis.json`` first, then the maps.

    Raises
    ------
    ExportError
        ``EXPORT_WRITE``.
    """
    maps = []
    for ident, feature_map in sorted(analysis.maps.items()):
        stream = io.BytesIO()
        np.save(stream, np.asarray(feature_map.values, dtype=np.float32), allow_pickle=False)
        maps.append(write_atomic(folder / map_name(ident), stream.getvalue()))
    return [write_atomic(folder / "analysis.json", json_bytes(analysis_to_dict(analysis))), *maps]


def json_bytes(data: dict[str, Any]) -> bytes:
    """Encode as readable UTF-8 JSON; a number that JSON cannot hold is an error, not a ``NaN``."""
    return (json.dumps(data, ensure_ascii=False, indent=2, allow_nan=False) + "\n").encode("utf-8", errors="replace")
