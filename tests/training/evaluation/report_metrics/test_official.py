"""Official packages are called as they want to be, and what is missing is told; modules of the same form stand in."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from engine.errors import UsageError
from training.cli import main
from training.evaluation.report_metrics.official import PACKAGES, measure_official

HYPS, REFS = ["No effusion.", "Left effusion."], ["No effusion.", "Right effusion."]


class F1RadGraph:
    def __init__(self, *, reward_level: str, cuda: int | None = None, model_type: str | None = None) -> None:
        assert reward_level == "all"

    def __call__(self, *, refs: list[str], hyps: list[str]) -> tuple[Any, ...]:
        same = sum(a == b for a, b in zip(hyps, refs, strict=True)) / len(refs)
        return (same, same / 2, same / 4), [[same] * len(refs)] * 3, [{}], [{}]


class F1CheXbert:
    def __call__(self, *, hyps: list[str], refs: list[str]) -> tuple[Any, ...]:
        report = {f"{kind} avg": {"f1-score": value} for kind, value in (("micro", 0.5), ("macro", 0.25))}
        return 0.5, [1, 0], report, report


class RadFactMetric:
    def __init__(self, *, is_narrative_text: bool = False) -> None:
        assert is_narrative_text

    def compute_metric_score(
        self, candidates: dict[str, str], references: dict[str, str]
    ) -> tuple[float, dict[str, float]]:
        assert candidates.keys() == references.keys() and list(candidates.values()) == HYPS
        found = {"logical_precision": 0.5, "logical_recall": 0.25, "logical_f1": 1 / 3, "num_samples": 2}
        return found["logical_f1"], found


class RadEval:
    def __init__(self, do_green: bool = False) -> None:
        assert do_green

    def __call__(self, refs: list[str], hyps: list[str]) -> dict[str, float]:
        assert (refs, hyps) == (REFS, HYPS)
        return {"green": 0.75}


STANDINS = {"radgraph": F1RadGraph, "f1chexbert": F1CheXbert, "radfact": RadFactMetric, "green": RadEval}


def stand_in(monkeypatch: pytest.MonkeyPatch, name: str, thing: type | None) -> None:
    module = ModuleType(PACKAGES[name].module)
    if thing is not None:
        setattr(module, STANDINS[name].__name__, thing)
    monkeypatch.setitem(sys.modules, PACKAGES[name].module, module)


def test_every_package_is_called_as_it_wants_to_be(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, thing in STANDINS.items():
        stand_in(monkeypatch, name, thing)
    assert measure_official(list(PACKAGES), HYPS, REFS) == {
        "radgraph": {"simple": 0.5, "partial": 0.25, "complete": 0.125},
        "f1chexbert": {"micro F1, 14": 0.5, "macro F1, 14": 0.25, "micro F1, 5": 0.5, "macro F1, 5": 0.25},
        "radfact": {"logical_precision": 0.5, "logical_recall": 0.25, "logical_f1": 1 / 3},
        "green": {"GREEN": 0.75},
    }


class Weightless:
    def __init__(self, **_: Any) -> None:
        raise FileNotFoundError("radgraph.tar.gz")


class Empty(F1RadGraph):
    def __call__(self, *, refs: list[str], hyps: list[str]) -> tuple[Any, ...]:
        return (float("nan"),) * 3, [], [], []


@pytest.mark.parametrize(
    ("thing", "why"), [(Weightless, "radgraph.tar.gz"), (Empty, "no numbers"), (None, "F1RadGraph")]
)
def test_a_package_that_fails_says_what_it_needs(monkeypatch: pytest.MonkeyPatch, thing: type | None, why: str) -> None:
    stand_in(monkeypatch, "radgraph", thing)
    with pytest.raises(UsageError, match=why) as caught:
        measure_official(["radgraph"], HYPS, REFS)
    assert caught.value.code == "OFFICIAL_FAILED" and "pip install radgraph" in caught.value.hint


@pytest.mark.parametrize("name", list(PACKAGES))
def test_a_package_that_is_missing_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setitem(sys.modules, PACKAGES[name].module, None)
    with pytest.raises(UsageError) as caught:
        measure_official([name], HYPS, REFS)
    assert caught.value.code == "OFFICIAL_MISSING" and "install" in caught.value.hint


def test_the_command_prints_them_beside_the_rules(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, texts in (("c", HYPS), ("r", REFS)):
        rows = "".join(f'{number},"{text}"\n' for number, text in enumerate(texts))
        (tmp_path / f"{name}.csv").write_text("id,report\n" + rows, encoding="utf-8")
    words = ["--candidates", str(tmp_path / "c.csv"), "--references", str(tmp_path / "r.csv")]
    stand_in(monkeypatch, "radgraph", F1RadGraph)
    command = ["evaluate", "reports", *words, "--official", "radgraph"]
    assert main([*command, "--json", "--out", str(tmp_path / "out")]) == 0
    assert json.loads(capsys.readouterr().out)["official"] == {
        "radgraph": {"simple": 0.5, "partial": 0.25, "complete": 0.125}
    }
    assert "radgraph" in (tmp_path / "out" / "README.md").read_text(encoding="utf-8")
    assert main(command) == 0 and "radgraph" in capsys.readouterr().out
    assert main(["evaluate", "reports", *words, "--official", "bleurt"]) == 2
    assert "OFFICIAL_UNKNOWN" in capsys.readouterr().err
