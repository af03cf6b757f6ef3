import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import onnx
import pytest

from engine.errors import PackError
from engine.pack.library import load_pack
from engine.pack.manifest import Manifest
from engine.pack.verify import verify_pack
from tests.engine.toy_pack import write_manifest


@pytest.fixture
def pack(toy_pack: Path, tmp_path: Path) -> Path:
    """A copy that a test may spoil."""
    return Path(shutil.copytree(toy_pack, tmp_path / "pack"))


def code_of(folder: Path) -> str:
    with pytest.raises(PackError) as caught:
        verify_pack(folder)
    assert caught.value.hint
    return caught.value.code


def edit(pack: Path, change: Callable[[dict[str, Any]], None]) -> None:
    content = json.loads((pack / "pack.json").read_text(encoding="utf-8"))
    change(content)
    (pack / "pack.json").write_text(json.dumps(content), encoding="utf-8")


def test_a_sound_pack_gives_its_manifest(pack: Path) -> None:
    manifest = verify_pack(pack)
    assert (manifest.name, manifest.sae.n_features, manifest.encoder.patch_rows) == ("toy", 40, 8)


def test_no_folder_and_no_manifest(tmp_path: Path) -> None:
    assert code_of(tmp_path / "nowhere") == "PACK_MISSING"
    assert code_of(tmp_path) == "PACK_MISSING"


@pytest.mark.parametrize("name", ["encoder.onnx", "sae.safetensors", "features.sqlite", "LICENSE", "MODEL_CARD.md"])
def test_one_changed_byte_is_found(pack: Path, name: str) -> None:
    content = bytearray((pack / name).read_bytes())
    content[len(content) // 2] ^= 1
    (pack / name).write_bytes(bytes(content))
    assert code_of(pack) == "PACK_CHANGED"


def test_a_longer_and_a_shorter_file_are_found(pack: Path) -> None:
    licence = (pack / "LICENSE").read_bytes()
    for content in (licence + b"x", licence[:-1]):
        (pack / "LICENSE").write_bytes(content)
        assert code_of(pack) == "PACK_CHANGED"


def test_a_missing_file_is_found(pack: Path) -> None:
    (pack / "tail.safetensors").unlink()
    assert code_of(pack) == "PACK_FILE_MISSING"


def test_a_file_that_must_be_listed_is_not(pack: Path) -> None:
    (pack / "tail.safetensors").unlink()
    edit(pack, lambda content: content["files"].pop("tail.safetensors"))
    assert code_of(pack) == "PACK_FILE_MISSING"


def test_a_file_that_nobody_listed_is_found(pack: Path) -> None:
    (pack / "extra.pkl").write_bytes(b"x")
    assert code_of(pack) == "PACK_UNSAFE"


@pytest.mark.parametrize("name", ["../evil.onnx", "/etc/passwd", "run.py", "pack.json", "encoder.onnx.data"])
def test_names_that_a_pack_may_not_have(pack: Path, name: str) -> None:
    edit(pack, lambda content: content["files"].update({name: {"sha256": "0" * 64, "size": 1}}))
    assert code_of(pack) == "PACK_UNSAFE"


def test_a_link_is_refused(pack: Path, tmp_path: Path) -> None:
    outside = tmp_path / "LICENSE"
    outside.write_bytes((pack / "LICENSE").read_bytes())
    (pack / "LICENSE").unlink()
    (pack / "LICENSE").symlink_to(outside)
    assert code_of(pack) == "PACK_UNSAFE"


BIN = {
    "low": 0.3,
    "high": 0.4,
    "images": 3,
    "positives": 1,
    "stated": 0.35,
    "observed": 1 / 3,
    "observed_low": 0.06,
    "observed_high": 0.79,
}


def test_bins_of_reliability_are_read(pack: Path) -> None:
    edit(pack, lambda c: c["calibration"]["readouts"][1].update(reliability=[BIN]))
    (one,) = verify_pack(pack).calibration.readouts[1].reliability
    assert one.model_dump() == BIN


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.update(schema_version=2),
        lambda c: c.pop("schema_version"),
        lambda c: c.update(surprise=1),
        lambda c: c.update(name="../x"),
        lambda c: c["encoder"].update(d_model=17),
        lambda c: c["encoder"].update(n_heads=3),
        lambda c: c["encoder"].update(std=[0.0, 1.0, 1.0]),
        lambda c: c["encoder"].update(intensity_percentiles=[99.0, 1.0]),
        lambda c: c["calibration"]["readouts"].pop(3),
        lambda c: c["calibration"]["readouts"].append(c["calibration"]["readouts"][0]),
        lambda c: c["calibration"]["readouts"][0].update(weights=[1.0]),
        lambda c: c["calibration"]["readouts"][1].update(feature_ids=[40], weights=[1.0]),
        lambda c: c["calibration"]["readouts"][1].update(bias=float("nan")),
        lambda c: c["calibration"]["readouts"][1].update(reliability=[dict(BIN, positives=4)]),
        lambda c: c["calibration"]["readouts"][1].update(reliability=[dict(BIN, observed=0.9)]),
    ],
)
def test_manifests_that_cannot_be_right(pack: Path, change: Callable[[dict[str, Any]], None]) -> None:
    edit(pack, change)
    assert code_of(pack) == "PACK_SCHEMA"


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "\x00"])
def test_manifests_that_are_not_json(pack: Path, text: str) -> None:
    (pack / "pack.json").write_text(text, encoding="utf-8")
    assert code_of(pack) == "PACK_SCHEMA"


def test_rightly_hashed_external_data_is_refused(pack: Path) -> None:
    model = onnx.load_model(pack / "encoder.onnx")
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")
    (pack / "encoder.onnx").write_bytes(model.SerializeToString())
    write_manifest(pack, Manifest.model_validate_json((pack / "pack.json").read_bytes()))
    assert code_of(pack) == "PACK_UNSAFE"


def test_a_file_changed_after_loading_is_not_run(pack: Path) -> None:
    opened = load_pack(pack)
    content = bytearray((pack / "encoder.onnx").read_bytes())
    content[-1] ^= 1
    (pack / "encoder.onnx").write_bytes(bytes(content))
    with pytest.raises(PackError) as caught:
        _ = opened.encoder_bytes
    assert caught.value.code == "PACK_CHANGED"
