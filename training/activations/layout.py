"""``store.json``: what a store of activations was made from and which of its shards are finished."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import StoreError
from engine.export.atomic import write_atomic
from engine.pack.manifest import EncoderSpec
from training.recipe import BaseRecipe

SCHEMA_VERSION = 1
STORE_NAME, INDEX_NAME, FAILURES_NAME = "store.json", "index.parquet", "failures.parquet"
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
DType = Literal["float16", "float32"]
Tokens = Literal["class", "class+patches"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Recipe(BaseRecipe):
    """Everything the bytes of a store follow from; a store is only gone on with by the same recipe.

    Attributes
    ----------
    encoder_sha256 : str
        Of the encoder's file: ``encoder.onnx`` or the checkpoint's safetensors.
    spec : EncoderSpec
        How pixels become the encoder's input.
    layer : str
        "last" (after the final layer norm), "embeddings" (before the first block) or "block0", "block1", …: the
        residual stream behind that block.
    runtime : str
        What ran the encoder, with its version: sums come out in another order elsewhere.
    tokens : {"class", "class+patches"}
    dtype : {"float16", "float32"}
    batch : int
        Images the encoder sees at once, which decides the last bits.
    shard_rows : int
        Images a shard is made from; failed ones leave it smaller.
    images : int
        Images to harvest, readable or not.
    rows_sha256 : str
        Of their ids, paths, splits, patients and labels.
    manifest_sha256 : str
        Of the manifest's file; empty when the images came from a folder.
    """

    encoder_sha256: Sha256
    spec: EncoderSpec
    layer: str
    runtime: str
    tokens: Tokens
    dtype: DType
    batch: Annotated[int, Field(ge=1)]
    shard_rows: Annotated[int, Field(ge=1)]
    images: Annotated[int, Field(ge=1)]
    rows_sha256: Sha256
    manifest_sha256: str = ""

    @property
    def encoder_identity(self) -> str:
        """SHA-256 of encoder and preprocessing together: stores that share it hold comparable activations."""
        return encoder_identity(self.encoder_sha256, self.spec)

    @property
    def patches(self) -> int:
        """Patch tokens an image."""
        return self.spec.patch_rows * self.spec.patch_columns

    @property
    def shards(self) -> int:
        """Shards of the finished store."""
        return -(-self.images // self.shard_rows)


class ShardEntry(_Strict):
    """One finished shard: its number, its file, how many images it holds and how many failed in it."""

    number: Annotated[int, Field(ge=0)]
    file: Annotated[str, Field(pattern=r"^shard-[0-9]{5,}\.safetensors$")]
    rows: Annotated[int, Field(ge=0)]
    failures: Annotated[int, Field(ge=0)]
    size: Annotated[int, Field(ge=0)]
    sha256: Sha256


class StoreFile(_Strict):
    """``store.json``; `index_sha256` is empty until the store is finished."""

    schema_version: Literal[1] = 1
    recipe: Recipe
    d_model: Annotated[int, Field(ge=1)]
    patches: Annotated[int, Field(ge=1)]
    shards: tuple[ShardEntry, ...] = ()
    index_sha256: str = ""

    @property
    def complete(self) -> bool:
        """Whether every image has been harvested or has failed, and the index is written."""
        return self.index_sha256 != ""


def encoder_identity(sha256: str, spec: EncoderSpec) -> str:
    """Return one name for an encoder's file, given by its SHA-256, together with its preprocessing."""
    return hashlib.sha256(f"{sha256} {spec.model_dump_json()}".encode()).hexdigest()


def shard_name(number: int) -> str:
    """Return the name of a shard's file."""
    return f"shard-{number:05d}.safetensors"


def read_store_file(folder: Path) -> StoreFile:
    """Read ``store.json``.

    Raises
    ------
    StoreError
        ``STORE_MISSING``, ``STORE_SCHEMA``, ``STORE_DAMAGED``.
    """
    try:
        content = (folder / STORE_NAME).read_bytes()
    except OSError as error:
        raise StoreError(
            "STORE_MISSING",
            f"there is no store of activations in {folder} ({error.strerror or error})",
            "'saerad-train harvest' makes one",
        ) from error
    try:
        fields = json.loads(content)
        version = fields["schema_version"]
    except (ValueError, TypeError, KeyError) as error:
        raise damaged(folder, f"{STORE_NAME} is not the description of a store") from error
    if version != SCHEMA_VERSION:
        raise StoreError(
            "STORE_SCHEMA",
            f"{folder} is a store of schema {version}, this program reads schema {SCHEMA_VERSION}",
            "use the version of the program that made it, or harvest again",
        )
    try:
        return StoreFile.model_validate(fields)
    except ValidationError as error:
        raise damaged(folder, f"{STORE_NAME}: {error.errors()[0]['msg']}") from error


def write_store_file(folder: Path, store: StoreFile) -> None:
    """Replace ``store.json`` whole or not at all."""
    write_atomic(folder / STORE_NAME, store.model_dump_json(indent=1).encode() + b"\n")


def damaged(folder: Path, what: str) -> StoreError:
    """Word a store that is not what its description says."""
    return StoreError(
        "STORE_DAMAGED",
        f"the store {folder} is damaged: {what}",
        "delete the shard that is named and harvest again into the same folder, or harvest into a new one",
    )
