"""What the viewer asks of archives, off the UI thread; what takes long to import is imported there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ReadError
from engine.network.nodes import DimseNode, Local, WebNode, load_nodes, nodes_path
from engine.network.query import Match, Query
from engine.resources import user_data_path
from viewer.i18n import tr
from viewer.tasks import TaskControl

if TYPE_CHECKING:
    from engine.network.peer import Peer
    from engine.network.store import Sent

LIMIT = 200
"""Studies that are listed."""


@dataclass(frozen=True)
class Wanted:
    """A study, or one series of it; `count` objects, 0 where the archive does not say."""

    study: str
    series: str = ""
    count: int = 0


@dataclass(frozen=True)
class Fetched:
    """Images that lie here now, the number of all objects that do, and of those that could not be had."""

    images: tuple[Path, ...]
    objects: int
    failed: int


def retrieved_path() -> Path:
    """Return the folder of fetched studies; each has its own in it, named by its UID."""
    return user_data_path("retrieved")


def find_studies(node: str, keys: dict[str, str], control: TaskControl) -> list[Match]:
    """Ask for studies."""
    control.progress(tr("Asking {node}", node=node), 0.0)
    return _peer(node).find(Query("study", keys, LIMIT), control.cancelled)


def find_series(node: str, study: str, control: TaskControl) -> list[Match]:
    """Ask for the series of a study."""
    control.progress(tr("Asking {node}", node=node), 0.0)
    return _peer(node).find(Query("series", {"study": study}), control.cancelled)


def fetch(node: str, wanted: Sequence[Wanted], folder: Path, control: TaskControl) -> Fetched:
    """Fetch studies and series below `folder`."""
    peer, paths, failed = _peer(node), dict[Path, None](), 0
    whole = sum(one.count for one in wanted)
    for one in wanted:
        before = len(paths)

        def told(done: int, total: int, before: int = before) -> None:
            count, of = before + done, max(whole, before + total)
            text = tr("{count} of {of} objects", count=count, of=of) if of else tr("{count} objects", count=count)
            control.progress(text, min(count / of, 1.0) if of else 0.0)

        told(0, 0)
        got = peer.retrieve(folder / one.study, one.study, one.series, progress=told, cancelled=control.cancelled)
        paths |= dict.fromkeys(got.paths)
        failed += got.failed
    return Fetched(tuple(path for path in paths if _is_image(path)), len(paths), failed)


def _is_image(path: Path) -> bool:
    """Whether an object is to be opened; reports, presentation states and the like lie beside the images."""
    import pydicom
    from pydicom.errors import InvalidDicomError

    from engine.dicom.elements import Elements
    from engine.dicom.objects import refuse_other_objects

    try:
        head = pydicom.dcmread(path, specific_tags=["SOPClassUID", "Rows"], stop_before_pixels=True)
        refuse_other_objects(Elements(head))
    except InvalidDicomError:
        return True  # what is wrong with it is told when it is opened
    except ReadError:
        return False
    return True


def send(node: str, files: Sequence[Path], control: TaskControl) -> list[Sent]:
    """Send the DICOM objects among files."""
    from engine.network.store import read_outgoing

    outgoing = [read_outgoing(path) for path in files if path.suffix == ".dcm"]
    count = 0

    def told(_sent: Sent) -> None:
        nonlocal count
        count += 1
        control.progress(tr("{count} of {of} objects", count=count, of=len(outgoing)), count / len(outgoing))

    control.progress(tr("Sending to {node}", node=node), 0.0)
    return _peer(node).send(outgoing, told, control.cancelled)


def echo(node: str, control: TaskControl) -> None:
    """Ask whether a node is there and lets us in."""
    control.progress(tr("Asking {node}", node=node), 0.0)
    _peer(node).echo()


@dataclass(frozen=True)
class Change:
    """A node to be declared.

    Attributes
    ----------
    before : str
        Name of the declaration that it takes the place of; empty for a new one.
    had_secret : bool
        Whether that one has a secret in the keyring.
    secret : str
        A new one; empty keeps what there is.
    """

    name: str
    node: DimseNode | WebNode
    before: str = ""
    had_secret: bool = False
    secret: str = ""


def save_node(change: Change, control: TaskControl) -> None:
    """Declare a node; its secret goes into the keyring, and with it under a new name."""
    from engine.network import nodes_file
    from engine.network.secret import has_secret, read_secret, remove_secret, store_secret

    control.progress(tr("Saving"), 0.0)
    needs = uses_secret(change.node)
    moved = change.had_secret and change.before != change.name
    secret = change.secret
    if needs and moved and not secret and has_secret(change.before):
        secret = read_secret(change.before)
    if needs and secret:
        store_secret(change.name, secret)  # first: a keyring that cannot be used leaves the file as it was
    nodes_file.save_node(nodes_path(), change.name, change.node, before=change.before)
    if change.had_secret and (moved or not needs):
        remove_secret(change.before)


def uses_secret(node: DimseNode | WebNode) -> bool:
    """Whether a node has a secret in the keyring."""
    return isinstance(node, WebNode) and node.auth != "none"


def remove_node(name: str, had_secret: bool, control: TaskControl) -> None:
    """Take a node out of the file, and its secret out of the keyring."""
    from engine.network import nodes_file
    from engine.network.secret import remove_secret

    control.progress(tr("Saving"), 0.0)
    nodes_file.remove_node(nodes_path(), name)
    if had_secret:
        remove_secret(name)


def save_local(local: Local, control: TaskControl) -> None:
    """Say what we call ourselves."""
    from engine.network import nodes_file

    control.progress(tr("Saving"), 0.0)
    nodes_file.save_local(nodes_path(), local)


def _peer(node: str) -> Peer:
    from engine.network.peer import Peer

    return Peer(load_nodes(), node)
