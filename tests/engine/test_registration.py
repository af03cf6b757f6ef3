"""Shift and magnification between two pictures."""

from __future__ import annotations

import numpy as np
import pytest

from engine.dicom.files import read_radiograph
from engine.errors import MeasureError
from engine.registration import Picture, register
from engine.resources import resource_path


def picture(name: str) -> Picture:
    """A radiograph of the demonstration study, small."""
    gray = read_radiograph(resource_path("demo", name)).display()
    step = gray.shape[0] // 192
    return np.ascontiguousarray(gray[::step, ::step], dtype=np.float32)


def laid(source: Picture, scale: float, dx: float, dy: float) -> Picture:
    """Another picture, in which each place of the source lies at scale * place + (dx, dy)."""
    rows, columns = 192, 170
    y, x = np.mgrid[:rows, :columns]
    across = ((x + 0.5 - columns / 2) / rows - dx) / scale * source.shape[0] + source.shape[1] / 2 - 0.5
    down = ((y + 0.5 - rows / 2) / rows - dy) / scale * source.shape[0] + source.shape[0] / 2 - 0.5
    inside = [np.clip(np.rint(v).astype(int), 0, n - 1) for v, n in zip((down, across), source.shape, strict=True)]
    return source[inside[0], inside[1]]


@pytest.mark.parametrize("true", [(1.1, 0.05, -0.04), (0.88, -0.06, 0.08)])
def test_a_known_shift_and_magnification_are_found_under_another_window(true: tuple[float, float, float]) -> None:
    source = picture("02_chest_pa.dcm")
    found = register(source, laid(source, *true) ** 1.5)
    assert (found.scale, found.dx, found.dy) == pytest.approx(true, abs=0.005)
    assert found.correlation > 0.9


def test_what_has_nothing_in_common_is_refused() -> None:
    for other in (picture("05_hand.dcm"), np.zeros((192, 160), np.float32)):
        with pytest.raises(MeasureError) as told:
            register(picture("02_chest_pa.dcm"), other)
        assert told.value.code == "NOT_ALIGNED"
