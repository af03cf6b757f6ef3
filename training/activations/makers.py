"""Who makes the shards of a store: this process with its readers, or the workers of a cluster; the same content."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

from engine.cluster.crew import Crew
from engine.errors import StoreError
from engine.pack.manifest import EncoderSpec
from training.activations.builder import build_shard
from training.activations.encoders import EncoderIdentity, TokenEncoder
from training.activations.feed import Feed
from training.activations.layout import Recipe
from training.activations.opening import Opening
from training.activations.rows import HarvestRow
from training.activations.shard import ShardContent


class ShardMaker(Protocol):
    """Makes shards of the activations of one encoder."""

    @property
    def encoder(self) -> EncoderIdentity:
        """The encoder, as a recipe names it."""

    def shards(
        self, parts: Sequence[Sequence[HarvestRow]], recipe: Recipe, step: Callable[[], None]
    ) -> Generator[ShardContent, None, None]:
        """Yield the shards of some rows each, in their order.

        Parameters
        ----------
        parts : sequence of sequences of HarvestRow
        recipe : Recipe
        step : callable
            Called behind every image.

        Raises
        ------
        SaeRadError
            See `training.activations.harvest.harvest`.
        """


class LocalMaker:
    """This process runs the encoder on what its readers prepare, also across the ends of shards.

    Parameters
    ----------
    encoder : TokenEncoder
    readers : int
        Processes that read and preprocess; 0 does it in this one.
    """

    def __init__(self, encoder: TokenEncoder, readers: int) -> None:
        self.encoder = encoder
        self._readers = readers

    def shards(
        self, parts: Sequence[Sequence[HarvestRow]], recipe: Recipe, step: Callable[[], None]
    ) -> Generator[ShardContent, None, None]:
        """Yield the shards of some rows each, in their order."""
        with Feed(self.encoder.spec, self._readers if parts else 0, 2 * recipe.batch) as feed:
            prepared = feed.results(row for part in parts for row in part)
            for part in parts:
                yield build_shard(part, prepared, self.encoder, recipe, step)


@dataclass
class RemoteEncoder:
    """An encoder that a worker has opened; see `EncoderIdentity`."""

    spec: EncoderSpec
    sha256: str
    layer: str
    runtime: str
    warnings: tuple[str, ...]


class CrewMaker:
    """Workers of a crew make a shard each; they must see the encoder's and the images' files under the same paths.

    Parameters
    ----------
    crew : Crew
    opening : Opening
    readers : int
        Processes of each worker that read and preprocess; 0 does it in the worker itself.

    Raises
    ------
    SaeRadError
        What opening the encoder raises.
    """

    def __init__(self, crew: Crew, opening: Opening, readers: int) -> None:
        self._crew, self._opening, self._readers = crew, opening.absolute(), readers
        # Asked of a worker: what runs the encoder there may be another device than here.
        (self.encoder,) = crew.map(describe_encoder, self._opening, [None])

    def shards(
        self, parts: Sequence[Sequence[HarvestRow]], recipe: Recipe, step: Callable[[], None]
    ) -> Generator[ShardContent, None, None]:
        """Yield the shards of some rows each, in their order."""
        jobs = ([replace(row, path=row.path.absolute()) for row in part] for part in parts)
        with closing(self._crew.map(make_shard, ShardTask(self._opening, self._readers, recipe), jobs)) as found:
            for part, content in zip(parts, found, strict=True):
                for _ in part:
                    step()
                yield content


@dataclass(frozen=True)
class ShardTask:
    """What all shards of a harvest have in common."""

    opening: Opening
    readers: int
    recipe: Recipe


def describe_encoder(opening: Opening, _job: None) -> RemoteEncoder:
    """Open an encoder and say which it is."""
    found = opening.open()
    return RemoteEncoder(found.spec, found.sha256, found.layer, found.runtime, found.warnings)


def make_shard(task: ShardTask, rows: Sequence[HarvestRow]) -> ShardContent:
    """Make one shard; encoder and readers stay for the next.

    Raises
    ------
    StoreError
        ``STORE_WORKER`` when this worker's encoder is not the one of the recipe.
    """
    encoder, feed = _equipment(task.opening, task.readers, task.recipe.batch)
    wanted = {"encoder_sha256": encoder.sha256, "spec": encoder.spec, "runtime": encoder.runtime}
    found = task.recipe.differences(task.recipe.model_copy(update=wanted))
    if found:
        raise StoreError(
            "STORE_WORKER",
            f"a worker has another encoder than the store is made with: {', '.join(found)}",
            "install the same versions on all machines of the cluster, and name a --device that all have",
        )
    return build_shard(rows, feed.results(rows), encoder, task.recipe, lambda: None)


@cache
def _equipment(opening: Opening, readers: int, batch: int) -> tuple[TokenEncoder, Feed]:
    encoder = opening.open()
    return encoder, Feed(encoder.spec, readers, 2 * batch)
