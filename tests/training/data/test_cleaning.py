"""Cleaning loses nothing: every sentence is supported or set apart."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.text.sections import Sections
from engine.text.sentences import split_sentences
from tests.engine.text.test_comparison import COMPARISONS, SUPPORTED
from tests.training.data.layouts import REPORT
from training.data.cleaning import clean_report, clean_sections, judge_sentences
from training.data.marks import unify_marks

MARKS = [
    ("a ___ b", "a ___ b", 1),
    ("XXXX, XXXX XXXX, x-XXXX", "___, ___, x-___", 3),
    ("[**Known lastname 12**] on [**2101-1-1**]", "___ on ___", 2),
    ("on XX/XX/XXXX", "on ___", 1),
    ("<NAME> and [removed]", "___ and ___", 2),
    ("Xray of xx and a_b", "Xray of xx and a_b", 0),
    ("", "", 0),
]


@pytest.mark.parametrize(("text", "expected", "count"), MARKS)
def test_marks_become_one_and_are_counted(text: str, expected: str, count: int) -> None:
    assert unify_marks(text) == (expected, count)


def test_a_report_is_separated_verbatim_with_its_sections() -> None:
    report = clean_report(REPORT)
    assert report.findings == "There is a small left effusion. The lungs are clear."
    assert report.unsupported == (
        "findings: There is a small left effusion, unchanged from the prior study.",
        "findings: Heart size is stable.",
    )
    assert report.impression == "No acute process."
    assert report.marks == 2


def test_indication_and_comparison_are_left_as_they_are() -> None:
    report = clean_sections(Sections(indication="New cough,\n worse since XXXX", comparison="Compared to prior."))
    assert (report.indication, report.comparison) == ("New cough, worse since ___", "Compared to prior.")
    assert report.unsupported == ()


SENTENCES = st.sampled_from([*(sentence for sentence, _ in COMPARISONS), *SUPPORTED])
TEXTS = st.one_of(
    st.text(max_size=300),
    st.lists(SENTENCES, max_size=8).map(" ".join),
    st.lists(SENTENCES, max_size=8).map("\n\n".join),
)


@given(TEXTS, TEXTS)
def test_no_sentence_is_lost(findings: str, impression: str) -> None:
    report = clean_sections(Sections(findings, impression))
    apart = list(report.unsupported)
    for name, text in (("findings", findings), ("impression", impression)):
        judged = judge_sentences(unify_marks(text)[0])
        assert [j.sentence for j in judged] == split_sentences(unify_marks(text)[0])
        assert getattr(report, name) == " ".join(j.supported for j in judged if j.supported)
        for one in judged:
            if one.separated:
                assert apart.pop(0) == f"{name}: {one.sentence}"
    assert apart == []


def test_real_reports_are_cleaned_and_lose_no_sentence(shared_data: Path) -> None:
    path = shared_data / "reports" / "openi_reports.csv"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))[:500]
    sentences = separated = 0
    for row in rows:
        report = clean_sections(Sections(row["findings"], row["impression"], row["indication"], row["comparison"]))
        judged = [j for name in ("findings", "impression") for j in judge_sentences(unify_marks(row[name])[0])]
        sentences += len(judged)
        separated += len(report.unsupported)
        assert len(report.unsupported) == sum(j.separated for j in judged)
    assert 0.03 < separated / sentences < 0.2
