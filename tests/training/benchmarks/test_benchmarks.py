"""Both benchmarks with libraries that are none: what they hand out, not how fast anything is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.training.benchmarks.fake_peer import FakePeer
from training.benchmarks.cases import chosen
from training.benchmarks.quality import QualityOptions, best, measure_quality
from training.benchmarks.report import QUALITY, THROUGHPUT
from training.benchmarks.result import Result
from training.benchmarks.throughput import ThroughputOptions, measure_throughput

SPEED = ThroughputOptions(features=(96,), d_model=16, batch=32, k=4, l0=6.0, rounds=2, threads=1)
QUALITY_OPTIONS = QualityOptions(
    cases=chosen(("topk", "gated")),
    d_model=12,
    n_true=24,
    features=32,
    l0=3,
    steps=40,
    batch=32,
    threads=1,
    rates=(3e-3, 1e-2),
)


def quiet(_message: str) -> None:
    """Report nothing."""


def contract(result: Result) -> dict[str, object]:
    """Return the object as a reader of the JSON gets it."""
    values: dict[str, object] = json.loads(json.dumps(result.to_json(), allow_nan=False))
    assert {"ours", "peers", "ratio"} <= set(values)
    return values


def test_throughput_hands_out_ours_peers_and_the_least_ratio() -> None:
    log: list[str] = []
    result = measure_throughput(SPEED, lambda adapter: FakePeer(adapter, log), quiet)
    values = contract(result)
    assert set(result.ours) == {"gated 96", "gated-sae-rad 96", "topk 96", "batchtopk 96"} == set(result.ratios)
    assert set(result.peers) == {"sae_lens", "dictionary_learning", "sparsify"}
    assert set(result.peers["sparsify"]) == {"topk 96"}
    assert values["ratio"] == min(result.ratios.values()) > 1.0
    assert result.versions == dict.fromkeys(result.peers, "1.2.3")
    figures = result.ours["topk 96"]
    assert (
        figures["l0"] == 4.0 and figures["tokens_per_second"] > result.peers["sparsify"]["topk 96"]["tokens_per_second"]
    )
    # Every library is asked once a round and once to warm up, for each of its architectures, and every process ends.
    assert log.count("sparsify step") == SPEED.rounds + 1
    assert log.count("sae_lens close") == log.count("sae_lens start") == 3


@pytest.mark.parametrize("command", ["start", "step"])
def test_a_library_that_fails_is_noted_and_the_others_are_measured(command: str) -> None:
    log: list[str] = []
    result = measure_throughput(SPEED, lambda adapter: FakePeer(adapter, log, "sae_lens", command), quiet)
    assert "sae_lens" not in result.peers and "dictionary_learning" in result.peers
    assert "sae_lens failed: for the test" in result.notes
    assert log.count("sae_lens close") == 3


def test_quality_hands_out_the_best_rate_of_each() -> None:
    log: list[str] = []
    result = measure_quality(QUALITY_OPTIONS, lambda adapter: FakePeer(adapter, log), quiet)
    assert contract(result)["ratio"] == min(result.ratios.values())
    assert set(result.ours) == {"topk", "gated"}
    assert result.ours["topk"]["learning_rate"] in QUALITY_OPTIONS.rates
    assert result.ours["topk"]["mean_l0"] <= 3.0
    assert result.peers["sparsify"]["topk"]["fvu"] == pytest.approx(1.0, rel=1e-3)
    assert log.count("sparsify fit") == len(QUALITY_OPTIONS.rates) and log.count("sparsify close") == 1


def test_without_libraries_there_is_no_ratio() -> None:
    for result in (measure_throughput(SPEED, None, quiet), measure_quality(QUALITY_OPTIONS, None, quiet)):
        values = contract(result)
        assert values["peers"] == {} and values["ratio"] is None and values["ours"]


def test_a_run_that_missed_the_wanted_l0_is_not_chosen() -> None:
    dense = {"mean_l0": 30.0, "mean_max_cosine": 0.99}
    right = {"mean_l0": 8.1, "mean_max_cosine": 0.9}
    assert best([dense, right], 8.0) is right
    assert best([dense], 8.0) is dense
    assert best([], 8.0) is None


def test_the_report_has_a_row_for_every_trainer(tmp_path: Path) -> None:
    log: list[str] = []
    for result, report in (
        (measure_throughput(SPEED, lambda adapter: FakePeer(adapter, log), quiet), THROUGHPUT),
        (measure_quality(QUALITY_OPTIONS, lambda adapter: FakePeer(adapter, log), quiet), QUALITY),
    ):
        result.settings["command"] = "saerad-train bench"
        result.machine = dict.fromkeys(("processor", "torch", "python", "load_average", "load_average_after"), "-")
        result.machine["peak_gflops"] = 1.0
        result.notes.append("a note")
        report.write(result, tmp_path)
        page = (tmp_path / f"{result.name}.md").read_text()
        trainers = len(result.ours) + sum(len(cases) for cases in result.peers.values())
        assert sum(line.startswith("| ") for line in page.splitlines()) == 2 + trainers
        assert "- a note" in page and "sparsify 1.2.3" in page
        assert (tmp_path / f"{result.name}.png").read_bytes().startswith(b"\x89PNG")
        assert json.loads((tmp_path / f"{result.name}.json").read_text())["benchmark"] == result.name
