"""The encoder that an exported pack takes over: another pack's, or an exported folder's."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from engine.errors import UsageError
from engine.pack.library import load_pack
from engine.pack.manifest import DataSource, EncoderSpec
from training.activations.layout import encoder_identity
from training.activations.opening import read_graph
from training.encoder.exported import ENCODER, LICENCE, TAIL, is_exported
from training.gate import FittedGate, reconstruction_limits
from training.sae.folded import FloatArray, FoldedSae


@dataclass(frozen=True, eq=False)
class TakenEncoder:
    """An encoder with what belongs to it.

    Attributes
    ----------
    folder : Path
        Holds ``encoder.onnx`` and ``tail.safetensors``.
    identity : str
        As a store's recipe names it (:attr:`training.activations.layout.Recipe.encoder_identity`).
    gate : FittedGate or None
        Of the pack it comes from; its limits of reconstruction are those of that pack's autoencoder.
    sources : tuple of DataSource
        What it was trained on, as far as that is known.
    licence : str
        Text of the pack's or the folder's ``LICENSE``; empty where there is none.
    """

    folder: Path
    spec: EncoderSpec
    identity: str
    gate: FittedGate | None
    sources: tuple[DataSource, ...]
    licence: str


def from_pack(name: str) -> TakenEncoder:
    """Take the encoder of a pack: folder, ``.saepack`` or name.

    Raises
    ------
    PackError
        When the pack cannot be used.
    """
    pack = load_pack(name)
    manifest = pack.manifest
    gate = FittedGate(manifest.gate, pack.gate, {}) if pack.gate is not None else None
    return TakenEncoder(
        pack.folder,
        manifest.encoder,
        _identity(pack.encoder_bytes, manifest.encoder),
        gate,
        manifest.provenance.sources,
        (pack.folder / "LICENSE").read_text(encoding="utf-8"),
    )


def from_folder(folder: Path, spec: Path | None) -> TakenEncoder:
    """Take an exported encoder.

    Parameters
    ----------
    folder : Path
        Holds ``encoder.onnx`` and ``tail.safetensors``; an imported one also how it wants its pixels, and a licence.
    spec : Path, optional
        ``pack.json``, or the encoder's part of one; without it, and without the folder's own, an error says so.

    Raises
    ------
    UsageError
        ``ENCODER_FILE``, ``ENCODER_SPEC``.
    """
    content, found = read_graph(None, folder if is_exported(folder) else folder / ENCODER, spec)
    if not (folder / TAIL).is_file():
        raise UsageError(
            "ENCODER_FILE", f"{folder} has no tail.safetensors", "heat maps need it; export the encoder with it"
        )
    licence = folder / LICENCE
    text = licence.read_text(encoding="utf-8") if licence.is_file() else ""
    return TakenEncoder(folder, found, _identity(content, found), None, (), text)


def gate_for(taken: TakenEncoder, sae: FoldedSae, held_out: FloatArray) -> FittedGate | None:
    """Return the pack's gate with limits of reconstruction for another autoencoder, from held-out class tokens.

    Its distance and its classifier look at the encoder's output alone and stay.
    """
    if taken.gate is None:
        return None
    warning, refusal = reconstruction_limits(sae, [held_out])
    found = {"reconstruction_warning": warning, "reconstruction_refusal": refusal}
    # A check that the pack does not make is not begun here.
    changed = {name: value for name, value in found.items() if getattr(taken.gate.spec, name) is not None}
    return FittedGate(taken.gate.spec.model_copy(update=changed), taken.gate.arrays, {})


def _identity(content: bytes, spec: EncoderSpec) -> str:
    return encoder_identity(hashlib.sha256(content).hexdigest(), spec)
