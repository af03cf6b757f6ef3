"""``labels.json``: what labels were made from, and, once they are finished, the hashes of their files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import SaeRadError, UsageError
from engine.export.atomic import write_atomic
from training.activations.shard import file_sha256
from training.recipe import BaseRecipe

SCHEMA_VERSION = 1
RULES_VERSION = 4
"""Raised when the same rules' values would give other labels than before."""
LABELS_FILE, LABELS_NAME, READOUTS_NAME, CHUNKS_NAME = "labels.json", "labels.jsonl", "readouts.json", "chunks"
JOURNAL_NAME = "words.jsonl"
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelRecipe(_Strict):
    """The language model that words descriptions, and all that its words follow from.

    Attributes
    ----------
    file, sha256 : str
        Of the GGUF file.
    name, licence, architecture : str
        Of its metadata; empty where it says nothing.
    library : str
        Version of llama-cpp-python.
    strategy : str
    prompt_version : int
    prompt_sha256 : str
        Of the prompt's file.
    check_version : int
        Of the rules that read descriptions back.
    lexicon_version : str or int
        Of their words: the beginning of the file's SHA-256; a number in labels of earlier versions.
    context, seed : int
    """

    file: str
    sha256: Sha256
    name: str
    licence: str
    architecture: str
    library: str
    strategy: str
    prompt_version: int
    prompt_sha256: Sha256
    check_version: int
    lexicon_version: str | int
    context: int
    seed: int


class LabelRecipe(BaseRecipe):
    """Everything labels follow from.

    Attributes
    ----------
    sae : str
        Name of the autoencoder in its run.
    sae_sha256 : str
        Of the form that packs take (:attr:`training.sae.folded.FoldedSae.sha256`).
    features : int
        Of its dictionary, alive or not.
    store_sha256 : str
        Of the activations.
    knowledge : {"store", "manifest", "reports", "phantoms"}
        What says what the images show.
    cases_sha256 : str
        Of all that is known of the images.
    train_images, held_out_images : int
    rules_version : int
    rules : dict
        Values of the rules by which descriptions are chosen, scored and corrected.
    wording_sha256 : str
        Of the templates.
    seed : int
    chunk : int
        Features a chunk.
    language_model : ModelRecipe or None
        None where descriptions are worded by templates alone.
    """

    sae: str
    sae_sha256: Sha256
    features: Annotated[int, Field(ge=1)]
    store_sha256: Sha256
    knowledge: Literal["store", "manifest", "reports", "phantoms"]
    cases_sha256: Sha256
    train_images: Annotated[int, Field(ge=1)]
    held_out_images: Annotated[int, Field(ge=1)]
    rules_version: int = RULES_VERSION
    rules: dict[str, float]
    wording_sha256: Sha256
    seed: int
    chunk: Annotated[int, Field(ge=1)]
    language_model: ModelRecipe | None = None

    @property
    def chunks(self) -> int:
        """Chunks of the finished labels."""
        return -(-self.features // self.chunk)


class Finished(_Strict):
    """Finished labels: how many there are, and the hashes of their files.

    Attributes
    ----------
    alive : int
        Features that fire on training images: lines of ``labels.jsonl``.
    described, reportable : int
        Those with a finding, and those of them that a draft may cite.
    entries : int
        Groups of duplicates among those with a finding.
    worded, refused : int
        Descriptions in a language model's words, and those that it was asked for in vain.
    """

    alive: Count
    described: Count
    reportable: Count
    entries: Count
    worded: Count = 0
    refused: Count = 0
    labels_sha256: Sha256
    readouts_sha256: Sha256


class LabelsFile(_Strict):
    """``labels.json``; `finished` is missing while features are still to be labelled."""

    schema_version: Literal[1] = 1
    recipe: LabelRecipe
    finished: Finished | None = None


def read_labels_file(folder: Path) -> LabelsFile:
    """Read ``labels.json``.

    Raises
    ------
    UsageError
        ``LABEL_MISSING``.
    SaeRadError
        ``LABEL_DAMAGED``, also for a file of another version of the program.
    """
    try:
        content = (folder / LABELS_FILE).read_bytes()
    except OSError as error:
        raise UsageError(
            "LABEL_MISSING",
            f"there are no labels in {folder} ({error.strerror or error})",
            "'saerad-train label' makes them",
        ) from error
    try:
        return LabelsFile.model_validate_json(content)
    except ValidationError as error:
        raise damaged(folder, f"{LABELS_FILE}: {error.errors()[0]['msg']}") from error


def write_model(path: Path, model: BaseModel) -> None:
    """Write a model as JSON, whole or not at all."""
    write_atomic(path, model.model_dump_json(indent=1).encode() + b"\n")


def check_finished(folder: Path) -> tuple[LabelRecipe, Finished]:
    """Return what finished labels were made from and what they are, their files hashed.

    Raises
    ------
    UsageError
        ``LABEL_MISSING``, ``LABEL_UNFINISHED``.
    SaeRadError
        ``LABEL_DAMAGED`` when a file is not as it was written.
    """
    file = read_labels_file(folder)
    if file.finished is None:
        raise UsageError(
            "LABEL_UNFINISHED", f"{folder} is not finished", "run the same 'saerad-train label' again; it goes on"
        )
    for name, sha256 in ((LABELS_NAME, file.finished.labels_sha256), (READOUTS_NAME, file.finished.readouts_sha256)):
        try:
            found = file_sha256(folder / name)
        except OSError as error:
            raise damaged(folder, f"{name} cannot be read ({error.strerror or error})") from error
        if found != sha256:
            raise damaged(folder, f"{name} has another hash than when it was written")
    return file.recipe, file.finished


def damaged(folder: Path, what: str) -> SaeRadError:
    """Word labels that are not what their description says."""
    return SaeRadError("LABEL_DAMAGED", f"the labels {folder} are damaged: {what}", "label again into a new folder")
