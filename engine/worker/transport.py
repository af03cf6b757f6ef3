"""Objects through a pipe: arrays beside the pickle, not in it, and nothing but data accepted from the child."""

from __future__ import annotations

import dataclasses
import enum
import importlib
import io
import pickle
from multiprocessing.connection import Connection
from typing import Any

# A child that a hostile file has taken over must not take over its parent: only these may be built from its bytes.
_ALLOWED: dict[str, frozenset[str]] = {
    "builtins": frozenset({"set", "frozenset", "bytearray", "complex", "range", "slice"}),
    "collections": frozenset({"OrderedDict", "deque"}),
    "datetime": frozenset({"date", "datetime", "time", "timedelta", "timezone"}),
    "numpy": frozenset({"ndarray", "dtype"}),
    "numpy._core.multiarray": frozenset({"_reconstruct", "scalar"}),
    "numpy._core.numeric": frozenset({"_frombuffer"}),
    "pathlib": frozenset({"Path", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath"}),
    "pathlib._local": frozenset({"Path", "PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath"}),
}
_OWN_PACKAGE = __name__.partition(".")[0] + "."


def send(connection: Connection, message: object) -> None:
    """Send an object; the memory of contiguous arrays is sent behind it as it is."""
    buffers: list[pickle.PickleBuffer] = []
    body = pickle.dumps(message, protocol=5, buffer_callback=buffers.append)
    views = [buffer.raw() for buffer in buffers]
    connection.send((body, [(view.nbytes, view.readonly) for view in views]))
    for view in views:
        if view.nbytes:
            connection.send_bytes(view)


def receive(connection: Connection) -> Any:
    """Receive an object from a trusted sender, the parent."""
    body, buffers = _receive_parts(connection)
    return pickle.loads(body, buffers=buffers)


def receive_data(connection: Connection) -> Any:
    """Receive an object from the child.

    Raises
    ------
    pickle.UnpicklingError
        If it is made of anything but plain values, arrays and the engine's own data classes.
    """
    body, buffers = _receive_parts(connection)
    return _DataUnpickler(io.BytesIO(body), buffers=buffers).load()


def _receive_parts(connection: Connection) -> tuple[bytes, list[memoryview]]:
    envelope = _DataUnpickler(io.BytesIO(connection.recv_bytes())).load()
    body, sizes = envelope
    buffers = []
    for size, readonly in sizes:
        memory = bytearray(size)
        if size:
            connection.recv_bytes_into(memory)
        buffers.append(memoryview(memory).toreadonly() if readonly else memoryview(memory))
    return body, buffers


class _DataUnpickler(pickle.Unpickler):
    """Unpickler that can build data and cannot call anything else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("builtins", "getattr"):
            return _member
        if name in _ALLOWED.get(module, ()):
            return super().find_class(module, name)
        if module.startswith(_OWN_PACKAGE):
            found = getattr(importlib.import_module(module), name, None)
            if isinstance(found, type) and found.__module__ == module and _is_data(found):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is not data")


def _member(kind: object, name: str) -> enum.Enum:
    """Stand in for ``getattr``, by which Python 3.11.0 to 3.11.3 pickles enumeration members, and do no more."""
    if isinstance(kind, type) and issubclass(kind, enum.Enum) and name in kind.__members__:
        return kind[name]
    raise pickle.UnpicklingError(f"attribute {name} is not data")


def _is_data(kind: type) -> bool:
    """Whether making an object of a class does nothing but hold values."""
    return dataclasses.is_dataclass(kind) or issubclass(kind, (enum.Enum, tuple)) or hasattr(kind, "model_fields")
