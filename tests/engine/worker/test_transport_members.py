"""Enumeration members as Python 3.11.0 to 3.11.3 pickles them (Debian 12 has 3.11.2), and nothing else by that door."""

from __future__ import annotations

import pickle
from multiprocessing import Pipe

import pytest

from engine.dicom.radiograph import Calibration, Spacing
from engine.worker.transport import receive_data


class _ByAttribute:
    """Pickles as a call of getattr, whoever unpickles it."""

    def __init__(self, owner: object, name: str) -> None:
        self.call = (owner, name)

    def __reduce__(self) -> tuple[object, tuple[object, str]]:
        return getattr, self.call


def _through_a_pipe(value: object) -> object:
    here, there = Pipe()
    there.send((pickle.dumps(value, protocol=5), []))
    return receive_data(here)


def test_a_member_by_attribute_is_data() -> None:
    assert _through_a_pipe(_ByAttribute(Calibration, "DETECTOR")) is Calibration.DETECTOR


@pytest.mark.parametrize(("owner", "name"), [(Calibration, "__class__"), (Spacing, "__init__"), (Calibration, "mro")])
def test_any_other_attribute_is_refused(owner: object, name: str) -> None:
    with pytest.raises(pickle.UnpicklingError):
        _through_a_pipe(_ByAttribute(owner, name))
