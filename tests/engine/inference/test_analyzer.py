import json
import math
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from safetensors.numpy import load_file, save_file

from engine.errors import Cancelled, InferenceError, PackError
from engine.inference.analyzer import Analyzer
from engine.inference.preprocess import pixel_values
from engine.inference.session import ModelSession
from engine.pack.descriptor import describe
from engine.pack.library import load_pack
from engine.pack.manifest import OBSERVATIONS, GateSpec, Manifest
from tests.engine.pictures import picture, radiograph
from tests.engine.toy_pack import build_toy_pack, encoder_spec, sample_images, write_manifest
from tests.engine.toy_vit import forward, make_toy_vit


@pytest.fixture(scope="module")
def analyzer(toy_pack: Path) -> Analyzer:
    return Analyzer(load_pack(toy_pack), "cpu")


def test_the_onnx_encoder_is_the_numpy_one(toy_pack: Path) -> None:
    pixels = ((sample_images(3)[:, None].repeat(3, axis=1) - 0.5) / 0.25).astype(np.float32)
    ours, reference = ModelSession(load_pack(toy_pack), "cpu").encode(pixels), forward(make_toy_vit(), pixels)
    assert ours.patch_tokens.shape == (3, 0, ours.class_token.shape[1]), "the gate of this pack does not look at them"
    for name, value in reference.items():
        if name != "patch_tokens":
            assert getattr(ours, name) == pytest.approx(value, abs=1e-5)


def test_an_analysis_is_what_the_arrays_say(toy_pack: Path, analyzer: Analyzer) -> None:
    image = radiograph()
    analysis = analyzer.analyse(image)
    arrays = load_file(toy_pack / "sae.safetensors")
    pixels = pixel_values(image.display(), encoder_spec())
    token = forward(make_toy_vit(), pixels)["class_token"][0]
    z = arrays["w_enc"] @ (token - arrays["b_dec"]) + arrays["b_enc"]
    activations = z * (z > arrays["threshold"])
    assert {f.id for f in analysis.features} == set(np.flatnonzero(activations).tolist())
    assert len(analysis.features) >= 5
    for feature in analysis.features:
        assert feature.activation == pytest.approx(activations[feature.id], abs=1e-4)
        assert 0.0 <= feature.percentile <= 100.0
        record = load_pack(toy_pack).features.get([feature.id])[feature.id]
        assert (feature.description, feature.observation) == (record.description, record.observation)
    x_hat = activations @ arrays["w_dec"] + arrays["b_dec"]
    unexplained = np.sum((token - x_hat) ** 2) / np.sum((token - arrays["b_dec"]) ** 2)
    assert analysis.explained_variance == pytest.approx(1.0 - unexplained, abs=1e-4)
    keys = [(-f.percentile, -f.activation) for f in analysis.features]
    assert keys == sorted(keys)


def test_every_active_feature_has_an_exact_map(toy_pack: Path) -> None:
    for method in ("messages", "integrated"):
        analysis = Analyzer(load_pack(toy_pack), "cpu", method=method).analyse(radiograph(picture(200, 120)))
        assert set(analysis.maps) == {f.id for f in analysis.features}
        for feature in analysis.features:
            shown = analysis.maps[feature.id]
            assert float(shown.values.sum()) + shown.remainder == pytest.approx(shown.preactivation, abs=1e-4)
            assert shown.preactivation == pytest.approx(feature.activation, abs=1e-4)
            assert shown.values.shape == (8, 8) and shown.values.dtype == np.float32
            assert shown.box == (0.0, 0.0, 120.0, 200.0)


def test_observations_are_the_fourteen_then_the_sides(toy_pack: Path, analyzer: Analyzer) -> None:
    analysis = analyzer.analyse(radiograph())
    names = [o.observation for o in analysis.observations if o.laterality == "none" and not o.location]
    assert names == list(OBSERVATIONS)
    assert [o.observation for o in analysis.observations[:14]] == list(OBSERVATIONS)
    active = {f.id: f.activation for f in analysis.features}
    readouts = {(r.observation, r.laterality): r for r in load_pack(toy_pack).manifest.calibration.readouts}
    assert len(analysis.observations) == len(readouts)
    for o in analysis.observations:
        readout = readouts[o.observation, o.laterality]
        logit = readout.bias + sum(
            w * active.get(i, 0.0) for i, w in zip(readout.feature_ids, readout.weights, strict=True)
        )
        assert o.probability == pytest.approx(1.0 / (1.0 + math.exp(-logit)), abs=1e-4)
        assert set(o.feature_ids) == set(readout.feature_ids) & set(active)


def test_it_is_bound_to_the_image_and_repeatable(analyzer: Analyzer) -> None:
    image = radiograph(uid="1.2.840.99")
    first, second = analyzer.analyse(image), analyzer.analyse(image)
    first.require_image("1.2.840.99", image.pixel_sha256)
    with pytest.raises(InferenceError):
        first.require_image("1.2.840.99", radiograph(picture(seed=2)).pixel_sha256)
    assert first.features == second.features
    assert first.provider == "CPUExecutionProvider"
    assert {"preparing", "encoder", "features", "heat_maps", "total"} == set(first.timing_ms)


def test_a_refused_image_has_nothing_but_its_verdict(analyzer: Analyzer) -> None:
    analysis = analyzer.analyse(radiograph(view_position="LL", body_part="CHEST"))
    assert (analysis.gate.verdict, analysis.gate.code) == ("refused", "LATERAL_VIEW")
    assert (analysis.features, analysis.observations, analysis.maps) == ((), (), {})
    assert "encoder" not in analysis.timing_ms


@pytest.mark.parametrize(
    ("frontal", "header", "code"),
    [
        (0.95, {"patient_orientation": ("P", "H")}, "NOT_A_CHEST"),
        (0.95, {"view_position": "LATERAL"}, "NOT_A_CHEST"),
        (0.95, {"view_position": "LL", "body_part": "CHEST"}, "LATERAL_VIEW"),
        (0.95, {"view_position": "LL", "body_part": "LEG"}, "NOT_A_CHEST"),
        (0.5, {"view_position": "LL"}, "LATERAL_VIEW"),
    ],
)
def test_a_side_view_of_something_else_is_no_chest(
    tmp_path: Path, frontal: float, header: dict[str, str | tuple[str, ...]], code: str
) -> None:
    pack = build_toy_pack(tmp_path / "toy", gate=GateSpec(frontal_probability_refusal=frontal))
    analysis = Analyzer(load_pack(pack), "cpu").analyse(radiograph(**header))  # type: ignore[arg-type]
    assert (analysis.gate.verdict, analysis.gate.code, analysis.features) == ("refused", code, ())


def test_progress_rises_and_ends(analyzer: Analyzer) -> None:
    steps: list[tuple[str, float]] = []
    analyzer.analyse(radiograph(), lambda name, share: steps.append((name, share)))
    shares = [share for _, share in steps]
    assert shares == sorted(shares) and steps[-1] == ("done", 1.0)
    assert "encoder" in [name for name, _ in steps]


@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_it_can_be_cancelled_between_steps(analyzer: Analyzer, after: int) -> None:
    asked = iter(range(100))
    with pytest.raises(Cancelled):
        analyzer.analyse(radiograph(), cancelled=lambda: next(asked) >= after)


def test_too_small_an_image_is_an_error(analyzer: Analyzer) -> None:
    with pytest.raises(InferenceError) as caught:
        analyzer.analyse(radiograph(picture(12, 300)))
    assert caught.value.code == "IMAGE_SHAPE"


def spoilt(toy_pack: Path, folder: Path, change: Callable[[Path], None]) -> Path:
    pack = Path(shutil.copytree(toy_pack, folder))
    change(pack)
    write_manifest(pack, Manifest.model_validate_json((pack / "pack.json").read_bytes()))
    return pack


def test_graph_and_arrays_that_disagree_are_refused(toy_pack: Path, tmp_path: Path) -> None:
    def change(pack: Path) -> None:
        arrays = load_file(pack / "sae.safetensors")
        save_file(arrays | {"b_enc": arrays["b_enc"] + np.float32(0.5)}, pack / "sae.safetensors")

    with pytest.raises(InferenceError) as caught:
        Analyzer(load_pack(spoilt(toy_pack, tmp_path / "p", change)), "cpu").analyse(radiograph())
    assert caught.value.code == "SAE_MISMATCH"


def test_a_graph_with_other_outputs_is_refused(toy_pack: Path, tmp_path: Path) -> None:
    pack = spoilt(toy_pack, tmp_path / "p", lambda p: (p / "encoder.onnx").write_bytes((p / "sae.onnx").read_bytes()))
    with pytest.raises(PackError) as caught:
        Analyzer(load_pack(pack), "cpu")
    assert caught.value.code == "PACK_ONNX"


def test_a_device_that_is_not_there_is_said_so(toy_pack: Path) -> None:
    missing = next(
        name
        for name, provider in (("directml", "DmlExecutionProvider"), ("coreml", "CoreMLExecutionProvider"))
        if provider not in ort.get_available_providers()
    )
    analysis = Analyzer(load_pack(toy_pack), missing).analyse(radiograph())
    assert analysis.provider == "CPUExecutionProvider"
    assert len(analysis.warnings) == 1 and missing in analysis.warnings[0]
    assert len(analysis.features) > 0


def test_far_away_and_badly_rebuilt_images_are_judged(tmp_path: Path) -> None:
    image = radiograph()
    cases = {
        ("suitable", "OK"): GateSpec(mahalanobis_warning=1e6, mahalanobis_refusal=1e7, reconstruction_refusal=1e6),
        ("warning", "OUT_OF_DISTRIBUTION"): GateSpec(mahalanobis_warning=1e-3, mahalanobis_refusal=1e7),
        ("refused", "OUT_OF_DISTRIBUTION"): GateSpec(reconstruction_refusal=1e-6),
        ("refused", "NOT_A_CHEST"): GateSpec(frontal_probability_refusal=0.95),
    }
    for number, (expected, spec) in enumerate(cases.items()):
        analysis = Analyzer(load_pack(build_toy_pack(tmp_path / str(number), gate=spec)), "cpu").analyse(image)
        assert (analysis.gate.verdict, analysis.gate.code) == expected
        assert bool(analysis.features) == (expected[0] != "refused")


def test_the_gate_judges_by_where_the_patches_differ(tmp_path: Path) -> None:
    pack = build_toy_pack(tmp_path / "toy", gate=GateSpec(descriptor="regions", frontal_probability_refusal=0.5))
    spec = load_pack(pack).manifest.encoder
    image = radiograph()
    out = forward(make_toy_vit(), pixel_values(image.display(), spec))
    tokens = out["class_token"].astype(np.float32), out["patch_tokens"].astype(np.float32)
    own = describe("regions", *tokens, spec.patch_rows, spec.patch_columns)[0]
    width = own.size
    for sign, verdict in ((1.0, "suitable"), (-1.0, "refused")):
        # Only the last region's mean is weighed.
        weight = np.zeros(width, np.float32)
        weight[-spec.d_model :] = sign * 100.0 * own[-spec.d_model :]
        arrays = {
            "mean": np.zeros(2, np.float32),
            "precision": np.eye(2, dtype=np.float32),
            "projection": np.zeros((2, width), np.float32),
            "frontal_weight": weight,
            "frontal_bias": np.zeros(1, np.float32),
        }
        save_file(arrays, pack / "gate.safetensors")
        write_manifest(pack, Manifest.model_validate_json((pack / "pack.json").read_text(encoding="utf-8")))
        assert Analyzer(load_pack(pack), "cpu").analyse(image).gate.verdict == verdict


def test_a_gate_of_another_descriptor_is_refused(tmp_path: Path) -> None:
    pack = build_toy_pack(tmp_path / "toy", gate=GateSpec(descriptor="regions"))
    with pytest.raises(PackError) as caught:
        load_pack(pack).open_all()
    assert caught.value.code == "PACK_ARRAYS"


def test_json_of_the_manifest_stays_readable(toy_pack: Path) -> None:
    assert json.loads((toy_pack / "pack.json").read_text(encoding="utf-8"))["schema_version"] == 1


@pytest.mark.gpu
@pytest.mark.skipif("CUDAExecutionProvider" not in ort.get_available_providers(), reason="onnxruntime has no CUDA here")
def test_the_gpu_gives_the_same_answer(toy_pack: Path) -> None:
    image, pack = radiograph(), load_pack(toy_pack)
    here, there = (Analyzer(pack, device).analyse(image) for device in ("cpu", "cuda"))
    assert there.provider == "CUDAExecutionProvider" and there.warnings == ()
    assert [f.id for f in there.features] == [f.id for f in here.features]
    for ident, shown in here.maps.items():
        assert there.maps[ident].values == pytest.approx(shown.values, abs=1e-4)
