"""Write a model pack: prove that ONNX and torch agree, then put the folder in place in one rename (design §2)."""

from __future__ import annotations

import datetime
import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnxruntime as ort

from engine.errors import PackError
from engine.pack.features import SCHEMA, Evidence, FeatureRecord
from engine.pack.manifest import (
    SCHEMA_VERSION,
    Calibration,
    EncoderSpec,
    FileEntry,
    GateSpec,
    Manifest,
    Provenance,
    SaeSpec,
)
from engine.pack.reliability import RELIABILITY_PLOT
from engine.pack.verify import verify_pack
from training.gate import FittedGate
from training.graph import plain_graph
from training.model_card import licence_text, model_card
from training.reliability_plot import plot_reliability
from training.sae.folded import FloatArray, FoldedSae

MAX_BYTES = 25 * 2**20
TOLERANCE = 1e-4


@dataclass(frozen=True, eq=False)
class PackParts:
    """Everything a pack is made of.

    Attributes
    ----------
    encoder_folder : Path
        Holds ``encoder.onnx`` and ``tail.safetensors``, proven equal to torch when they were exported.
    sample_tokens : ndarray of float32, shape (N, d_model)
        Tokens on which ``sae.onnx`` is proven equal to the trained model.
    sample_activations : ndarray of float32, shape (N, n_features)
        What the trained torch model makes of them.
    licence : str, optional
        Text of ``LICENSE``; None takes that of the packs made here.
    small : bool
        Whether the pack must stay below `MAX_BYTES`, as one that ships with the program.
    ranks : mapping of int to float
        Mean rank among five of the descriptions that were ranked.
    """

    name: str
    version: str
    title: str
    intended_use: str
    limits: tuple[str, ...]
    encoder: EncoderSpec
    encoder_folder: Path
    sae: FoldedSae
    sae_spec: SaeSpec
    records: Sequence[FeatureRecord]
    evidence: Sequence[Evidence]
    calibration: Calibration
    gate: FittedGate | None
    provenance: Provenance
    metrics: dict[str, float]
    sample_tokens: FloatArray
    sample_activations: FloatArray
    licence: str | None = None
    small: bool = True
    ranks: Mapping[int, float] = field(default_factory=dict)


def write_pack(parts: PackParts, folder: Path) -> Manifest:
    """Write, verify and put in place a pack folder; a failure leaves what was there before.

    Raises
    ------
    PackError
        ``PACK_NOT_EQUAL`` when ``sae.onnx`` differs from the trained model by more than 1e-4 of its largest
        pre-activation, ``PACK_TOO_LARGE`` above 25 MiB where it must be small, and what
        :func:`engine.pack.verify.verify_pack` finds.
    """
    with pack_in_place(folder) as staging:
        return _fill(parts, staging)


@contextmanager
def pack_in_place(folder: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes `folder`, in place of what was there, when the block ends well."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield staging
        staging.chmod(0o755)
        _replace(staging, folder)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def manifest_json(manifest: Manifest) -> str:
    """Return the text of ``pack.json``."""
    return json.dumps(manifest.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n"


def _fill(parts: PackParts, folder: Path) -> Manifest:
    shutil.copyfile(parts.encoder_folder / "tail.safetensors", folder / "tail.safetensors")
    (folder / "encoder.onnx").write_bytes(plain_graph(parts.encoder_folder / "encoder.onnx"))
    parts.sae.save(folder / "sae.safetensors")
    (folder / "sae.onnx").write_bytes(parts.sae.to_onnx().SerializeToString())
    difference = prove_sae(folder / "sae.onnx", parts.sae, parts.sample_tokens, parts.sample_activations)
    write_features(folder / "features.sqlite", parts.records, parts.evidence, parts.ranks)
    if parts.gate is not None:
        parts.gate.save(folder / "gate.safetensors")
    if any(readout.reliability for readout in parts.calibration.readouts):
        plot_reliability(parts.calibration.readouts, folder / RELIABILITY_PLOT)
    draft = Manifest(
        schema_version=SCHEMA_VERSION,
        name=parts.name,
        version=parts.version,
        title=parts.title,
        intended_use=parts.intended_use,
        limits=parts.limits,
        encoder=parts.encoder,
        sae=parts.sae_spec,
        gate=parts.gate.spec if parts.gate is not None else GateSpec(),
        calibration=parts.calibration,
        provenance=parts.provenance,
        metrics={**parts.metrics, "largest difference of sae.onnx and torch": difference},
        files={},
    )
    (folder / "MODEL_CARD.md").write_text(model_card(draft), encoding="utf-8")
    licence = licence_text(draft) if parts.licence is None else parts.licence
    (folder / "LICENSE").write_text(licence, encoding="utf-8")
    files = {path.name: _entry(path) for path in sorted(folder.iterdir())}
    manifest = draft.model_copy(update={"files": files})
    (folder / "pack.json").write_text(manifest_json(manifest), encoding="utf-8")
    for path in folder.iterdir():
        path.chmod(0o644)
    size = sum(path.stat().st_size for path in folder.iterdir())
    if parts.small and size > MAX_BYTES:
        raise PackError("PACK_TOO_LARGE", f"the pack has {size / 2**20:.1f} MiB", "use fewer features")
    verify_pack(folder)
    return manifest


def prove_sae(path: Path, sae: FoldedSae, tokens: FloatArray, expected: FloatArray) -> float:
    """Return the largest difference of ``sae.onnx`` and the trained model, relative to the largest pre-activation.

    A unit that rounding puts on the other side of its threshold is allowed when it lies within the tolerance of it.

    Raises
    ------
    PackError
        ``PACK_NOT_EQUAL`` above 1e-4.
    """
    session = ort.InferenceSession(path.read_bytes(), providers=["CPUExecutionProvider"])
    (given,) = session.run(["activations"], {"class_token": tokens})
    z = sae.preactivations(tokens)
    scale = max(float(np.abs(z).max()), 1e-9)
    both = (given > 0) == (expected > 0)
    from_threshold = np.where(both, 0.0, np.abs(z - sae.threshold))
    difference = float(max(np.abs(np.where(both, given - expected, 0.0)).max(), from_threshold.max())) / scale
    if difference > TOLERANCE:
        raise PackError(
            "PACK_NOT_EQUAL", f"sae.onnx differs from the trained model by {difference:.1e}", "do not use it"
        )
    return difference


def write_features(
    path: Path, records: Sequence[FeatureRecord], evidence: Sequence[Evidence], ranks: Mapping[int, float]
) -> None:
    """Write ``features.sqlite``."""
    connection = sqlite3.connect(path)
    try:
        connection.executescript(SCHEMA)
        connection.executemany(
            "INSERT INTO feature VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
            [
                (
                    r.id,
                    r.description,
                    r.observation,
                    r.polarity,
                    r.laterality,
                    r.location,
                    r.severity,
                    r.section,
                    r.label_score,
                    int(r.reportable),
                    r.firing_rate,
                    json.dumps([round(q, 4) for q in r.quantiles], separators=(",", ":")),
                    r.duplicate_group,
                )
                for r in records
            ],
        )
        connection.executemany(
            "INSERT INTO evidence VALUES (?,?,?,?,?)",
            [(e.feature_id, e.rank, e.source, e.activation, e.text) for e in evidence],
        )
        connection.executemany("INSERT INTO ranking VALUES (?,?)", sorted(ranks.items()))
        connection.execute("INSERT INTO feature_search(feature_search) VALUES ('rebuild')")
        connection.commit()
        connection.execute("VACUUM")
    finally:
        connection.close()


def code_revision(repository: Path) -> str:
    """Return the commit of the working tree, with "+changes" where it differs; "unknown" outside git."""
    try:
        revision = _git(repository, "rev-parse", "HEAD")
        return revision + ("+changes" if _git(repository, "status", "--porcelain", "--", "training", "engine") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def now() -> str:
    """Return the time for ``provenance.created``: UTC, seconds; ``SOURCE_DATE_EPOCH`` wins for reproducible builds."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    moment = datetime.datetime.fromtimestamp(int(epoch), datetime.UTC) if epoch else datetime.datetime.now(datetime.UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _git(repository: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(repository), *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


def _entry(path: Path) -> FileEntry:
    content = path.read_bytes()
    return FileEntry(sha256=hashlib.sha256(content).hexdigest(), size=len(content))


def _replace(staging: Path, folder: Path) -> None:
    """Put `staging` where `folder` is; the old folder is moved aside first and removed last."""
    if not folder.exists():
        staging.rename(folder)
        return
    old = folder.with_name(f".{folder.name}-old-{os.getpid()}")
    folder.rename(old)
    try:
        staging.rename(folder)
    except OSError:
        old.rename(folder)
        raise
    shutil.rmtree(old)
