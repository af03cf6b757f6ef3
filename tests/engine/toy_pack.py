"""Build a tiny valid pack: 32 x 32 input, 8 x 8 patches of 4 pixels, 16 dimensions, 2 heads, 40 features; no torch."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from engine.pack.features import SCHEMA
from engine.pack.manifest import (
    OBSERVATIONS,
    Calibration,
    DataSource,
    EncoderSpec,
    FileEntry,
    GateSpec,
    Manifest,
    Provenance,
    Readout,
    SaeSpec,
)
from tests.engine.toy_vit import (
    EPS,
    GRID,
    HEADS,
    SIDE,
    WIDTH,
    encoder_onnx,
    forward,
    make_toy_vit,
    sae_onnx,
    tail_tensors,
)

N_FEATURES = 40
_SECTIONS = {
    "Cardiomegaly": "heart",
    "Enlarged Cardiomediastinum": "heart",
    "Pneumothorax": "pleura",
    "Pleural Effusion": "pleura",
    "Pleural Other": "pleura",
    "Fracture": "bones",
    "Support Devices": "devices",
}
_SIDED = ("Lung Opacity", "Lung Lesion", "Consolidation", "Pneumothorax", "Pleural Effusion")


def sample_images(count: int, seed: int = 0) -> npt.NDArray[np.float32]:
    """Smooth random pictures, (count, 32, 32), 0..1."""
    rng = np.random.default_rng(seed)
    coarse = rng.random((count, GRID, GRID)).repeat(SIDE // GRID, axis=1).repeat(SIDE // GRID, axis=2)
    return np.clip(coarse + 0.05 * rng.standard_normal(coarse.shape), 0, 1).astype(np.float32)


def encoder_spec() -> EncoderSpec:
    """How the toy encoder wants its pixels."""
    return EncoderSpec(
        source="random weights",
        licence="Apache-2.0",
        architecture="vit-toy",
        input_height=SIDE,
        input_width=SIDE,
        patch_rows=GRID,
        patch_columns=GRID,
        d_model=WIDTH,
        n_heads=HEADS,
        layer_norm_eps=EPS,
        mean=(0.5, 0.5, 0.5),
        std=(0.25, 0.25, 0.25),
        resize_rule="stretch",
        intensity_rule="percentile",
    )


def feature_rows() -> list[dict[str, str | int]]:
    """Say what each feature means: sided and unsided findings, negatives, normality, and two without a label."""
    rows: list[dict[str, str | int]] = []

    def add(
        description: str,
        observation: str,
        polarity: str = "present",
        *,
        laterality: str = "none",
        location: str = "",
        severity: str = "none",
        reportable: int = 1,
    ) -> None:
        section = _SECTIONS.get(observation, "lungs" if observation else "other")
        rows.append(
            {
                "id": len(rows),
                "description": description,
                "observation": observation,
                "polarity": polarity,
                "laterality": laterality,
                "location": location,
                "severity": severity,
                "section": section,
                "reportable": reportable,
            }
        )

    for name in OBSERVATIONS[1:]:
        if name in _SIDED:
            add(f"small left {name.lower()}", name, laterality="left", location="lower zone", severity="small")
            add(f"moderate right {name.lower()}", name, laterality="right", location="upper zone", severity="moderate")
        else:
            add(f"{name.lower()}", name, severity="moderate")
            add(
                f"bilateral {name.lower()}" if name in ("Edema", "Atelectasis") else f"mild {name.lower()}",
                name,
                laterality="bilateral" if name in ("Edema", "Atelectasis") else "none",
                severity="small",
            )
    add("no acute cardiopulmonary abnormality", "No Finding", "normal")
    add("clear lungs", "Lung Opacity", "normal")
    add("no pleural effusion", "Pleural Effusion", "absent")
    add("no pneumothorax", "Pneumothorax", "absent")
    add("normal heart size", "Cardiomegaly", "normal")
    add("pacemaker with two leads", "Support Devices", location="pacemaker")
    add("endotracheal tube", "Support Devices", location="endotracheal tube")
    add("central venous line", "Support Devices", laterality="right", location="central venous line")
    add("rotated patient", "Rotation")
    add("azygos lobe", "Azygos Lobe", laterality="right", location="upper zone")
    while len(rows) < N_FEATURES:
        add(f"no consistent meaning ({len(rows)})", "", reportable=0)
    return rows


def build_toy_pack(
    folder: Path, *, gate: GateSpec | None = None, name: str = "toy", version: str = "0.1.0", seed: int = 7
) -> Path:
    """Write the pack into `folder` (made if needed) and return it; the same arguments give the same numbers.

    Thresholds are set so that about a quarter of the 40 features fire on a picture. `gate` None means no model checks.
    """
    folder.mkdir(parents=True, exist_ok=True)
    vit, spec = make_toy_vit(seed), encoder_spec()
    pixels = ((sample_images(256, seed)[:, None].repeat(3, axis=1) - 0.5) / 0.25).astype(np.float32)
    tokens = forward(vit, pixels)["class_token"].astype(np.float32)
    rng = np.random.default_rng(seed + 1)
    w_dec = rng.standard_normal((N_FEATURES, WIDTH)).astype(np.float32)
    w_dec /= np.linalg.norm(w_dec, axis=1, keepdims=True)
    w_enc, b_dec = w_dec.copy(), tokens.mean(axis=0)
    b_enc = (0.05 * rng.standard_normal(N_FEATURES)).astype(np.float32)
    z = (tokens - b_dec) @ w_enc.T + b_enc
    threshold = np.maximum(np.quantile(z, 0.75, axis=0), 0.01).astype(np.float32)
    activations = z * (z > threshold)

    (folder / "encoder.onnx").write_bytes(encoder_onnx(vit))
    (folder / "sae.onnx").write_bytes(sae_onnx(w_enc, b_enc, threshold, b_dec))
    save_file(
        {"w_enc": w_enc, "b_enc": b_enc, "threshold": threshold, "b_dec": b_dec, "w_dec": w_dec},
        folder / "sae.safetensors",
    )
    save_file(tail_tensors(vit), folder / "tail.safetensors")
    precision = np.linalg.inv(np.cov(tokens.T) + 1e-3 * np.eye(WIDTH)).astype(np.float32)
    save_file(
        {
            "mean": b_dec,
            "precision": precision,
            "frontal_weight": np.zeros(WIDTH, np.float32),
            "frontal_bias": np.array([2.0], np.float32),
        },
        folder / "gate.safetensors",
    )
    (folder / "MODEL_CARD.md").write_text("# Toy pack\n\nRandom weights; for tests only.\n", encoding="utf-8")
    (folder / "LICENSE").write_text("Apache-2.0\n", encoding="utf-8")
    _write_features(folder / "features.sqlite", activations)
    manifest = Manifest(
        schema_version=1,
        name=name,
        version=version,
        title="Toy pack",
        intended_use="software tests",
        limits=("random weights",),
        encoder=spec,
        sae=SaeSpec(
            architecture="jumprelu",
            d_model=WIDTH,
            n_features=N_FEATURES,
            mean_l0=float((activations > 0).sum(1).mean()),
            explained_variance=0.0,
        ),
        gate=gate or GateSpec(),
        calibration=Calibration(method="none", split="none", readouts=_readouts(activations)),
        provenance=Provenance(
            created="2026-01-01",
            code_revision="test",
            command="build_toy_pack",
            seed=seed,
            sources=(DataSource(name="noise", licence="none", images=256),),
            splits={"train": 256},
        ),
        metrics={},
        files={},
    )
    write_manifest(folder, manifest)
    return folder


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``pack.json`` with the hashes of the files that lie in `folder`."""
    files = {}
    for path in sorted(folder.iterdir()):
        if path.name != "pack.json":
            content = path.read_bytes()
            files[path.name] = FileEntry(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    complete = manifest.model_copy(update={"files": files})
    (folder / "pack.json").write_text(complete.model_dump_json(indent=1), encoding="utf-8")


def _write_features(path: Path, activations: npt.NDArray[np.float32]) -> None:
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path)
    with database:
        database.executescript(SCHEMA)
        for row in feature_rows():
            ident = int(row["id"])
            fired = activations[activations[:, ident] > 0, ident]
            quantiles = json.dumps([round(float(v), 5) for v in np.quantile(fired, np.linspace(0, 1, 101))])
            database.execute(
                "INSERT INTO feature VALUES (:id, :description, :observation, :polarity, :laterality, :location,"
                " :severity, :section, 0.8, :reportable, :rate, :quantiles, :id)",
                row | {"rate": fired.size / len(activations), "quantiles": quantiles},
            )
            for rank in range(2):
                strength, text = float(fired.max()) - rank * 0.01, f"Report: {row['description']}."
                database.execute("INSERT INTO evidence VALUES (?, ?, ?, ?, ?)", (ident, rank, "noise", strength, text))
        database.execute("INSERT INTO feature_search (feature_search) VALUES ('rebuild')")
    database.close()


def _readouts(activations: npt.NDArray[np.float32]) -> tuple[Readout, ...]:
    """One active feature of a finding lifts its probability from 0.12 to about 0.9."""
    rows = feature_rows()
    scale = [4.0 / float(np.median(activations[activations[:, i] > 0, i])) for i in range(N_FEATURES)]

    def readout(name: str, side: str, sign: dict[int, float], bias: float = -2.0) -> Readout:
        return Readout.model_validate(
            {
                "observation": name,
                "laterality": side,
                "feature_ids": tuple(sign),
                "weights": tuple(sign[i] * scale[i] for i in sign),
                "bias": bias,
                "threshold": 0.5,
                "absence_threshold": 0.1,
            }
        )

    def signs(name: str, side: str = "") -> dict[int, float]:
        return {
            int(r["id"]): 1.0 if r["polarity"] == "present" else -1.0
            for r in rows
            if r["observation"] == name and (not side or r["laterality"] in (side, "bilateral"))
        }

    result = [
        readout(
            "No Finding",
            "none",
            {
                int(r["id"]): 1.0 if r["polarity"] == "normal" else -0.5
                for r in rows
                if r["observation"] in OBSERVATIONS
            },
            bias=0.0,
        )
    ]
    result += [readout(name, "none", signs(name)) for name in OBSERVATIONS[1:]]
    result += [readout(name, side, signs(name, side)) for name in _SIDED for side in ("left", "right")]
    return tuple(result)
