"""Which precision runs: chosen by the device, the pack and the person, and never changed in silence."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from engine.cli.main import main
from engine.errors import UsageError
from engine.inference import session
from engine.inference.analyzer import Analyzer
from engine.inference.devices import CPU, DEVICES, PRECISION_NAMES
from engine.inference.precision import choose_precision
from engine.inference.preprocess import pixel_values
from engine.inference.providers import ProviderChoice
from engine.inference.session import ModelSession
from engine.pack.library import InstalledPack, load_pack
from tests.engine.pictures import radiograph, write_dicom
from tests.engine.precision import other_vit, profile, with_profile
from tests.engine.toy_pack import encoder_spec
from tests.engine.toy_vit import forward, make_toy_vit

CUDA, COREML = DEVICES["cuda"][0], DEVICES["coreml"][0]


@pytest.fixture(scope="module")
def both(toy_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> InstalledPack:
    return load_pack(with_profile(toy_pack, tmp_path_factory.mktemp("p") / "both", profile("int8"), profile("fp16")))


@pytest.mark.parametrize(
    ("wanted", "provider", "precision", "warns"),
    [
        ("auto", CPU, "fp32", False),
        ("auto", CUDA, "fp16", False),
        ("auto", COREML, "fp32", False),
        ("fp32", CUDA, "fp32", False),
        ("int8", CPU, "int8", False),
        ("int8", CUDA, "fp32", True),
        ("fp16", CUDA, "fp16", False),
        ("fp16", CPU, "fp32", True),
    ],
)
def test_the_choice(wanted: str, provider: str, precision: str, warns: bool, both: InstalledPack) -> None:
    choice = choose_precision(wanted, provider, both.manifest)
    assert choice.precision == precision
    assert (wanted in choice.warning and provider in choice.warning) == warns


def test_a_pack_without_profiles_runs_in_fp32_everywhere(toy_pack: Path) -> None:
    manifest = load_pack(toy_pack).manifest
    assert choose_precision("auto", CUDA, manifest).precision == "fp32"
    with pytest.raises(UsageError) as caught:
        choose_precision("int8", CPU, manifest)
    assert caught.value.code == "PRECISION_NOT_OFFERED" and "no int8 profile" in caught.value.message


def test_a_profile_that_changes_too_much_is_not_offered(toy_pack: Path, tmp_path: Path) -> None:
    bad = profile("fp16", bound={"drafts_unchanged": 0.5}, drafts_unchanged=0.6)
    pack = load_pack(with_profile(toy_pack, tmp_path / "pack", bad))
    assert choose_precision("auto", CUDA, pack.manifest).precision == "fp32"
    with pytest.raises(UsageError) as caught:
        ModelSession(pack, "cpu", precision="fp16")
    assert caught.value.code == "PRECISION_NOT_OFFERED" and "60.0% of 20 drafts" in caught.value.message


def test_an_unknown_precision(both: InstalledPack) -> None:
    with pytest.raises(UsageError) as caught:
        ModelSession(both, "cpu", precision="int4")
    assert caught.value.code == "PRECISION_UNKNOWN" and all(name in caught.value.hint for name in PRECISION_NAMES)


def test_the_profiles_graph_runs_and_its_maps_add_up(both: InstalledPack) -> None:
    image = radiograph()
    analyzer = Analyzer(both, "cpu", precision="int8")
    analysis = analyzer.analyse(image)
    assert (analysis.precision, analysis.warnings) == ("int8", ())
    pixels = pixel_values(image.display(), encoder_spec())
    expected = forward(other_vit(), pixels)["class_token"]
    assert analyzer.session.encode(pixels).class_token == pytest.approx(expected, abs=1e-5)
    assert Analyzer(both, "cpu").analyse(image).precision == "fp32"


def test_a_gpu_that_does_not_start_does_not_leave_fp16_on_the_cpu(
    both: InstalledPack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "choose_providers", lambda _: ProviderChoice((DEVICES["cuda"], DEVICES["cpu"])))
    fallen = ModelSession(both, "cpu")
    assert (fallen.provider, fallen.precision) == (CPU, "fp32")
    pixels = np.zeros((1, 3, 32, 32), np.float32)
    assert fallen.encode(pixels).class_token == pytest.approx(forward(make_toy_vit(), pixels)["class_token"], abs=1e-5)


def test_a_warm_up_is_for_devices_whose_first_run_is_slow(both: InstalledPack, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[tuple[int, ...]] = []
    monkeypatch.setattr(ModelSession, "encode", lambda _, pixels: runs.append(pixels.shape))
    model = ModelSession(both, "cpu")
    model.warm_up()
    assert runs == []
    model.provider = CUDA
    model.warm_up()
    assert runs == [(1, 3, 32, 32)]


def test_the_command_takes_it_and_says_it(
    both: InstalledPack, toy_pack: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = tmp_path / "a.dcm"
    write_dicom(image)
    arguments = ["analyse", str(image), "--device", "cpu", "--precision", "int8", "--out", str(tmp_path / "out")]
    assert main([*arguments, "--pack", str(both.folder)]) in (0, 3)
    (found,) = (tmp_path / "out").glob("*/analysis.json")
    assert json.loads(found.read_bytes())["precision"] == "int8"
    assert main([*arguments, "--pack", str(toy_pack)]) == 2
    assert "error [PRECISION_NOT_OFFERED]" in capsys.readouterr().err
    assert main(["packs", "info", str(both.folder)]) == 0
    assert "offered with --precision int8" in capsys.readouterr().out
