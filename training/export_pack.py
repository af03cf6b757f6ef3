"""From a trained autoencoder to a model pack with an encoder that exists already."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from engine.errors import UsageError
from engine.pack.manifest import Manifest, Provenance, SaeSpec
from training.export_encoder import TakenEncoder, gate_for
from training.export_labels import finished_labels, silent_labels, store_labels
from training.export_words import INTENDED_USE, data_source, licence_of, limits_of
from training.labelling.build import summary
from training.pack import PackParts, now, write_pack
from training.pack_folder import refuse_taken
from training.sae.folded import FloatArray, FoldedSae
from training.sae.metrics import measure
from training.sae.results import held_out_values
from training.sae.source import TokenSource
from training.sae.trained import TrainedSae, folded_of
from training.sae.verdict import refuse_useless

SAMPLE = 256
ARCHITECTURES = {"gated-sae-rad": "gated", "matryoshka-batchtopk": "matryoshka"}
"""Names of the manifest that differ from those of the training."""
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class ExportOptions:
    """What a person says of the pack.

    Attributes
    ----------
    describe : bool
        Whether descriptions and readouts are made from the labels of the store.
    labels : Path, optional
        Folder of `saerad-train label` to take descriptions and readouts from.
    trust_encoder : bool
        Take the encoder although nothing shows that the activations are its own.
    overwrite : bool
        Replace an older pack.
    """

    name: str
    version: str
    title: str
    command: str
    code_revision: str
    describe: bool = False
    labels: Path | None = None
    trust_encoder: bool = False
    overwrite: bool = False


def export_pack(
    sae: TrainedSae, source: TokenSource, taken: TakenEncoder, out: Path, *, options: ExportOptions, progress: Progress
) -> Manifest:
    """Write a pack, ``sae.onnx`` proven equal to what was trained.

    TopK has no form that judges each latent by itself: there the graph is proven equal to PyTorch's computation of the
    form with one threshold, and the card says how well that agrees with what was trained.

    Raises
    ------
    UsageError
        ``EXPORT_ENCODER`` when the activations are not the class tokens of this encoder's last layer, ``EXPORT_LABELS``
        or ``LABEL_DATA`` when there are no labels to describe with, ``LABEL_OTHER``, ``LABEL_MISSING`` and
        ``LABEL_UNFINISHED`` when those of a folder cannot be taken, ``EXPORT_OUT`` as
        :func:`training.pack_folder.refuse_taken`.
    SaeRadError
        ``SAE_NOT_FOLDABLE``, ``SAE_EXPLAINS_NOTHING``, ``LABEL_DAMAGED``.
    PackError
        See :func:`training.pack.write_pack`.
    """
    refuse_taken(out, overwrite=options.overwrite)
    check_encoder(source.identity, sae.native.b_dec.size, taken, trust=options.trust_encoder)
    refuse_useless(sae.name, sae.result["held_out"])
    folded = folded_of(sae)
    progress("features", 0.1)
    held_out, sample = source.held_out, source.held_out[:SAMPLE]
    metrics = measure(folded, held_out)
    # Of TopK the form with one threshold may explain nothing though what was trained does.
    refuse_useless(f"the form of {sae.name} that packs take", held_out_values(metrics))
    if options.labels is not None:
        words = finished_labels(folded, source, options.labels)
    else:
        words = (store_labels if options.describe else silent_labels)(folded, source)
    progress("proof and writing", 0.8)
    exact = sae.config.arch != "topk"
    manifest = write_pack(
        PackParts(
            name=options.name,
            version=options.version,
            title=options.title,
            intended_use=INTENDED_USE,
            limits=limits_of(sae, knowledge=words.knowledge, trusted=options.trust_encoder),
            encoder=taken.spec,
            encoder_folder=taken.folder,
            sae=folded,
            sae_spec=SaeSpec(
                architecture=cast(Any, ARCHITECTURES.get(sae.config.arch, sae.config.arch)),
                variant=sae.config.variant,
                d_model=folded.d_model,
                n_features=folded.n_features,
                mean_l0=round(metrics.mean_l0, 4),
                explained_variance=round(metrics.explained_variance, 6),
            ),
            records=words.labels.records,
            evidence=words.labels.evidence,
            ranks=words.labels.ranks,
            calibration=words.calibration,
            gate=gate_for(taken, folded, held_out),
            provenance=Provenance(
                created=now(),
                code_revision=options.code_revision,
                command=options.command,
                seed=sae.config.seed,
                sources=(*taken.sources, data_source(source)),
                splits={"train": source.rows, "val": len(held_out)},
                worded_by=words.worded_by,
            ),
            metrics={
                **{f"autoencoder {key.replace('_', ' ')}": round(value, 6) for key, value in asdict(metrics).items()},
                "agreement with the autoencoder as trained": round(float(sae.result["folded"]["jaccard"]), 6),
                **summary(words.labels.records, words.labels.scored, words.labels.ranks),
            },
            sample_tokens=sample,
            sample_activations=sae.native.encode(sample) if exact else in_torch(folded, sample),
            licence=licence_of(taken, f"{options.name} {options.version}"),
            small=False,
        ),
        out,
    )
    progress("pack written", 1.0)
    return manifest


def check_encoder(data: dict[str, Any], d_model: int, taken: TakenEncoder, *, trust: bool) -> None:
    """Refuse an encoder whose class tokens are not what the autoencoder was trained on.

    Raises
    ------
    UsageError
        ``EXPORT_ENCODER``.
    """
    wrong = ""
    if d_model != taken.spec.d_model:
        wrong = f"the encoder has {taken.spec.d_model} dimensions, the autoencoder {d_model}"
    elif data.get("layer", "last") != "last" or data.get("kind", "class") != "class":
        wrong = f"it was trained on {data['kind']} of layer {data['layer']}; packs read the class token of the last one"
    elif data.get("encoder") != taken.identity and not trust:
        known = "another encoder or specification" if "encoder" in data else "a file that does not name its encoder"
        wrong = f"its activations are of {known}"
    if wrong:
        raise UsageError(
            "EXPORT_ENCODER",
            f"the encoder does not belong to this autoencoder: {wrong}",
            "name the pack it was harvested with; --trust-encoder if you know that it is the same",
        )


def in_torch(sae: FoldedSae, tokens: FloatArray) -> FloatArray:
    """Return the activations of the common form as PyTorch computes them, shape (N, n_features)."""
    x, w, b = (torch.from_numpy(value) for value in (tokens - sae.b_dec, sae.w_enc, sae.b_enc))
    z = torch.addmm(b, x, w.T)
    return np.asarray((z * (z > torch.from_numpy(sae.threshold))).numpy(), dtype=np.float32)
