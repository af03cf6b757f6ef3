"""What is known of phantoms and of real images, and what must not be."""

from __future__ import annotations

from pathlib import Path

import pytest

from training.cli import main
from training.corpus import data_sources, phantom_case, real_case, real_samples, split_phantoms
from training.data.phantom.dataset import write_phantoms
from training.data.phantom.types import PhantomFinding
from training.encoder.real import RealImage
from training.labelling.cases import Attribute, Claim


def image(source: str, *labels: str, text: str = "", view: str = "PA") -> RealImage:
    return RealImage(
        Path(f"images/{source}_1.jpg"), source, labels, view, True, f"{source}1", "CC BY 4.0", "train", text
    )


def test_a_phantom_knows_presence_absence_and_the_general_opacity() -> None:
    findings = [
        PhantomFinding("Consolidation", laterality="left", location="lower zone", severity="small"),
        PhantomFinding("Support Devices", device="pacemaker"),
    ]
    case = phantom_case("phantom/1", "train", "g", findings, "report")
    assert Claim("Lung Opacity", "left", "lower zone", "small") in case.claims
    assert Claim("Support Devices", location="pacemaker") in case.claims
    assert Attribute("Pneumothorax").holds(case) is False
    assert Attribute("Pneumonia").holds(case) is None
    assert case.normal is False
    device_only = phantom_case("phantom/2", "train", "g", findings[1:], "report")
    assert device_only.normal is True


def test_nih_labels_speak_of_presence_but_not_of_sides_or_devices() -> None:
    case = real_case(image("nih", "Effusion", "Infiltration"))
    assert Attribute("Pleural Effusion").holds(case) is True
    assert Attribute("Pleural Effusion", laterality="left").holds(case) is None
    assert Attribute("Cardiomegaly").holds(case) is False
    assert Attribute("Support Devices").holds(case) is None
    assert Attribute("Fracture", "absent").holds(case) is None
    assert case.normal is False
    only_named = real_case(image("nih", "Effusion"))
    assert Attribute("Lung Opacity").holds(only_named) is None
    assert real_case(image("nih", "Emphysema")).normal is False
    assert real_case(image("nih", "No Finding")).normal is True


def test_a_set_too_small_for_its_splits_is_not_evaluated(
    repository: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_phantoms(tmp_path / "few", 11, seed=0, size=64, progress=False)
    pack = repository / "resources" / "packs" / "demo"
    command = ["evaluate", "--pack", str(pack), "--phantoms", str(tmp_path / "few"), "--out", str(tmp_path / "out")]
    for options in ([], ["--no-random"]):
        assert main([*command, *options, "--threads", "1"]) == 2
        assert "[PHANTOM_SPLITS]" in (told := capsys.readouterr().err) and "of the split val;" in told
    assert not (tmp_path / "out").exists()
    write_phantoms(tmp_path / "enough", 12, seed=0, size=64, progress=False)
    assert len(split_phantoms(tmp_path / "enough")) == 12


@pytest.mark.parametrize("source", ["rsna", "cov", "hann"])
def test_labels_that_may_not_ship_or_are_diagnoses_say_nothing(source: str) -> None:
    case = real_case(image(source, "No Finding", text="a clinical note"))
    assert case.normal is None
    assert not case.claims
    assert not case.known
    assert case.text == ("a clinical note" if source == "cov" else "")


def test_real_images_that_may_not_ship_are_left_out(shared_data: Path) -> None:
    samples = real_samples(shared_data / "cxrtrain")
    assert {sample.case.source for sample in samples} == {"nih", "rsna", "hann", "cov"}
    assert all(sample.frontal for sample in samples)
    groups: dict[str, set[str]] = {}
    for sample in samples:
        groups.setdefault(sample.case.group, set()).add(sample.case.split)
    assert all(len(splits) == 1 for splits in groups.values())
    sources = data_sources(samples)
    assert sum(source.images for source in sources) == sum(sample.case.split != "test" for sample in samples)
    assert all(source.attribution for source in sources)
