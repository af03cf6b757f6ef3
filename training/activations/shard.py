"""One shard: tokens of some images in a safetensors file, with their ids, read without loading it."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save

from engine.export.atomic import write_atomic
from training.activations.layout import Recipe, ShardEntry, shard_name

Array = npt.NDArray[Any]
Tensors = dict[str, tuple[np.dtype[Any], tuple[int, ...], int]]
CLASS, PATCHES = "class_token", "patch_tokens"
_DTYPES: dict[str, np.dtype[Any]] = {"F16": np.dtype("<f2"), "F32": np.dtype("<f4")}
_LENGTH_BYTES, _LONGEST_HEADER = 8, 100_000_000
_KEY = "saerad"


@dataclass(frozen=True)
class Failure:
    """An image that is not in the store, and why: the stable code and the sentence of its error."""

    sample_id: str
    path: str
    code: str
    message: str


@dataclass(frozen=True, eq=False)
class ShardContent:
    """What a shard holds, in the order of the images.

    Attributes
    ----------
    sample_ids : tuple of str
        N ids.
    class_token : ndarray of float16 or float32, shape (N, D)
    patch_tokens : ndarray of the same type, shape (N, P, D), or None
    failures : tuple of Failure
        Images between those that could not be harvested.
    """

    sample_ids: tuple[str, ...]
    class_token: Array
    patch_tokens: Array | None
    failures: tuple[Failure, ...]


@dataclass(frozen=True)
class ShardHeader:
    """A shard's header: where its tensors lie, and whose they are.

    Attributes
    ----------
    tensors : mapping of str to (dtype, shape, offset)
        Offset in bytes from the beginning of the file.
    recipe_sha256 : str
    sample_ids : tuple of str
    failures : tuple of Failure
    """

    tensors: Tensors
    recipe_sha256: str
    sample_ids: tuple[str, ...]
    failures: tuple[Failure, ...]


def write_shard(folder: Path, number: int, recipe: Recipe, content: ShardContent) -> ShardEntry:
    """Write a shard whole or not at all; the same content gives the same bytes."""
    tensors = {CLASS: np.ascontiguousarray(content.class_token)}
    if content.patch_tokens is not None:
        tensors[PATCHES] = np.ascontiguousarray(content.patch_tokens)
    # One key only: the library writes several in no fixed order.
    note = {
        "recipe_sha256": recipe.sha256,
        "sample_ids": content.sample_ids,
        "failures": [asdict(failure) for failure in content.failures],
    }
    data = save(tensors, metadata={_KEY: json.dumps(note)})
    name = shard_name(number)
    write_atomic(folder / name, data)
    return ShardEntry(
        number=number,
        file=name,
        rows=len(content.sample_ids),
        failures=len(content.failures),
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
    )


def read_header(path: Path) -> ShardHeader:
    """Read and check a shard's header; no tensor is touched.

    Raises
    ------
    ValueError
        When it is no shard, or its tensors do not fill the file exactly; the text says what is wrong.
    OSError
        When the file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(_LENGTH_BYTES), "little")
        start = _LENGTH_BYTES + length
        if length > _LONGEST_HEADER or start > size:
            raise ValueError("its header is longer than the file")
        fields = json.loads(file.read(length))
    try:
        note = json.loads(fields.pop("__metadata__")[_KEY])
        tensors = {name: _tensor(field, start) for name, field in fields.items()}
        failures = tuple(Failure(**failure) for failure in note["failures"])
        header = ShardHeader(tensors, str(note["recipe_sha256"]), tuple(map(str, note["sample_ids"])), failures)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("its header is not that of a shard") from error
    if sum(dtype.itemsize * math.prod(shape) for dtype, shape, _ in tensors.values()) != size - start:
        raise ValueError("its tensors do not fill the file")
    return header


def _tensor(field: dict[str, Any], start: int) -> tuple[np.dtype[Any], tuple[int, ...], int]:
    dtype, shape = _DTYPES[field["dtype"]], tuple(map(int, field["shape"]))
    begin, end = map(int, field["data_offsets"])
    if min(shape, default=0) < 0 or begin < 0 or end - begin != dtype.itemsize * math.prod(shape):
        raise ValueError("a tensor's place does not fit its shape")
    return dtype, shape, start + begin


def check_shard(folder: Path, entry: ShardEntry, recipe: Recipe, *, hashed: bool = False) -> ShardHeader:
    """Check that a file is the shard that ``store.json`` lists: size, header, shapes and, if `hashed`, every byte.

    Raises
    ------
    ValueError
        What is wrong with it.
    """
    path = folder / entry.file
    try:
        if path.stat().st_size != entry.size:
            raise ValueError(f"{entry.file} has {path.stat().st_size} bytes, not {entry.size}")
        header = read_header(path)
        if hashed and file_sha256(path) != entry.sha256:
            raise ValueError(f"{entry.file} has another hash than when it was written")
    except OSError as error:
        raise ValueError(f"{entry.file} cannot be read ({error.strerror or error})") from error
    except ValueError as error:
        raise ValueError(f"{entry.file}: {error}") from error
    shapes: dict[str, tuple[int, ...]] = {CLASS: (entry.rows, recipe.spec.d_model)}
    if recipe.tokens == "class+patches":
        shapes[PATCHES] = (entry.rows, recipe.patches, recipe.spec.d_model)
    found = {name: (dtype.name, shape) for name, (dtype, shape, _) in header.tensors.items()}
    if found != {name: (recipe.dtype, shape) for name, shape in shapes.items()}:
        raise ValueError(f"{entry.file} does not hold the tensors of this store")
    if (header.recipe_sha256, len(header.sample_ids), len(header.failures)) != (
        recipe.sha256,
        entry.rows,
        entry.failures,
    ):
        raise ValueError(f"{entry.file} belongs to another store")
    return header


def map_tensor(path: Path, tensors: Tensors, name: str) -> Array:
    """Map a tensor into memory, read-only: pages come from the disk when they are looked at, and may be dropped."""
    dtype, shape, offset = tensors[name]
    if math.prod(shape) == 0:
        return np.empty(shape, dtype)
    return np.memmap(path, dtype=dtype, mode="r", offset=offset, shape=shape)


def file_sha256(path: Path) -> str:
    """Return a file's SHA-256, read piece by piece."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
