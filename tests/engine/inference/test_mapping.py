"""Heat maps of an analysis, made afterwards by another method."""

from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from engine.errors import Cancelled, InferenceError
from engine.inference.analyzer import Analyzer
from engine.inference.attribution import Method
from engine.pack.library import load_pack
from tests.engine.pictures import picture, radiograph


@pytest.mark.parametrize("method", get_args(Method))
@pytest.mark.parametrize("between", [False, True])
def test_they_are_those_of_an_analysis_by_that_method(toy_pack: Path, method: Method, between: bool) -> None:
    """Also after another image, when the encoder has to run again."""
    pack, image = load_pack(toy_pack), radiograph(picture(200, 120))
    analyzer = Analyzer(pack, "cpu")
    analysis = analyzer.analyse(image)
    if between:
        analyzer.analyse(radiograph(picture(130, 140, seed=3), uid="1.2.3"))
    told: list[float] = []
    made = analyzer.maps(image, analysis, method, lambda _, share: told.append(share))
    expected = Analyzer(pack, "cpu", method=method).analyse(image).maps
    assert made.keys() == expected.keys() and len(made) > 0
    for ident, shown in made.items():
        assert np.array_equal(shown.values, expected[ident].values)
        assert (shown.method, shown.box) == (expected[ident].method, expected[ident].box)
    assert told == sorted(told) and (len(told) > 3) == (method == "occlusion")


def test_of_another_image_or_pack_they_are_refused(toy_pack: Path) -> None:
    analyzer, image = Analyzer(load_pack(toy_pack), "cpu"), radiograph(picture(200, 120))
    analysis = analyzer.analyse(image)
    with pytest.raises(InferenceError) as caught:
        analyzer.maps(radiograph(picture(200, 120, seed=4)), analysis, "messages")
    assert caught.value.code == "WRONG_IMAGE"
    with pytest.raises(InferenceError) as caught:
        analyzer.maps(image, replace(analysis, pack_sha256="0" * 64), "messages")
    assert caught.value.code == "WRONG_PACK"


def test_they_can_be_cancelled(toy_pack: Path) -> None:
    analyzer, image = Analyzer(load_pack(toy_pack), "cpu"), radiograph(picture(200, 120))
    analysis, told = analyzer.analyse(image), list[float]()
    with pytest.raises(Cancelled):
        analyzer.maps(image, analysis, "occlusion", lambda _, share: told.append(share), lambda: len(told) >= 3)
    assert len(told) == 3
