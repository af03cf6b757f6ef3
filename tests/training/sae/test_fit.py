"""A run: what it writes, that a stopped one goes on exactly, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import load_file

from engine.errors import SaeRadError, UsageError
from tests.training.sae.test_gated import dictionary_data
from training.activations.stream import ArrayStream, FloatArray
from training.sae.architectures import ARCHITECTURES, FIXED_K
from training.sae.architectures.gated import SAE_RAD_VARIANTS
from training.sae.config import FitConfig, SaeConfig, sweep
from training.sae.export import InSpace
from training.sae.fit import Fit
from training.sae.folded import FoldedSae
from training.sae.metrics import measure
from training.sae.trained import load_run, load_trained, read_diverged

TRAIN, _ = dictionary_data(1, 2000)
HELD_OUT, _ = dictionary_data(2, 300)


def configuration(*saes: SaeConfig, **options: Any) -> FitConfig:
    values: dict[str, Any] = {
        "steps": 40,
        "batch": 64,
        "dead_after": 256,
        "resample_every": 8,
        "log_every": 5,
        "evaluate_every": 20,
        "checkpoint_every": 7,
        "sample_rows": 500,
        "threads": 1,
    }
    return FitConfig(saes, **(values | options))


def some_sae(arch: str, **options: Any) -> SaeConfig:
    sparsity = {"k": 4} if arch in FIXED_K else {"l0": 4.0}
    variant = {"variant": "sae-rad"} if arch == "gated-sae-rad" else {}
    return SaeConfig(arch, **({"n_features": 96, "learning_rate": 3e-3} | sparsity | variant | options))


class Killed(BaseException):
    """Stands for a kill: nothing may catch it."""


class Stream(ArrayStream):
    """A stream that counts what is read, and ends the process before a batch."""

    def __init__(self, batch: int, kill_at: int | None = None) -> None:
        super().__init__(TRAIN, batch, seed=1)
        self.read, self._kill_at = 0, kill_at

    def next_batch(self) -> FloatArray:
        if self.read == self._kill_at:
            raise Killed
        self.read += 1
        return super().next_batch()


def new_run(config: FitConfig, folder: Path, kill_at: int | None = None) -> Fit:
    return Fit(config, Stream(config.batch, kill_at), HELD_OUT, folder, {"data": {"rows": len(TRAIN)}})


def finished(config: FitConfig, folder: Path) -> Fit:
    fit = new_run(config, folder)
    fit.begin()
    fit.run()
    return fit


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize("arch", list(ARCHITECTURES))
def test_a_killed_run_ends_with_the_same_bits(arch: str, tmp_path: Path) -> None:
    # A width at which some latents die, so that counters, resampling and AuxK have something to do.
    saes = (some_sae(arch, n_features=256), some_sae(arch, n_features=256, seed=3))
    config = configuration(*saes, dead_after=128, whitening=0.3 if arch == "topk" else 0.0)
    finished(config, tmp_path / "straight")
    (log, _) = (tmp_path / "straight").glob("*/metrics.jsonl")
    assert any(json.loads(line).get("dead", 0.0) > 0 for line in log.read_text().splitlines())
    folder, kills = tmp_path / "killed", iter([19, 9, 16])
    started = False
    while True:
        fit = new_run(config, folder, next(kills, None))
        try:
            if started:
                fit.resume()
            else:
                fit.begin()
            started = True
            fit.run()
            break
        except Killed:
            pass
    assert files(folder) == files(tmp_path / "straight")


def test_a_sweep_reads_the_data_once(tmp_path: Path) -> None:
    config = configuration(*sweep("batchtopk", 96, k=(2, 4, 8), learning_rate=1e-3), steps=10)
    fit = finished(config, tmp_path)
    assert isinstance(fit.stream, Stream)
    assert fit.stream.read == 10 + 8  # 8 batches of 64 for the sample of 500
    alone = finished(configuration(config.saes[1], steps=10), tmp_path / "alone")
    for name, value in alone.members[config.saes[1].name].model.state_dict().items():
        assert torch.equal(value, fit.members[config.saes[1].name].model.state_dict()[name])


@pytest.mark.parametrize("arch", list(ARCHITECTURES))
def test_the_folded_form_computes_what_was_trained(arch: str, tmp_path: Path) -> None:
    config = configuration(some_sae(arch), steps=150, whitening=0.4 if arch == "batchtopk" else 0.0)
    fit = finished(config, tmp_path)
    (name,) = fit.members
    native, folded = InSpace(fit.members[name].model, fit.space), FoldedSae.load(tmp_path / name / "sae.safetensors")
    given, expected = folded.encode(HELD_OUT), native.encode(HELD_OUT)
    result = json.loads((tmp_path / name / "result.json").read_text())
    np.testing.assert_allclose(np.linalg.norm(folded.w_dec, axis=1), 1.0, atol=1e-5)
    if arch == "topk":  # no exact form: as many fire on average, and the result says how many agree
        assert result["folded"]["mean_l0"] == pytest.approx(4.0, abs=0.2)
        assert result["folded"]["jaccard"] < 1.0
        return
    both = (given > 0) == (expected > 0)
    assert both.mean() > 0.9999
    np.testing.assert_allclose(given[both], expected[both], atol=1e-3)
    np.testing.assert_allclose(folded.decode(given), native.decode(expected), atol=0.05)
    assert result["folded"]["jaccard"] > 0.999
    assert result["held_out"]["explained_variance"] == pytest.approx(measure(native, HELD_OUT).explained_variance)


@pytest.mark.parametrize("arch", ["batchtopk", "matryoshka-batchtopk"])
def test_the_threshold_of_inference_is_learnt_saved_and_folded(arch: str, tmp_path: Path) -> None:
    fit = finished(configuration(some_sae(arch), steps=120), tmp_path)
    (name,) = fit.members
    running = float(fit.members[name].model.state_dict()["running_threshold"])
    assert running > 0.0
    assert float(load_file(tmp_path / name / "model.safetensors")["running_threshold"]) == running
    folded = FoldedSae.load(tmp_path / name / "sae.safetensors")
    assert float(folded.threshold.min()) > 0.0
    assert measure(folded, HELD_OUT).mean_l0 == pytest.approx(4.0, rel=0.3)
    # One row alone gives what it gives among others.
    alone = np.concatenate([InSpace(fit.members[name].model, fit.space).encode(row[None]) for row in HELD_OUT[:20]])
    among = InSpace(fit.members[name].model, fit.space).encode(HELD_OUT)[:20]
    np.testing.assert_allclose(alone, among, atol=1e-4)


def test_free_magnitudes_cannot_be_folded_and_the_result_says_so(tmp_path: Path) -> None:
    fit = finished(configuration(some_sae("gated-sae-rad", variant="sae-rad-free"), steps=10), tmp_path)
    (name,) = fit.members
    result = json.loads((tmp_path / name / "result.json").read_text())
    assert result["folded"] == {"error": "SAE_NOT_FOLDABLE"}
    assert (tmp_path / name / "model.safetensors").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("arch", [arch for arch in ARCHITECTURES if arch not in FIXED_K])
def test_the_penalty_is_steered_to_the_wanted_sparsity(arch: str, tmp_path: Path) -> None:
    config = configuration(some_sae(arch), steps=1200, batch=128, resample_every=100, evaluate_every=5000)
    fit = finished(replace(config, checkpoint_every=5000), tmp_path)
    (name,) = fit.members
    held_out = json.loads((tmp_path / name / "result.json").read_text())["held_out"]
    assert held_out["mean_l0"] == pytest.approx(4.0, rel=0.15)
    assert held_out["explained_variance"] > (0.6 if arch == "relu" else 0.75)  # L1 shrinks what it keeps


@pytest.mark.slow
def test_bfloat16_trains_as_well(tmp_path: Path) -> None:
    fvu = []
    for dtype in ("float32", "bfloat16"):
        config = configuration(some_sae("batchtopk"), steps=600, batch=128, dtype=dtype, checkpoint_every=5000)
        finished(config, tmp_path / dtype)
        (result,) = (tmp_path / dtype).glob("*/result.json")
        fvu.append(json.loads(result.read_text())["held_out"]["fvu"])
    assert fvu[1] == pytest.approx(fvu[0], rel=0.15)


def test_metrics_are_lines_of_json_in_order(tmp_path: Path) -> None:
    config = configuration(some_sae("gated"))
    finished(config, tmp_path)
    (log,) = tmp_path.glob("*/metrics.jsonl")
    rows = [json.loads(line) for line in log.read_text().splitlines()]
    assert [row["step"] for row in rows if row["kind"] == "train"] == list(range(5, 41, 5))
    assert [row["step"] for row in rows if row["kind"] == "held-out"] == [20, 40]
    assert {"fvu", "l0", "penalty", "learning_rate", "dead", "reconstruction", "auxiliary"} <= rows[0].keys()
    assert {"fvu", "cosine", "mean_l0", "alive", "dense"} <= rows[-1].keys()


def test_a_run_of_other_options_or_data_is_not_gone_on_with(tmp_path: Path) -> None:
    config = configuration(some_sae("topk"), steps=5)
    finished(config, tmp_path)
    with pytest.raises(UsageError, match="FIT_OTHER_RUN"):
        new_run(replace(config, batch=32), tmp_path).resume()
    other = Fit(config, Stream(64), HELD_OUT, tmp_path, {"data": {"rows": 1}})
    with pytest.raises(UsageError, match="FIT_OTHER_RUN"):
        other.resume()
    (tmp_path / "checkpoint.safetensors").write_bytes(b"nothing")
    with pytest.raises(SaeRadError, match="FIT_CHECKPOINT"):
        new_run(config, tmp_path).resume()


def test_a_loss_that_is_no_number_ends_the_run(tmp_path: Path) -> None:
    fit = new_run(configuration(some_sae("relu", learning_rate=1e30), steps=20), tmp_path)
    fit.begin()
    with pytest.raises(SaeRadError, match="FIT_DIVERGED"):
        fit.run()


@pytest.mark.parametrize("arch", list(ARCHITECTURES))
def test_everything_lies_on_the_device_that_was_asked_for(arch: str, tmp_path: Path) -> None:
    config = configuration(some_sae(arch, n_features=256), steps=40, dead_after=128)
    finished(config, tmp_path / "plain")
    # Whatever does not name its device now lies on one without memory, and cannot be mixed with the rest.
    with torch.device("meta"):
        finished(config, tmp_path / "named")
        new_run(config, tmp_path / "named").resume()
    assert files(tmp_path / "named") == files(tmp_path / "plain")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_device_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="FIT_OPTION"):
        new_run(configuration(some_sae("topk"), device="cuda"), tmp_path)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device")
@pytest.mark.parametrize("arch", list(ARCHITECTURES))
def test_a_gpu_trains_as_well(arch: str, tmp_path: Path) -> None:
    results = {}
    for device in ("cpu", "cuda"):
        config = configuration(some_sae(arch), steps=200, device=device)
        folder = tmp_path / device
        finished(config, folder)
        results[device] = json.loads((folder / config.saes[0].name / "result.json").read_text())["held_out"]
        new_run(config, folder).resume()
    assert results["cuda"]["fvu"] == pytest.approx(results["cpu"]["fvu"], rel=0.1)
    assert results["cuda"]["mean_l0"] == pytest.approx(results["cpu"]["mean_l0"], rel=0.1)


def test_one_that_diverges_does_not_end_the_sweep(tmp_path: Path) -> None:
    good, bad = some_sae("topk"), some_sae("relu", learning_rate=1e30)
    alone, both = tmp_path / "alone", tmp_path / "both"
    finished(configuration(good, steps=20), alone)
    fit = finished(configuration(good, bad, steps=20), both)
    assert list(fit.diverged) == [bad.name]
    assert list(load_run(both)) == [good.name]
    weights = Path(good.name) / "model.safetensors"
    assert (both / weights).read_bytes() == (alone / weights).read_bytes()
    assert read_diverged(both) == fit.diverged
    with pytest.raises(SaeRadError, match="FIT_DIVERGED"):
        load_trained(both, bad.name)
    again = new_run(configuration(good, bad, steps=20), both)
    again.resume()
    assert again.diverged == fit.diverged


@pytest.mark.parametrize(
    "options",
    [
        {"arch": "topk"},
        {"arch": "topk", "k": 4, "penalty": 0.1},
        {"arch": "gated", "k": 4},
        {"arch": "gated", "l0": 4.0, "penalty": 0.1},
        {"arch": "gated", "l0": 4.0, "variant": "sae-rad"},
        {"arch": "gated", "penalty": 1e300},
        {"arch": "gated-sae-rad", "l0": 4.0, "variant": "none"},
        {"arch": "topk", "k": 96},
        {"arch": "sparse", "k": 4},
    ],
)
def test_options_that_do_not_fit_together_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="FIT_OPTION"):
        SaeConfig(**({"n_features": 96, "learning_rate": 1e-3} | options))


def test_a_sweep_has_an_autoencoder_for_every_choice() -> None:
    saes = sweep("gated-sae-rad", 96, l0=(4.0, 8.0), variants=tuple(SAE_RAD_VARIANTS), seeds=(0, 1))
    assert len({sae.name for sae in saes}) == 2 * len(SAE_RAD_VARIANTS) * 2
    config = FitConfig(saes, steps=10)
    assert FitConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    assert [sae.k for sae in sweep("topk", 96, l0=(3.0, 5.0))] == [3, 5]
