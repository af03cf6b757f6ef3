"""What an exported pack says of itself: limits, licence, where its autoencoder comes from."""

from __future__ import annotations

from engine.pack.manifest import DataSource
from training.export_encoder import TakenEncoder
from training.labelling.images import Knowledge
from training.sae.source import TokenSource
from training.sae.store_tokens import StoreTokens
from training.sae.trained import TrainedSae

INTENDED_USE = "Research on sparse autoencoders: features of one autoencoder, for looking at. Not for clinical use."

DESCRIBED_BY: dict[Knowledge | None, str] = {
    None: "No feature has a description, and no finding is ever stated or denied.",
    "store": "Descriptions and thresholds come from the labels of a table, where what is not named is absent.",
    "manifest": "Descriptions and thresholds come from the labels of a data set, right and complete as these are.",
    "reports": "Descriptions and thresholds come from reports read by rules; what a report leaves out is absent.",
    "phantoms": "Descriptions and thresholds come from drawn phantoms, whose findings look simpler than real ones.",
}


def data_source(source: TokenSource) -> DataSource:
    """Return the activations as a source of the manifest."""
    data = source.identity
    what = f"store of activations {data['sha256'][:16]}" if "encoder" in data else f"file {data['file']}"
    images = len(source.train_rows) + len(source.held_out_rows) if isinstance(source, StoreTokens) else data["rows"]
    return DataSource(name=f"{what} (the autoencoder)", licence="not stated; ask whoever made it", images=images)


def limits_of(sae: TrainedSae, *, knowledge: Knowledge | None, trusted: bool) -> tuple[str, ...]:
    """Return what the pack cannot do."""
    limits = ["Not for clinical use: no figure of this card was measured on clinical data with an expert's reference."]
    limits.append(DESCRIBED_BY[knowledge])
    if sae.config.arch == "topk":
        agree = sae.result["folded"]["jaccard"]
        limits.append(
            "TopK keeps a fixed number of features of an image; here one threshold stands for that, and the features "
            f"that fire agree with the trained autoencoder's by a Jaccard index of {agree:.2f}."
        )
    if trusted:
        limits.append("That the autoencoder was trained on this encoder's tokens is its maker's word.")
    return tuple(limits)


def licence_of(taken: TakenEncoder, pack: str) -> str:
    """Return the text of ``LICENSE``; `pack` is name and version."""
    return (
        f"{pack} was exported from an autoencoder of its maker's, who decides on the licence "
        "of sae.onnx, sae.safetensors and features.sqlite and has to keep that of the data they were trained on.\n\n"
        f"The encoder ({taken.spec.source}) has this licence: {taken.spec.licence}\n"
        + (f"\nWhat it was taken from says:\n\n{taken.licence}" if taken.licence else "")
    )
