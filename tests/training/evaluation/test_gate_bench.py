"""What the measuring of the input gate counts, and that it counts nothing a pack was made from."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from engine.dicom.files import read_radiograph
from training.cli import main
from training.data.splits import split_of_group
from training.encoder.real import read_table
from training.evaluation.gate import run
from training.evaluation.gate.alter import altered
from training.evaluation.gate.chests import Chest, chest_specimens, held_out
from training.evaluation.gate.measure import Outcome, Tally, tallies, wilson
from training.evaluation.gate.noise import KINDS, noise
from training.evaluation.gate.page import as_json, as_table, write_report
from training.evaluation.gate.run import GateOptions
from training.evaluation.gate.specimen import CHEST, Specimen, dicom, picture

COLUMNS = ("file", "source", "view", "patient_id", "group", "licence", "labels", "patient_known", "text")


def outcome(kind: str, verdict: str, code: str, *, told: bool = False) -> Outcome:
    return Outcome(Specimen(kind, "somewhere", told, False, lambda path: path), verdict, code)


OUTCOMES = [
    outcome(CHEST, "suitable", "OK"),
    outcome(CHEST, "warning", "OUT_OF_DISTRIBUTION"),
    outcome(CHEST, "refused", "NOT_A_CHEST"),
    outcome("hip", "refused", "NOT_A_CHEST"),
    outcome("hip", "unreadable", "NOT_GRAYSCALE"),
    outcome("hip", "suitable", "OK"),
    outcome("hip", "refused", "NOT_A_CHEST", told=True),
]


def test_chests_go_right_when_analysed_and_everything_else_when_refused() -> None:
    found = tallies(OUTCOMES)
    assert list(found) == [
        (CHEST, "silent", "as it is"),
        ("hip", "told", "as it is"),
        ("hip", "silent", "as it is"),
    ]
    chest, told, hip = found.values()
    assert chest == Tally(1, 1, Counter(NOT_A_CHEST=1)) and chest.right(CHEST) == 2
    assert hip == Tally(1, 0, Counter(NOT_A_CHEST=1, NOT_GRAYSCALE=1)) and hip.right("hip") == 2
    assert (told.n, told.right("hip")) == (1, 1)


def test_intervals_are_wilsons() -> None:
    # Brown, Cai and DasGupta 2001: centre (k + z²/2) / (n + z²), half width z √n / (n + z²) √(p q + z² / 4n).
    n, k, z = 40, 38, 1.959963985
    p = k / n
    centre = (k + z**2 / 2) / (n + z**2)
    half = z * n**0.5 / (n + z**2) * (p * (1 - p) + z**2 / (4 * n)) ** 0.5
    assert wilson(k, n) == pytest.approx((centre - half, centre + half))


def test_the_report_says_the_same_in_all_its_forms(tmp_path: Path) -> None:
    write_report(OUTCOMES, {"command": "the command", "pack": "demo"}, tmp_path)
    found = json.loads((tmp_path / "gate.json").read_text(encoding="utf-8"))
    assert {"ours", "peers", "ratio"} <= found.keys()
    assert found == as_json(OUTCOMES, {"command": "the command", "pack": "demo"})
    hip = found["ours"]["hip | silent | as it is"]
    assert (hip["n"], hip["passed"], hip["refused"]) == (3, 1, 2)
    assert hip["codes"] == {"NOT_A_CHEST": 1, "NOT_GRAYSCALE": 1}
    page = (tmp_path / "gate.md").read_text(encoding="utf-8")
    assert as_table(OUTCOMES) in page and "the command" in page
    assert "| hip | silent | as it is | 3 | 1 | 0 | 2 | NOT_A_CHEST 1, NOT_GRAYSCALE 1 | 66.7% [" in page
    assert (tmp_path / "gate.png").stat().st_size > 5000


def table(folder: Path, groups: list[str]) -> Path:
    """Write a table of NIH rows that may ship, one a group, and rows that may not of the same patients' numbers."""
    data = folder / "cxrtrain"
    data.mkdir()
    rows = [",".join(COLUMNS)]
    for group in groups:
        rows.append(f"images/{group}.jpg,nih,PA,{group},{group},NIH,No Finding,1,")
        rows.append(f"images/other-{group}.jpg,cxnet,L,other-{group},other-{group},,,1,")
    rows.append(f"images/linked.jpg,covrad,PA,linked,{groups[0]},,,1,")
    (data / "cxrtrain.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return folder


def test_no_patient_of_the_pack_is_measured(tmp_path: Path) -> None:
    groups = [f"p{number}" for number in range(60)]
    groups.sort(key=lambda group: split_of_group(group) == "test")
    assert split_of_group(groups[0]) != "test"
    data = table(tmp_path, groups)
    chests = held_out(data)
    trained = {image.path for image in read_table(data / "cxrtrain") if image.split != "test"}
    assert trained and not trained & {chest.path for chest in chests}
    assert {chest.path.name for chest in chests if chest.origin == "nih"} == {
        f"{group}.jpg" for group in groups if split_of_group(group) == "test"
    }
    assert sum(chest.origin == "cxnet" and not chest.frontal for chest in chests) == 60
    # The same patient's picture in a collection that was not trained on is known to the pack all the same.
    assert not any(chest.path.name == "linked.jpg" for chest in chests)


@pytest.fixture
def chest(tmp_path: Path) -> Chest:
    ramp = np.linspace(0, 1, 120, dtype=np.float32)[:, None] * np.linspace(0.5, 1, 100, dtype=np.float32)
    return Chest("nih", picture(lambda: ramp)(tmp_path / "chest"), True)


def test_a_chest_is_spoilt_in_the_files_as_it_says(chest: Chest, tmp_path: Path) -> None:
    shown: dict[str, list[np.ndarray]] = {}
    for number, specimen in enumerate(chest_specimens([chest], 4)):
        file = specimen.file(tmp_path / str(number))
        radiograph = read_radiograph(file)
        assert radiograph.is_dicom == specimen.told
        if not specimen.altered:
            shown.setdefault(specimen.kind, []).append(radiograph.display())
    image = shown[CHEST][0]
    for kind, pictures in {
        "black and white exchanged": [1 - image],
        "chest on its side": [np.rot90(image), np.rot90(image, -1)],
        "chest upside down": [np.rot90(image, 2), image[::-1]],
    }.items():
        for found, expected in zip(shown[kind], pictures, strict=True):
            np.testing.assert_allclose(found, expected, atol=1e-6)
    # DICOM without a window is shown by its own range: the order of the greys is what counts.
    for found in shown["wrong polarity tag"]:
        assert np.corrcoef(found.ravel(), image.ravel())[0, 1] < -0.99
    assert np.corrcoef(shown[CHEST][1].ravel(), image.ravel())[0, 1] > 0.99


def test_the_files_header_says_what_it_is_told_to(chest: Chest, tmp_path: Path) -> None:
    side = dicom(chest.read, "MONOCHROME2", ViewPosition="LL")(tmp_path / "side")
    assert read_radiograph(side).acquisition.view_position == "LL"


def test_altered_copies_differ_and_can_be_had_again(chest: Chest) -> None:
    copies = [altered(chest.read, seed, mirror=True)() for seed in (0, 1, 0)]
    np.testing.assert_array_equal(copies[0], copies[2])
    assert copies[0].shape != copies[1].shape or not np.array_equal(copies[0], copies[1])
    assert all(min(copy.shape) >= 90 and 0 <= copy.min() < copy.max() <= 1 for copy in copies)


@pytest.mark.parametrize("kind", KINDS)
def test_noise_fills_the_greys_and_differs_by_seed(kind: str) -> None:
    one, other = noise(kind, 0), noise(kind, 1)
    np.testing.assert_array_equal(one, noise(kind, 0))
    assert one.shape == (320, 320) and one.min() == 0.0 and one.max() == 1.0
    assert not np.array_equal(one, other)


def test_the_command_hands_on_its_options_and_prints_one_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[GateOptions] = []

    def measured(options: GateOptions, progress: object) -> list[Outcome]:
        asked.append(options)
        return OUTCOMES

    monkeypatch.setattr(run, "measure_gate", measured)
    data = table(tmp_path, ["p1"])
    command = ["bench", "gate", "--data", str(data), "--threads", "1", "--json", "--out", str(tmp_path / "out")]
    assert main(command) == 0
    assert main([*command, "--quick", "--photographs", str(tmp_path)]) == 0
    assert asked == [
        GateOptions(pack="demo", data=data, threads=1),
        GateOptions(pack="demo", data=data, photographs=tmp_path, limit=8, threads=1),
    ]
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(values["peers"] == {} and values["ratio"] is None for values in found)
    assert found[0]["settings"]["command"] == "saerad-train " + " ".join(command)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["gate.json", "gate.md", "gate.png"]


@pytest.mark.parametrize(
    ("options", "code"),
    [(["--limit", "0"], "BENCH_OPTION"), (["--photographs", "nowhere"], "NO_FOLDER"), ([], "NO_FOLDER")],
)
def test_the_command_refuses_what_it_cannot_measure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], code: str
) -> None:
    assert main(["bench", "gate", "--data", str(tmp_path), *options]) == 2
    assert f"error [{code}]" in capsys.readouterr().err
