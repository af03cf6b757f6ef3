"""The address of a Ray cluster: whether it is one, and whether a cluster answers there."""

from __future__ import annotations

import socket
import subprocess
import sys
from importlib import import_module
from typing import Any

from engine.errors import UsageError
from engine.inference.devices import usable_cores

CONNECT_S = 5.0
ANSWER_S = 30.0
"""How long a cluster may take to answer, with the start of the process that asks."""
ASK = "import sys; from ray._raylet import GcsClient; GcsClient(address=sys.argv[1])"
REASON = 300
"""Letters of Ray's explanations that are shown."""


def own_cores(address: str) -> int:
    """Return the cores of a cluster that is to be begun here, or 0 where it is one that runs already."""
    name, colon, cores = address.partition(":")
    if name != "local":
        return 0
    if not colon:
        return usable_cores()
    if not cores.isdecimal() or not int(cores):
        raise UsageError("CLUSTER_ADDRESS", f"{address!r} names no number of cores", "such as local:2")
    return int(cores)


def find_cluster(address: str) -> str:
    """Return the address of a cluster at which somebody listens and, unless it is one of `ray://`, answers."""
    if address == "auto":
        services: Any = import_module("ray._private.services")
        try:
            address = str(services.canonicalize_bootstrap_address(address))
        except ConnectionError as error:
            raise no_cluster(address, "none runs on this machine") from error
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not host or not port.isdecimal():
        raise UsageError("CLUSTER_ADDRESS", f"{address!r} is no address of a cluster", "give local, auto or host:port")
    try:
        socket.create_connection((host.strip("[]"), int(port)), CONNECT_S).close()
    except (OSError, OverflowError) as error:
        raise no_cluster(address, str(error)) from error
    if not address.startswith("ray://"):
        _ask(address)
    return address


def _ask(address: str) -> None:
    """Ask the head of a cluster for its identity, in a process of its own.

    Where something else listens, Ray tries for minutes, writes lines of its log past Python to stderr, and may end the
    process.
    """
    try:
        subprocess.run([sys.executable, "-c", ASK, address], check=True, capture_output=True, timeout=ANSWER_S)
    except subprocess.TimeoutExpired as error:
        raise no_cluster(address, f"what listens there gives no answer within {ANSWER_S:.0f} s") from error
    except subprocess.CalledProcessError as error:
        last = error.stderr.decode(errors="replace").strip().rpartition("\n")[2]
        raise no_cluster(address, last[:REASON]) from error


def no_cluster(address: str, reason: str) -> UsageError:
    """Word that no cluster answers at an address."""
    return UsageError(
        "CLUSTER_ADDRESS",
        f"there is no Ray cluster to work on at {address} ({reason})",
        "begin one with 'ray start --head', or give --cluster local; where it asks for a token, see docs/cluster.md",
    )
