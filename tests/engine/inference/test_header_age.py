"""A child is refused by what the header says of its age, and by nothing that is no age."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.inference.header_gate import header_verdict
from tests.engine.pictures import radiograph


def verdict(age: str = "", born: str = "", study: str = "", **other: bool) -> tuple[str, str]:
    image = radiograph(age=age, **other)  # type: ignore[arg-type]
    who = replace(image.identity, patient_birth_date=born, study_date=study)
    found = header_verdict(replace(image, identity=who))
    return found.verdict, found.code


OK, CHILD = ("suitable", "OK"), ("refused", "CHILD")


@pytest.mark.parametrize(
    ("age", "expected"),
    [
        ("045Y", OK),
        ("018Y", OK),
        ("017Y", CHILD),
        ("17Y", CHILD),
        (" 009y ", CHILD),
        ("000Y", CHILD),
        ("006M", CHILD),
        ("215M", CHILD),
        ("216M", OK),
        ("300M", OK),
        ("012W", CHILD),
        ("003D", CHILD),
        ("120Y", OK),
        ("121Y", OK),
        ("-05Y", OK),
        ("old", OK),
        ("12", OK),
        ("", OK),
    ],
)
def test_the_stated_age_decides(age: str, expected: tuple[str, str]) -> None:
    assert verdict(age) == expected


@pytest.mark.parametrize(
    ("born", "study", "expected"),
    [
        ("20100601", "20240102", CHILD),
        ("20060102", "20240101", CHILD),
        ("20060101", "20240101", OK),
        ("19400305", "20040826", OK),
        ("2010.06.01", "2024.01.02", CHILD),
        ("20240102", "20240102", CHILD),
        ("20040229", "20220228", CHILD),
        ("18000101", "20080504", OK),
        ("20250101", "20240102", OK),
        ("20101345", "20240102", OK),
        ("00000000", "20240102", OK),
        ("20100601", "", OK),
        ("", "20240102", OK),
        ("2010", "20240102", OK),
        ("٢٠١٠٠٦٠١", "20240102", OK),
    ],
)
@pytest.mark.parametrize("age", ["", "unknown", "999Y", "000Y"])
def test_the_dates_decide_where_no_age_is_stated(age: str, born: str, study: str, expected: tuple[str, str]) -> None:
    usable = (born, study) in {("19400305", "20040826"), ("20060101", "20240101")}
    if age == "000Y" and not usable:
        expected = CHILD
    assert verdict(age, born, study) == expected


def test_a_stated_age_counts_before_the_dates() -> None:
    assert verdict("045Y", "20100601", "20240102") == OK
    assert verdict("004Y", "19400305", "20240102") == CHILD


def test_a_picture_without_a_header_has_no_age() -> None:
    assert verdict("004Y", is_dicom=False) == OK
