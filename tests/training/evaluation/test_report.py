"""`saerad-train fit` leaves a page, `saerad-train report` one over several runs."""

from __future__ import annotations

import json
import math
import sys
import types
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from engine.errors import UsageError
from tests.training.sae.stores import store_of
from tests.training.sae.test_gated import dictionary_data
from training.cli import main
from training.evaluation import sae_plots
from training.evaluation.sae_names import short_names
from training.evaluation.sae_report import Estimate, read_report
from training.evaluation.tensorboard import write_scalars
from training.sae.config import SaeConfig, sweep
from training.sae.metrics import measure
from training.sae.trained import load_run, load_trained

COMMON = [
    *("--features", "96", "--lr", "0.003", "--steps", "60", "--batch", "64", "--threads", "1"),
    *("--checkpoint-every", "1000", "--log-every", "10", "--evaluate-every", "30"),
]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs on one store with labels; read-only for tests."""
    folder = tmp_path_factory.mktemp("runs")
    tokens, directions = dictionary_data(1, 900)
    along = (tokens - 2.0) @ directions[:2].T
    labels = [("Edema",) if row[0] > 0.7 else ("Lung Opacity",) if row[1] > 0.7 else () for row in along]
    store_of(folder / "store", tokens, ["val" if n % 3 == 0 else "train" for n in range(900)], labels=labels)
    start = ["fit", "--store", str(folder / "store"), *COMMON]
    assert main([*start, "--out", str(folder / "a"), "--arch", "batchtopk", "--k", "3,5", "--seed", "0,1"]) == 0
    assert main([*start, "--out", str(folder / "b"), "--arch", "gated", "--l0", "4"]) == 0
    return folder


def test_a_run_leaves_its_page_figures_and_measures(made: Path) -> None:
    page = (made / "a/README.md").read_text()
    for name in ("curves.png", "histograms.png", "pareto.png"):
        assert f"({name})" in page
        with Image.open(made / "a" / name) as image:
            assert min(image.size) > 300 and np.asarray(image.convert("L")).std() > 5
    report = read_report(made / "a")
    assert len(report.saes) == 4 and len(report.stability) == 2
    for name, sae in report.saes.items():
        trained = load_trained(made / "a", name)
        assert f"| {sae.held_out['fvu']:.4f} |" in page
        assert sum(sae.density) == round(sae.held_out["alive"] * 96)
        assert sae.probes.keys() == report.labels.keys() == {"Edema", "Lung Opacity"}
        assert 0.0 < sae.coherence_mean <= sae.coherence_largest <= 1.0 + 1e-5
        assert trained.folded is not None and trained.folded.n_features == 96
    assert "Lung Opacity" in page and "Absorption" in page and "seed 1" in page


@pytest.mark.parametrize("bins", [4, 9, 19, 33, 60])
def test_the_numbers_below_histograms_do_not_touch(
    bins: int, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def look(figure: Figure, _path: Path) -> None:
        figure.canvas.draw()
        for axes in figure.axes:
            low, high = sorted(axes.get_xlim())
            shown = [tick.label1 for tick in axes.xaxis.get_major_ticks() if low <= tick.get_loc() <= high]
            boxes = sorted((label.get_window_extent() for label in shown), key=lambda box: float(box.x0))
            assert len(boxes) >= 3
            assert all(left.x1 + 3 < right.x0 for left, right in pairwise(boxes))
        plt.close(figure)

    monkeypatch.setattr(sae_plots, "save_figure", look)
    sae = next(iter(read_report(made / "a").saes.values()))
    density, activations = [0] * 60, [0] * 80
    density[-bins:], activations[20 : 20 + bins] = [1] * bins, [1] * bins
    changed = sae.model_copy(update={"density": tuple(density), "activations": tuple(activations)})
    sae_plots.plot_histograms({"name": changed}, tmp_path / "none.png")


@pytest.mark.parametrize("count", [1, 21])
def test_a_legend_is_whole_and_beside_the_panels(
    count: int, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = []

    def look(figure: Figure, _path: Path) -> None:
        figure.canvas.draw()
        box, whole = figure.legends[0].get_window_extent(), figure.bbox
        assert len(figure.legends[0].get_texts()) == count
        assert whole.x0 <= box.x0 and box.x1 <= whole.x1 and whole.y0 <= box.y0
        panels = [axes.get_tightbbox() for axes in figure.axes]
        assert all(panel is not None and panel.y0 >= box.y1 for panel in panels)
        assert all(left.x1 <= right.x0 for left, right in pairwise(panels) if left and right)
        looked.append(figure)
        plt.close(figure)

    monkeypatch.setattr(sae_plots, "save_figure", look)
    sae = next(iter(read_report(made / "a").saes.values()))
    names = [f"gated-sae-rad detached-norm-live {n} latents L0 30" for n in range(count)]
    # A run of one logged step: of each line a mark.
    log = [{"kind": "train", "step": 5, "fvu": 0.5, "l0": 4.0, "dead": 0.0}]
    sae_plots.plot_curves(dict.fromkeys(names, log), tmp_path / "none.png")
    assert {line.get_marker() for line in looked[0].axes[1].lines} == {"_"}
    sae_plots.plot_histograms(dict.fromkeys(names, sae), tmp_path / "none.png")
    widths = [SaeConfig("topk", 1000 + n, 1e-3, k=4) for n in range(count)]
    saes = {name: sae.model_copy(update={"config": config}) for name, config in zip(names, widths, strict=True)}
    sae_plots.plot_pareto(saes, tmp_path / "none.png")


def test_the_figure_leaves_out_what_explains_nothing(made: Path, tmp_path: Path) -> None:
    sae = next(iter(read_report(made / "a").saes.values()))
    useless = sae.model_copy(update={"held_out": sae.held_out | {"fvu": 9e11, "mean_l0": 0.0, "alive": 0.0}})
    sae_plots.plot_pareto({"a": sae}, tmp_path / "one.png")
    sae_plots.plot_pareto({"a": sae, "b": useless}, tmp_path / "both.png")
    assert (tmp_path / "one.png").read_bytes() == (tmp_path / "both.png").read_bytes()
    sae_plots.plot_pareto({"b": useless}, tmp_path / "none.png")


def test_what_is_read_back_is_what_was_trained(made: Path) -> None:
    held_out = dictionary_data(1, 900)[0][::3]
    for sae in load_run(made / "a").values():
        again = measure(sae.native, held_out)
        assert again.explained_variance == pytest.approx(sae.result["held_out"]["explained_variance"], abs=1e-6)
        np.testing.assert_allclose(np.linalg.norm(sae.native.directions, axis=1), 1.0, atol=1e-5)


def test_one_page_over_several_runs(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    runs = [str(made / "a"), str(made / "b")]
    before = (made / "a/report.json").read_bytes()
    assert main(["report", *runs, "--out", str(tmp_path / "page"), "--measured", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)) == 5
    page = (tmp_path / "page/README.md").read_text()
    saes = read_report(made / "a").saes
    fvu = [sae.held_out["fvu"] for sae in saes.values() if sae.config.k == 5]
    assert f" | {np.mean(fvu):.4f} ± {np.std(fvu, ddof=1):.4f} |" in page
    assert page.index("| batchtopk k 3 | 2 |") < page.index("| gated L0 4 | 1 |") < page.index("| batchtopk k 5 | 2 |")
    assert "2 runs, 5 autoencoders" in page and "gated" in page and "cannot be compared" not in page
    assert (tmp_path / "page/pareto.png").is_file()
    assert main(["report", runs[0]]) == 0
    assert (made / "a/report.json").read_bytes() == before  # measured anew, the same
    (made / "store").rename(made / "moved")
    assert main(["report", runs[0]]) == 3
    assert main(["report", runs[0], "--store", str(made / "moved")]) == 0
    (made / "moved").rename(made / "store")
    assert (made / "a/report.json").read_bytes() == before
    assert main(["report", *runs]) == 2
    assert "USAGE" in capsys.readouterr().err


def test_a_page_over_runs_replaces_nothing_but_such_a_page(
    made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["report", str(made / "a"), str(made / "b"), "--measured", "--out"]
    before = (made / "a/README.md").read_bytes()
    (tmp_path / "file").write_text("mine")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes/README.md").write_text("# My notes\n")
    for out in (made / "a", tmp_path / "file", tmp_path / "notes"):
        assert main([*command, str(out)]) == 2
        assert "[PAGE_FOLDER]" in capsys.readouterr().err
    assert (made / "a/README.md").read_bytes() == before
    assert main([*command, str(tmp_path / "page")]) == 0
    assert main([*command, str(tmp_path / "page")]) == 0
    (tmp_path / "page/mine.txt").write_text("mine")
    assert main([*command, str(tmp_path / "page")]) == 2


def test_runs_on_other_held_out_rows_are_told_apart(made: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "tokens.npy", dictionary_data(3, 500)[0])
    start = ["fit", "--tokens", str(tmp_path / "tokens.npy"), "--out", str(tmp_path / "c"), "--arch", "gated"]
    assert main([*start, "--l0", "4", *COMMON]) == 0
    page = (tmp_path / "c/README.md").read_text()
    assert "Labels" not in page and "tokens.npy" in page
    assert main(["report", str(made / "b"), str(tmp_path / "c"), "--out", str(tmp_path / "o"), "--measured"]) == 0
    page = (tmp_path / "o/README.md").read_text()
    assert "cannot be compared" in page and f"({made / 'b'})" in page


def test_what_is_no_finished_run_is_told(made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", str(tmp_path)]) == 2
    assert "FIT_NO_RUN" in capsys.readouterr().err
    with pytest.raises(UsageError, match="FIT_REPORT"):
        read_report(tmp_path)
    with pytest.raises(UsageError, match="FIT_NO_RUN"):
        load_trained(made / "a", "other")
    (tmp_path / "fit.json").write_text((made / "a/fit.json").read_text())
    with pytest.raises(UsageError, match="FIT_UNFINISHED"):
        load_run(tmp_path)


def test_estimates_of_nothing_are_kept() -> None:
    nothing = Estimate(value=float("nan"), low=float("nan"), high=float("nan"))
    assert math.isnan(Estimate.model_validate_json(nothing.model_dump_json()).value)


def test_names_say_what_differs() -> None:
    one = {sae.name: sae for sae in sweep("topk", 64, k=(2, 4), learning_rate=1e-3)}
    assert list(short_names(one).values()) == ["topk k 2", "topk k 4"]
    two = {sae.name: sae for sae in sweep("relu", 64, penalty=(0.1,), seeds=(0, 1))}
    assert list(short_names(two).values()) == ["relu λ 0.1 seed 0", "relu λ 0.1 seed 1"]


def test_scalars_are_written_where_tensorboard_is(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = [{"kind": "train", "step": 5, "tokens": 320, "fvu": 0.5}]
    found: list[tuple[Any, ...]] = []

    class Writer:
        def __init__(self, folder: str) -> None:
            self.folder = folder

        def __enter__(self) -> Writer:
            return self

        def __exit__(self, *_error: object) -> None:
            pass

        def add_scalar(self, *scalar: object) -> None:
            found.append((Path(self.folder).name, *scalar))

    module = types.ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    assert write_scalars({"sae": log}, tmp_path)
    assert found == [("sae", "train/fvu", 0.5, 5)]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    assert not write_scalars({"sae": log}, tmp_path)
