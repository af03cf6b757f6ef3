"""Write a store shard by shard, so that a kill at any moment loses no more than the shard in work."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

import pyarrow as pa
import pyarrow.parquet as pq

from engine.errors import StoreError
from engine.export.atomic import write_atomic
from training.activations.layout import (
    FAILURES_NAME,
    INDEX_NAME,
    STORE_NAME,
    Recipe,
    ShardEntry,
    StoreFile,
    damaged,
    read_store_file,
    write_store_file,
)
from training.activations.lock import FolderLock
from training.activations.rows import HarvestRow
from training.activations.shard import Failure, ShardContent, check_shard, write_shard

FAILURES_SCHEMA = pa.schema([(name, pa.string()) for name in ("sample_id", "path", "code", "message")])
INDEX_SCHEMA = pa.schema(
    [
        ("row", pa.int64()),
        ("sample_id", pa.string()),
        ("path", pa.string()),
        ("split", pa.string()),
        ("patient_id", pa.string()),
        ("labels_present", pa.list_(pa.string())),
        ("shard", pa.int32()),
        ("place", pa.int32()),
    ]
)


class StoreWriter:
    """A store being made, or gone on with; one process at a time has it.

    Parameters
    ----------
    folder : Path
        Made if needed. Finished shards of the same recipe are kept; those that do not pass a check of size and header
        are made again.
    recipe : Recipe
    retry : bool
        Make the shards again in which images failed; done anyway where all images failed.

    Attributes
    ----------
    redone : tuple of str
        What was wrong with the shards that will be made again.

    Raises
    ------
    StoreError
        ``STORE_OTHER`` when the folder holds a store made otherwise, ``STORE_BUSY`` when another process writes it,
        ``STORE_SCHEMA``, ``STORE_DAMAGED`` when its description cannot be read.
    """

    def __init__(self, folder: Path, recipe: Recipe, *, retry: bool = False) -> None:
        self._folder, self._recipe = folder, recipe
        self._lock = FolderLock(folder)
        try:
            store = self._begin()
            self._entries, self.redone = self._sound(store)
            # Where nothing could be harvested there is nothing to keep, and most likely a path was wrong.
            if retry or not any(entry.rows for entry in self._entries.values()):
                self._entries = {number: e for number, e in self._entries.items() if not e.failures}
        except BaseException:
            self._lock.release()
            raise

    def __enter__(self) -> StoreWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._lock.release()

    @property
    def missing(self) -> list[int]:
        """Numbers of the shards that are still to be made."""
        return [number for number in range(self._recipe.shards) if number not in self._entries]

    @property
    def images_done(self) -> int:
        """Images in finished shards, harvested or failed."""
        return sum(entry.rows + entry.failures for entry in self._entries.values())

    def add(self, number: int, content: ShardContent) -> None:
        """Write a shard and list it."""
        self._entries[number] = write_shard(self._folder, number, self._recipe, content)
        self._save("")

    def finish(self, rows: Sequence[HarvestRow]) -> None:
        """Write index and failures of a store whose shards are all there; doing it again changes nothing.

        Raises
        ------
        StoreError
            ``STORE_DAMAGED`` when the shards do not hold these rows.
        """
        index = [INDEX_SCHEMA.empty_table()]
        failures: list[Failure] = []
        first = 0
        for number, entry in sorted(self._entries.items()):
            try:
                header = check_shard(self._folder, entry, self._recipe)
            except ValueError as error:
                raise damaged(self._folder, str(error)) from error
            start = number * self._recipe.shard_rows
            failed = {failure.sample_id for failure in header.failures}
            kept = [row for row in rows[start : start + self._recipe.shard_rows] if row.sample_id not in failed]
            if tuple(row.sample_id for row in kept) != header.sample_ids:
                raise damaged(self._folder, f"{entry.file} holds other images than were asked for")
            failures.extend(header.failures)
            places = [_index_row(first + place, row, number, place) for place, row in enumerate(kept)]
            index.append(pa.Table.from_pylist(places, INDEX_SCHEMA))
            first += len(kept)
        self._write_table(FAILURES_NAME, pa.Table.from_pylist([asdict(f) for f in failures], FAILURES_SCHEMA))
        sha256 = self._write_table(INDEX_NAME, pa.concat_tables(index).combine_chunks())
        self._save(sha256)

    def _begin(self) -> StoreFile:
        left_over = set(self._folder.glob(".saerad-*.part"))
        if (self._folder / STORE_NAME).exists():
            store = read_store_file(self._folder)
            if store.recipe != self._recipe:
                raise StoreError(
                    "STORE_OTHER",
                    f"{self._folder} was made otherwise: {', '.join(store.recipe.differences(self._recipe))}",
                    "choose another --out, or give what it was made with to go on",
                )
        elif left_over.issuperset(self._folder.iterdir()):
            spec = self._recipe.spec
            store = StoreFile(recipe=self._recipe, d_model=spec.d_model, patches=self._recipe.patches)
            write_store_file(self._folder, store)
        else:
            raise StoreError(
                "STORE_OTHER", f"{self._folder} is not empty and holds no store", "choose a new or an empty folder"
            )
        # What a killed run was writing.
        for path in left_over:
            path.unlink()
        return store

    def _sound(self, store: StoreFile) -> tuple[dict[int, ShardEntry], tuple[str, ...]]:
        entries, wrong = {}, []
        for entry in store.shards:
            try:
                check_shard(self._folder, entry, self._recipe)
                entries[entry.number] = entry
            except ValueError as error:
                wrong.append(str(error))
        return entries, tuple(wrong)

    def _save(self, index_sha256: str) -> None:
        store = StoreFile(
            recipe=self._recipe,
            d_model=self._recipe.spec.d_model,
            patches=self._recipe.patches,
            shards=tuple(entry for _, entry in sorted(self._entries.items())),
            index_sha256=index_sha256,
        )
        write_store_file(self._folder, store)

    def _write_table(self, name: str, table: pa.Table) -> str:
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink)
        data: bytes = sink.getvalue().to_pybytes()
        write_atomic(self._folder / name, data)
        return hashlib.sha256(data).hexdigest()


def _index_row(row: int, image: HarvestRow, shard: int, place: int) -> dict[str, object]:
    return {
        "row": row,
        "sample_id": image.sample_id,
        "path": image.name,
        "split": image.split,
        "patient_id": image.patient_id,
        "labels_present": list(image.labels),
        "shard": shard,
        "place": place,
    }
