"""The workers of a Ray cluster, which may be many machines, or the cores of this one."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

from tqdm import tqdm

from engine.cluster.address import REASON, find_cluster, no_cluster, own_cores
from engine.cluster.crew import Job, Result, Shared
from engine.errors import SaeRadError, UsageError

RETRIES = 3
"""How often a job is done again whose worker died; a job that kills every worker must end some time."""
AHEAD = 2
"""Jobs a worker that are handed out or done and waited for."""


class RayCrew:
    """Workers of a Ray cluster.

    A job whose worker is killed, runs out of memory or is lost with its machine is given to another, `RETRIES` times.
    What a job raises is not tried again. Ray is told to send no statistics; the cluster that is begun for ``local``
    has no dashboard and admits only who has a token that this process draws, because Ray listens on all of a machine's
    addresses.

    Parameters
    ----------
    address : str
        ``local`` begins a cluster on the cores of this machine, or ``local:N`` on N, which ends with the crew; ``auto``
        is the one that runs on this machine, ``host:port`` that which was begun with ``ray start --head`` (this machine
        must belong to it), ``ray://host:port`` one that this machine does not belong to.
    cpus, gpus : int
        Cores and GPUs that Ray sets aside for each job.

    Raises
    ------
    UsageError
        ``CLUSTER_NO_RAY``, ``CLUSTER_ADDRESS``, ``CLUSTER_SMALL``.
    SaeRadError
        ``CLUSTER_START``.
    """

    def __init__(self, address: str, *, cpus: int = 1, gpus: int = 0) -> None:
        _environment(own=bool(own_cores(address)))
        try:
            # An extra, heavy, and it reads the environment when it is imported.
            ray: Any = import_module("ray")
        except ModuleNotFoundError as error:
            raise UsageError(
                "CLUSTER_NO_RAY",
                "work on a cluster needs the library ray, which is not installed",
                "install it with: pip install 'saerad-workstation[cluster]'",
            ) from error
        self._ray = ray
        self._session = _connect(ray, address)
        try:
            self._size = _room(ray.nodes(), cpus, gpus)
            self._do = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=RETRIES)(_do)
        except BaseException:
            self.close()
            raise

    @property
    def size(self) -> int:
        """Jobs that are worked on at the same time."""
        return self._size

    def __enter__(self) -> RayCrew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Leave the cluster; one that was begun for this crew ends, and its logs are removed."""
        self._ray.shutdown()
        if self._session:
            shutil.rmtree(self._session, ignore_errors=True)

    def map(
        self, work: Callable[[Shared, Job], Result], shared: Shared, jobs: Iterable[Job]
    ) -> Generator[Result, None, None]:
        """Yield the results in the order of the jobs; large arrays in them are read-only.

        Raises
        ------
        SaeRadError
            ``CLUSTER_WORKER_DIED`` when a job's workers died again and again.
        Exception
            Whatever `work` raised, with the first job that did.
        """
        source = iter(jobs)
        reference = self._ray.put(shared)
        task = self._do.options(name=work.__name__)
        waiting: deque[Any] = deque()
        try:
            while True:
                for job in islice(source, AHEAD * self._size - len(waiting)):
                    waiting.append(task.remote(work, reference, job))
                if not waiting:
                    return
                yield self._result(waiting.popleft())
        finally:
            # Behind its end Ray would begin a cluster of its own to cancel in.
            if self._ray.is_initialized():
                for left in waiting:
                    self._ray.cancel(left, force=True)

    def _result(self, reference: Any) -> Any:
        errors = self._ray.exceptions
        try:
            return self._ray.get(reference)
        except errors.RayTaskError as error:
            raise error.cause from None
        except errors.RayError as error:
            raise SaeRadError(
                "CLUSTER_WORKER_DIED",
                f"a job was given up after {RETRIES + 1} workers had died with it ({type(error).__name__})",
                "give each more memory (fewer workers), or look into the logs below /tmp/ray on the workers' machines",
            ) from error


def _do(work: Callable[[Shared, Job], Result], shared: Shared, job: Job) -> Result:
    return work(shared, job)


def _environment(*, own: bool) -> None:
    """Set what Ray reads when it is imported, unless somebody has set it."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    token = Path(os.environ.get("RAY_AUTH_TOKEN_PATH", Path.home() / ".ray" / "auth_token"))
    if own:
        os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
        # As many workers as cores are the program itself, not something in its background.
        os.environ.setdefault("RAY_worker_niceness", "0")
    if own or "RAY_AUTH_TOKEN" in os.environ or token.is_file():
        # 'ray start' asks for a token by itself, but who joins by an address is to say that he has one.
        os.environ.setdefault("RAY_AUTH_MODE", "token")


def _connect(ray: Any, address: str) -> str:
    """Begin or join a cluster; returns the folder of what must be removed at its end."""
    _quiet()
    options: dict[str, Any] = {"log_to_driver": False, "logging_level": "error"}
    if own := own_cores(address):
        options |= {"num_cpus": own, "include_dashboard": False}
    address = "local" if own else find_cluster(address)
    try:
        context = ray.init(address=address, **options)
    # Ray ends the process where it gives up.
    except (Exception, SystemExit) as error:
        ray.shutdown()
        reason = " ".join(str(error).split())[:REASON]
        if own:
            raise SaeRadError(
                "CLUSTER_START", f"no Ray cluster could be begun on this machine ({reason})", "leave --cluster out"
            ) from error
        raise no_cluster(address, reason) from error
    return str(context.address_info["session_dir"]) if own else ""


def _room(nodes: Sequence[Mapping[str, Any]], cpus: int, gpus: int) -> int:
    """Return how many jobs the machines of a cluster can do at a time; none is done by two of them."""
    found = [node["Resources"] for node in nodes if node["Alive"]]
    room = sum(
        min(int(has.get("CPU", 0)) // cpus, int(has.get("GPU", 0)) // gpus if gpus else sys.maxsize) for has in found
    )
    if room == 0:
        raise UsageError(
            "CLUSTER_SMALL",
            f"no machine of the cluster has what one worker needs: {cpus} cores and {gpus} GPUs",
            "give a smaller --threads, or another --device",
        )
    return room


def _quiet() -> None:
    """Say what Ray says of dead workers in a line on stderr; it prints paragraphs on stdout, among the results."""
    worker: Any = import_module("ray._private.worker")
    worker.print_to_stdstream = _tell


def _tell(data: Mapping[str, Any], ignore_prefix: bool) -> None:
    for line in data["lines"]:
        if line.startswith("Task ") and "will be retried" in line:
            text = "a worker died; its job is given to another"
        elif line.startswith("A worker died"):
            continue  # the same once more
        else:
            text = f"ray: {line.strip().partition('. ')[0]}"
        tqdm.write(f"warning: {text}", file=sys.stderr)
