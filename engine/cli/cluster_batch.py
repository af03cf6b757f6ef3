"""The images of a batch on a Ray cluster: workers analyse, the command alone writes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path

from engine.cli.batch import Maker, Pending, Step
from engine.cli.image_results import ImageResults, ImageSettings, write_results
from engine.cli.main import internal_error
from engine.cli.result_folders import RESULT_FILES, ResultFolders, require_no_review
from engine.cluster.crew import Crew
from engine.errors import PackError, SaeRadError
from engine.export.atomic import write_atomic
from engine.export.predecessor import earlier_reports, supersede
from engine.export.staging import staged
from engine.inference.analyzer import Analyzer
from engine.inference.attribution import Method
from engine.pack.library import load_pack
from engine.plugins.exporters import remove_exports
from engine.worker.decode import decode_in_worker


@dataclass(frozen=True)
class ModelOpening:
    """How a worker opens the model; `sha256` is the pack's that the command opened."""

    pack: str | None
    sha256: str
    device: str
    threads: int
    method: Method
    precision: str


@dataclass(frozen=True)
class ClusterTask:
    """What all images of a batch have in common."""

    opening: ModelOpening
    settings: ImageSettings


@dataclass
class RemoteImage:
    """What a worker has made of an image, or why it could not."""

    uid: str = ""
    results: ImageResults | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    error: SaeRadError | None = None

    def finish(self, folders: ResultFolders, step: Step) -> tuple[ImageResults, Path]:
        """Put the results into their folder, all of them or none."""
        if self.error is not None:
            raise self.error
        assert self.results is not None
        folder = folders.choose(self.uid, self.results.pixel_sha256)
        require_no_review(folder)
        earlier = earlier_reports(folder, self.files, self.uid)
        with staged(folder, RESULT_FILES) as work:
            for name, content in self.files.items():
                write_atomic(work / name, content)
            for name, document in earlier.items():
                supersede(work / name, document)
        remove_exports(folder)
        return self.results, folder


def cluster_maker(crew: Crew, task: ClusterTask) -> Maker:
    """Return what has images analysed by a crew; an image that kills every worker fails, and the others go on."""
    style = task.settings.wishes.style
    wishes = replace(task.settings.wishes, style=style.absolute() if style is not None else None)
    sent = replace(task, settings=replace(task.settings, wishes=wishes))

    def make(files: Sequence[Path | None]) -> Generator[Pending | None, None, None]:
        made = images_of(crew, analyse_image, sent, [path.absolute() for path in files if path is not None])
        for path in files:
            yield None if path is None else next(made)

    return make


def describe_model(opening: ModelOpening, _job: None) -> tuple[str, ...]:
    """Open the model on a worker, and return what is to be said of it."""
    return tuple(_opened(opening).warnings)


def analyse_image(task: ClusterTask, path: Path) -> RemoteImage:
    """Analyse one image on a worker; what goes wrong with it is returned, as it is no fault of the worker's."""
    uid = ""
    try:
        radiograph = decode_in_worker(path)
        uid = radiograph.identity.sop_instance_uid
        analysis = _opened(task.opening).analyse(radiograph)
        with tempfile.TemporaryDirectory(prefix="saerad-") as name:
            folder = Path(name) / "results"
            results = write_results(folder, radiograph, analysis, task.settings)
            return RemoteImage(uid, results, {file.name: file.read_bytes() for file in sorted(folder.iterdir())})
    except SaeRadError as error:
        return RemoteImage(uid, error=error)
    except Exception as error:
        return RemoteImage(uid, error=internal_error(error))


@lru_cache(maxsize=1)
def _opened(opening: ModelOpening) -> Analyzer:
    """Open the model once for all images of a worker."""
    pack = load_pack(opening.pack)
    if pack.sha256 != opening.sha256:
        raise PackError(
            "CLUSTER_PACK", "a worker found another pack than the command", "give all machines the same pack"
        )
    return Analyzer(pack, opening.device, opening.threads, opening.method, precision=opening.precision)


def images_of(
    crew: Crew, work: Callable[[ClusterTask, Path], RemoteImage], task: ClusterTask, paths: Sequence[Path]
) -> Iterator[RemoteImage]:
    """Yield what workers make of each image, or that workers died of it, in the order of the paths."""
    begun = 0
    while begun < len(paths):
        try:
            with closing(crew.map(work, task, paths[begun:])) as made:
                for image in made:
                    begun += 1
                    yield image
        except SaeRadError as error:
            if error.code != "CLUSTER_WORKER_DIED":
                raise
            begun += 1
            yield RemoteImage(error=error)
