"""Objects through a pipe, and what is not let through."""

from __future__ import annotations

import multiprocessing
import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.dicom.radiograph import NO_SPACING, Calibration
from engine.worker.child import Progress, Result
from engine.worker.transport import receive, receive_data, send


def through(message: object, take: Any = receive_data) -> Any:
    here, there = multiprocessing.Pipe()
    sender = threading.Thread(target=send, args=(there, message))
    sender.start()
    try:
        return take(here)
    finally:
        sender.join()
        here.close()
        there.close()


class Hostile:
    """Unpickles to a call, as an attacker's bytes would."""

    def __init__(self, function: Any, *args: object) -> None:
        self.call = function, args

    def __reduce__(self) -> Any:
        return self.call


def test_values_arrays_and_data_classes_pass() -> None:
    array = np.arange(1_000_000, dtype=np.uint16).reshape(1000, 1000)
    value = {
        "spacing": NO_SPACING,
        "kind": Calibration.DETECTOR,
        "path": Path("a/b"),
        "array": array,
        "n": np.float32(2),
    }
    found = through(Result(3, value))
    assert isinstance(found, Result)
    np.testing.assert_array_equal(found.value.pop("array"), value.pop("array"))
    assert found == Result(3, value)


def test_arrays_keep_whether_they_may_be_written_to() -> None:
    fixed, free = np.arange(10), np.arange(10)
    fixed.flags.writeable = False
    got_fixed, got_free = through((fixed, free))
    assert (got_fixed.flags.writeable, got_free.flags.writeable) == (False, True)


@pytest.mark.parametrize("array", [np.zeros((0, 3)), np.arange(12).reshape(3, 4)[:, ::2], np.asfortranarray(np.eye(3))])
def test_unusual_arrays_pass(array: np.ndarray) -> None:  # type: ignore[type-arg]
    np.testing.assert_array_equal(through(array), array)


@pytest.mark.parametrize(
    "message",
    [
        Hostile(eval, "1 + 1"),
        Hostile(__import__, "os"),
        Hostile(getattr, "x", "upper"),
        Hostile(threading.Thread),
        Hostile(through, 1),
        [Progress(1, "x", 0.5), Hostile(print, "x")],
    ],
    ids=["eval", "import", "getattr", "thread", "function", "nested"],
)
def test_calls_are_not_let_through_from_the_child(message: object) -> None:
    with pytest.raises(pickle.UnpicklingError, match="is not data"):
        through(message)


def test_the_engines_own_classes_that_do_things_are_not_let_through() -> None:
    from engine.worker.worker import Worker

    with pytest.raises(pickle.UnpicklingError, match="is not data"):
        through(Hostile(Worker))


def test_the_parent_is_trusted() -> None:
    assert through(Hostile(max, 1, 2), receive) == 2
