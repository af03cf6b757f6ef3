"""One judge for all writers, on drawn phantoms."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from engine.text.lexicon import load_lexicon
from training.data.phantom.dataset import PhantomRecord, write_phantoms
from training.evaluation.baselines.judged import TRUTH, JudgedReports, JudgedSystem, judge_reports
from training.evaluation.baselines.page import baselines_json, baselines_page
from training.evaluation.baselines.plots import plot_heat, plot_reports
from training.evaluation.baselines.published import PublishedLabels
from training.evaluation.baselines.run import OURS, PUBLISHED, Baselines
from training.evaluation.baselines.written import WrittenReport, reference_report
from training.evaluation.bootstrap import Resamples, interval
from training.evaluation.report_metrics.measure import RADFACT


def value(system: JudgedSystem, family: str, name: str) -> float:
    return system.values[family, name].value


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Sequence[PhantomRecord]:
    return write_phantoms(tmp_path_factory.mktemp("phantoms"), 12, 5, size=128, progress=False)


@pytest.fixture(scope="module")
def judged(records: Sequence[PhantomRecord]) -> JudgedReports:
    own = [reference_report(record) for record in records]
    written = {OURS: own, PUBLISHED: [WrittenReport("The lungs are clear.")] * len(own)}
    return judge_reports(written, records, load_lexicon(), lambda _message, _share: None)


def test_a_phantoms_own_report_is_right_by_every_measure(judged: JudgedReports) -> None:
    perfect = judged.systems[OURS]
    for family, name in (
        (TRUTH, "finding F1"),
        (TRUTH, "finding macro F1"),
        ("CheXpert labels, 14", "micro F1"),
        ("Findings", "with side and place F1"),
        (RADFACT, "logical F1"),
        (RADFACT, "grounding precision"),
        (RADFACT, "spatial recall"),
        ("Words", "BLEU-4"),
        ("Words", "ROUGE-L"),
    ):
        assert value(perfect, family, name) == pytest.approx(1.0), name
    assert judged.readback.values[TRUTH, "finding F1"].value == value(perfect, TRUTH, "finding F1")


def test_a_system_without_boxes_has_no_grounding(judged: JudgedReports) -> None:
    blank = judged.systems[PUBLISHED]
    assert value(blank, TRUTH, "finding recall") == 0.0
    assert (RADFACT, "spatial recall") not in blank.values
    assert not blank.boxed and judged.systems[OURS].boxed


def test_the_difference_is_that_of_the_same_resamples(judged: JudgedReports) -> None:
    first, second = (judged.systems[t].values[TRUTH, "finding F1"] for t in (OURS, PUBLISHED))
    gap = first.less(second)
    assert gap.value == pytest.approx(first.value - second.value)
    assert first.less(first) == type(gap)(0.0, 0.0, 0.0)
    assert 0.0 < gap.low <= gap.value <= gap.high


def test_resamples_of_sums_are_those_of_rows() -> None:
    values = np.array([[1.0], [0.0], [1.0], [1.0], [0.0]])
    groups = ["a", "a", "b", "c", "d"]
    by_rows = interval(lambda rows: float(values[rows].sum()), groups, seed=3)
    by_sums = Resamples(groups, seed=3).of(values, lambda total: float(total[0])).interval()
    assert by_rows == by_sums


def test_the_page_shows_every_system_the_judges_agreement_and_the_evidence(
    judged: JudgedReports, tmp_path: Path
) -> None:
    found = Baselines(judged, PublishedLabels({}, 3), neighbours=7, faults=0)
    page = "\n".join(baselines_page(found, "figures"))
    assert "| the phantoms' own reports | 1.000" in page
    assert "agrees with human labels on" in page
    assert f"| {OURS} | 0 | – |" in page
    plain = json.loads(json.dumps(baselines_json(found), allow_nan=False))
    assert plain["difference"][f"{TRUTH}: finding F1"]["value"] == pytest.approx(1.0)
    plot_reports(judged, tmp_path / "a.png")
    plot_heat(judged, tmp_path / "b.png")
    assert all((tmp_path / name).stat().st_size > 5000 for name in ("a.png", "b.png"))
