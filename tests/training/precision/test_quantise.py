"""`saerad-train quantise`: a pack with profiles that were measured through the engine, or none at all."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
from PIL import Image

from engine.errors import PackError, UsageError
from engine.inference.analyzer import Analyzer
from engine.pack.library import load_pack
from engine.pack.precision import Bound
from engine.report.compose import compose
from engine.report.findings import Finding
from tests.engine.pictures import picture, radiograph
from tests.engine.precision import other_vit
from tests.engine.report.factories import analysis, busy
from tests.engine.toy_pack import build_toy_pack
from tests.engine.toy_vit import encoder_onnx
from training.cli import main
from training.precision import profiles
from training.precision.change import Tally
from training.precision.profiles import ProfileOptions, add_profiles, readable, split


@pytest.fixture(scope="module")
def toy_pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_toy_pack(tmp_path_factory.mktemp("pack") / "toy")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pictures")
    for seed in range(24):
        Image.fromarray((picture(seed=seed) // 16).astype(np.uint8)).save(folder / f"{seed:02}.png")
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\nno picture")
    return folder


def test_a_pack_gets_a_profile_that_the_engine_offers(
    toy_pack: Path, pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["quantise", str(toy_pack), "--images", str(pictures), "--out", str(out), "--threads", "1"]
    assert main([*arguments, "--profiles", "int8,fp16", "--version", "0.2.0", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    pack = load_pack(out)
    assert pack.manifest.version == told["version"] == "0.2.0"
    assert [profile.precision for profile in pack.manifest.profiles] == ["int8", "fp16"]
    for profile in pack.manifest.profiles:
        change = profile.change
        assert json.loads(profile.model_dump_json()) == told[profile.precision]
        assert change.radiographs == change.drafts == 20 and 0.999 <= change.cosine_least <= change.cosine_mean <= 1.0
        assert f"| {profile.precision} | 20 |" in (out / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert [profile.calibration_radiographs for profile in pack.manifest.profiles] == [4, 0]
    assert pack.manifest.encoder == load_pack(toy_pack).manifest.encoder
    made = Analyzer(pack, "cpu", precision="int8").analyse(radiograph())
    assert made.precision == "int8" and len(made.maps) == len(made.features) > 0
    gpu = Analyzer(pack, "cpu", precision="fp16")
    assert gpu.precision == "fp32" and "fp16 is not made for CPUExecutionProvider" in gpu.warnings[0]


@pytest.mark.gpu
@pytest.mark.skipif("CUDAExecutionProvider" not in ort.get_available_providers(), reason="onnxruntime has no CUDA here")
def test_a_gpu_takes_fp16_by_itself(toy_pack: Path, pictures: Path, tmp_path: Path) -> None:
    add_profiles(load_pack(toy_pack), [pictures], tmp_path / "out", ProfileOptions(("fp16",), threads=1))
    made = Analyzer(load_pack(tmp_path / "out"), "cuda").analyse(radiograph())
    own = Analyzer(load_pack(toy_pack), "cpu").analyse(radiograph())
    assert (made.provider, made.precision, made.warnings) == ("CUDAExecutionProvider", "fp16", ())
    assert {f.id for f in made.features} == {f.id for f in own.features}
    for feature in own.features:
        assert made.maps[feature.id].values == pytest.approx(own.maps[feature.id].values, abs=1e-2)


@pytest.mark.slow
def test_the_demo_packs_int8_keeps_the_bound_on_real_radiographs(
    demo_pack: Path, shared_data: Path, tmp_path: Path
) -> None:
    images = [shared_data / "cxr_open" / "images", shared_data / "dicom" / "radiographs"]
    manifest = add_profiles(load_pack(demo_pack), images, tmp_path / "out", ProfileOptions(("int8",)))
    (profile,) = manifest.profiles
    assert profile.change.radiographs > 30 and profile.change.drafts > 20
    assert profile.change.cosine_least > 0.9995 and profile.change.jaccard_mean > 0.95
    assert len(profile.kept) < 5


def test_other_profiles_stay_and_the_same_one_is_made_again(toy_pack: Path, pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    shutil.copytree(toy_pack, out)
    for _ in range(2):
        for name in ("int8", "fp16"):
            add_profiles(load_pack(out), [pictures], out, ProfileOptions((name,), threads=1))  # type: ignore[arg-type]
    assert sorted(profile.precision for profile in load_pack(out).manifest.profiles) == ["fp16", "int8"]
    assert (out / "MODEL_CARD.md").read_text(encoding="utf-8").count("## Precision profiles") == 1


def test_a_profile_beyond_the_bound_is_refused_and_nothing_is_written(
    toy_pack: Path, pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(profiles.fp16, "fp16_graph", lambda _: encoder_onnx(other_vit()))
    out = tmp_path / "new" / "out"
    arguments = ["quantise", str(toy_pack), "--images", str(pictures), "--out", str(out), "--profiles", "fp16"]
    assert main(arguments) == 3
    assert "error [PROFILE_BOUND]: the fp16 profile changes too much: the least cosine" in capsys.readouterr().err
    assert not out.parent.exists()


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--profiles", "int4"], "PROFILE_OPTION"),
        (["--calibration", "0"], "PROFILE_OPTION"),
        (["--images", "one.png"], "PROFILE_IMAGES"),
        (["--out", "."], "EXPORT_OUT"),
    ],
)
def test_what_cannot_be_done_is_said_at_once(
    options: list[str], code: str, toy_pack: Path, pictures: Path, tmp_path: Path
) -> None:
    shutil.copyfile(pictures / "00.png", tmp_path / "one.png")
    named = dict(zip(options[::2], options[1::2], strict=True))
    base = {"--images": str(pictures), "--out": "out"} | named
    command = [
        sys.executable,
        "-m",
        "training.cli",
        "quantise",
        str(toy_pack),
        *(w for pair in base.items() for w in pair),
    ]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and f"error [{code}]" in done.stderr


def test_no_radiograph_calibrates_and_measures(pictures: Path) -> None:
    paths = readable([pictures])
    assert len(paths) == 24, "the broken one is left out"
    used, measured = split(paths, ProfileOptions(calibration=3))
    assert len(used) == 3 and sorted(used + measured) == paths and not set(used) & set(measured)
    assert len(split(paths, ProfileOptions())[1]) == 20
    with pytest.raises(UsageError) as caught:
        split(paths, ProfileOptions(bound=Bound(radiographs=24)))
    assert caught.value.code == "PROFILE_IMAGES"


def test_a_stricter_bound_of_the_maker_counts(toy_pack: Path, pictures: Path, tmp_path: Path) -> None:
    options = ProfileOptions(("int8",), threads=1, bound=Bound(cosine=1.0))
    with pytest.raises(PackError) as caught:
        add_profiles(load_pack(toy_pack), [pictures], tmp_path / "out", options)
    assert caught.value.code == "PROFILE_BOUND"


def test_differences_are_counted() -> None:
    tally, full, silent = Tally(), compose(busy()), compose(analysis())
    tally.tokens(np.array([[3.0, 4.0]], np.float32), np.array([[3.0, 4.0]], np.float32))
    tally.tokens(np.array([[1.0, 0.0]], np.float32), np.array([[1.0, 1.0]], np.float32))
    tally.features(frozenset({1, 2, 3}), frozenset({2, 3, 4, 5}))
    tally.features(frozenset(), frozenset())
    tally.draft(full, full)
    tally.draft(None, None)
    tally.draft(full, silent)
    tally.draft(full, None)
    change = tally.change()
    assert change.cosine_least == pytest.approx(0.5**0.5) and change.cosine_mean == pytest.approx((1 + 0.5**0.5) / 2)
    assert (change.jaccard_least, change.jaccard_mean) == (0.4, 0.7)
    assert (change.features_added, change.features_lost) == (2, 1)
    assert (change.radiographs, change.drafts, change.drafts_unchanged) == (2, 3, pytest.approx(1 / 3))
    words = {sentence.text for sentence in full.sentences()}
    kept = {sentence.text for sentence in silent.sentences()}
    assert change.sentences_lost == len(words - kept) + len(words)
    assert change.sentences_added == len(kept - words)


def test_a_finding_that_turns_round_is_counted() -> None:
    full = compose(busy())
    turned = [
        replace(
            section, sentences=tuple(replace(s, findings=tuple(map(reversed_, s.findings))) for s in section.sentences)
        )
        for section in full.sections
    ]
    claims = {(f.observation, f.laterality, f.location) for s in full.sentences() for f in s.claims}
    tally = Tally()
    tally.draft(full, replace(full, sections=tuple(turned)))
    assert tally.change().polarity_changed == len(claims) > 3
    assert tally.change().sentences_lost == 0, "the words are the same here"


def reversed_(finding: Finding) -> Finding:
    return replace(finding, polarity="absent" if finding.polarity == "present" else "present")
