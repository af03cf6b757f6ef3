"""What devices compile is kept on disk, and used again only as it was left. No such device is needed here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime as ort
import pytest

from engine.inference import providers, runtime
from engine.inference.compiled import SEAL, cache_folder, cache_options, open_compiled
from engine.inference.devices import DEVICES
from engine.inference.session import ModelSession
from engine.pack.library import load_pack

TRT, OPENVINO, COREML = (DEVICES[name][0] for name in ("tensorrt", "openvino", "coreml"))
GRAPH = {"sha256": "0" * 64, "outputs": "class_token", "precision": "fp32", "tensorrt": "101000"}


def test_the_options_of_each_provider() -> None:
    folder = Path("somewhere")
    assert cache_options(TRT, folder) == {
        "trt_engine_cache_enable": "1",
        "trt_engine_cache_path": "somewhere",
        "trt_timing_cache_enable": "1",
        "trt_timing_cache_path": "somewhere",
    }
    assert cache_options(OPENVINO, folder) == {"cache_dir": "somewhere"}
    assert cache_options(COREML, folder, "1.21.0") == {"ModelCacheDirectory": "somewhere"}
    assert cache_options(COREML, folder, "1.20.1") == {}
    for name in ("cpu", "cuda", "directml"):
        assert cache_options(DEVICES[name][0], folder) == {} and open_compiled(DEVICES[name][0], GRAPH, folder) is None


def test_what_was_left_is_there_again_and_anything_else_has_another_folder(tmp_path: Path) -> None:
    first = open_compiled(TRT, GRAPH, tmp_path)
    assert first is not None and first.options["trt_engine_cache_path"] == str(first.folder)
    (first.folder / "a.engine").write_bytes(b"engine")
    (first.folder / "below").mkdir()
    (first.folder / "below" / "b.timing").write_bytes(b"times")
    first.seal()
    again = open_compiled(TRT, GRAPH, tmp_path)
    assert again is not None and again.folder == first.folder and again.warning == ""
    assert (again.folder / "a.engine").read_bytes() == b"engine"
    others = [open_compiled(TRT, {**GRAPH, name: "1" * 64}, tmp_path) for name in GRAPH]
    others.append(open_compiled(OPENVINO, GRAPH, tmp_path))
    folders = {other.folder for other in others if other is not None} | {first.folder}
    assert len(folders) == len(GRAPH) + 2


def test_another_runtime_has_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = open_compiled(TRT, GRAPH, tmp_path)
    monkeypatch.setattr(ort, "__version__", "0.0.1")
    other = open_compiled(TRT, GRAPH, tmp_path)
    assert one is not None and other is not None and one.folder != other.folder


@pytest.mark.parametrize("how", ["changed", "more", "less", "link", "no seal", "spoilt seal"])
def test_what_is_not_as_it_was_left_is_thrown_away(tmp_path: Path, how: str) -> None:
    kept = open_compiled(TRT, GRAPH, tmp_path / "cache")
    assert kept is not None
    for name in ("a.engine", "b.timing"):
        (kept.folder / name).write_bytes(b"compiled")
    kept.seal()
    if how == "changed":
        (kept.folder / "a.engine").write_bytes(b"Compiled")
    elif how == "more":
        (kept.folder / "c.engine").write_bytes(b"")
    elif how == "less":
        (kept.folder / "b.timing").unlink()
    elif how == "link":
        (tmp_path / "outside").write_bytes(b"compiled")
        (kept.folder / "a.engine").unlink()
        (kept.folder / "a.engine").symlink_to(tmp_path / "outside")
    elif how == "no seal":
        (kept.folder / SEAL).unlink()
    else:
        (kept.folder / SEAL).write_text("{", encoding="utf-8")
    again = open_compiled(TRT, GRAPH, tmp_path / "cache")
    assert again is not None and again.options and list(again.folder.iterdir()) == []
    assert how != "link" or (tmp_path / "outside").exists()


def test_it_is_sealed_again_only_when_something_was_compiled(tmp_path: Path) -> None:
    kept = open_compiled(OPENVINO, GRAPH, tmp_path)
    assert kept is not None
    kept.seal()
    assert not (kept.folder / SEAL).exists()
    (kept.folder / "one.blob").write_bytes(b"1")
    kept.seal()
    (kept.folder / SEAL).write_text("untouched", encoding="utf-8")
    kept.seal()
    assert (kept.folder / SEAL).read_text(encoding="utf-8") == "untouched"
    (kept.folder / "two.blob").write_bytes(b"2")
    kept.seal()
    assert set(json.loads((kept.folder / SEAL).read_bytes())) == {"one.blob", "two.blob"}


def test_a_folder_that_cannot_be_made_costs_the_cache_and_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    kept = open_compiled(TRT, GRAPH, tmp_path / "file")
    assert kept is not None and kept.options == {} and str(tmp_path / "file") in kept.warning
    kept.seal()


def test_a_session_gives_the_device_its_folder_and_seals_what_it_left(
    toy_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """OpenVINO played by the CPU: the options reach the runtime, the second start finds the first one's files."""
    monkeypatch.setenv("SAERAD_CACHE_DIR", str(tmp_path))
    monkeypatch.setattr(providers.ort, "get_available_providers", lambda: [OPENVINO, DEVICES["cpu"][0]])
    real, asked, found = ort.InferenceSession, list[dict[str, str]](), list[int]()
    refuse = False

    class Played:
        def __init__(self, content: Any, options: Any, providers: Any, **_: Any) -> None:
            self._real, self._device = real(content, options, providers=[DEVICES["cpu"][0]]), providers[0][0]
            self._cache = Path(providers[0][1].get("cache_dir", ""))
            if self._device == OPENVINO:
                asked.append(providers[0][1])
                found.append(len(list(self._cache.glob("*.blob"))))
                if found[-1] and refuse:
                    raise RuntimeError("this blob is of another driver")

        def get_providers(self) -> list[str]:
            return [self._device, DEVICES["cpu"][0]]

        def run(self, names: Any, inputs: Any) -> Any:
            if self._device == OPENVINO:
                (self._cache / f"{len(inputs['pixel_values'])}.blob").write_bytes(b"compiled")
            return self._real.run(names, inputs)

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

    monkeypatch.setattr(runtime.ort, "InferenceSession", Played)
    pack = load_pack(toy_pack)
    pixels = np.zeros((1, 3, pack.manifest.encoder.input_height, pack.manifest.encoder.input_width), dtype=np.float32)
    for _ in range(2):
        opened = ModelSession(pack, "openvino")
        assert opened.provider == OPENVINO and opened.warnings == ()
        opened.encode(pixels)
    assert asked[0] == asked[1] and Path(asked[0]["cache_dir"]).parent == cache_folder()
    assert found == [0, 1]
    refuse = True
    opened = ModelSession(pack, "openvino")
    assert (opened.provider, opened.warnings, found) == (OPENVINO, (), [0, 1, 1, 0])
