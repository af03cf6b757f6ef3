"""What `saerad doctor` says of devices, on machines that this one is not."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import onnxruntime as ort
import pytest

from engine.cli.main import main
from engine.inference import gpu
from engine.inference.device_report import BUILDS, DeviceState, Machine, device_states, more_than_one, this_machine
from engine.inference.devices import DEVICES

CPU, CUDA, TRT = "CPUExecutionProvider", "CUDAExecutionProvider", "TensorrtExecutionProvider"
OPENVINO, DML, COREML = "OpenVINOExecutionProvider", "DmlExecutionProvider", "CoreMLExecutionProvider"
PLAIN = Machine("linux", "onnxruntime 1.32.0", ("onnxruntime",), (CPU,))
GPU = Machine("linux", "onnxruntime-gpu 1.31.1", ("onnxruntime-gpu",), (TRT, CUDA, CPU))
NO_GPU = "no NVIDIA GPU is seen: its driver is not installed"


def state(machine: Machine, device: str, used: tuple[str, ...] = (CPU,), failed: str = "") -> DeviceState:
    (found,) = [found for found in device_states(machine, used, failed) if found.device == device]
    return found


def test_every_device_but_the_processor_has_a_line() -> None:
    assert [found.device for found in device_states(PLAIN, (CPU,))] == [name for name in DEVICES if name != "cpu"]


@pytest.mark.parametrize(
    ("device", "package"),
    [("cuda", "'onnxruntime-gpu[cuda,cudnn]'"), ("openvino", "onnxruntime-openvino")],
)
def test_a_provider_that_was_not_built_in_names_the_package_that_has_it(device: str, package: str) -> None:
    found = state(PLAIN, device)
    assert (found.state, found.why) == ("not available", "not in this onnxruntime (onnxruntime 1.32.0)")
    assert found.install == f"pip uninstall -y onnxruntime && pip install {package}"


def test_directml_is_for_windows_and_coreml_for_macos() -> None:
    assert state(PLAIN, "directml") == DeviceState("directml", "not available", "Windows only", "")
    assert state(PLAIN, "coreml").why == "macOS only"
    windows = replace(PLAIN, system="win32")
    assert state(windows, "directml").install == "pip uninstall -y onnxruntime && pip install onnxruntime-directml"
    assert state(replace(windows, providers=(DML, CPU)), "directml", (DML,)).state == "used"
    assert state(replace(PLAIN, system="darwin", providers=(COREML, CPU)), "coreml", (COREML,)).state == "used"
    assert state(replace(PLAIN, system="darwin"), "cuda") == DeviceState(
        "cuda", "not available", "Linux and Windows only", ""
    )


def test_the_driver_comes_before_the_package() -> None:
    found = state(replace(PLAIN, nvidia=NO_GPU), "cuda")
    assert found.why == f"not in this onnxruntime (onnxruntime 1.32.0); {NO_GPU}"
    assert found.install.startswith("the NVIDIA driver; pip uninstall")
    found = state(replace(GPU, nvidia=NO_GPU), "cuda")
    assert (found.state, found.why, found.install) == ("not available", NO_GPU, "the NVIDIA driver")


def test_a_missing_library_is_named() -> None:
    missing = "libcublasLt.so.13: cannot open shared object file"
    machine = replace(GPU, libraries={CUDA: missing, TRT: "libnvinfer.so.10: cannot open shared object file"})
    found = state(machine, "cuda")
    assert (found.state, found.why) == ("not available", f"a library is missing: {missing}")
    assert found.install == "pip install 'onnxruntime-gpu[cuda,cudnn]'"
    assert "TensorRT 10" in state(machine, "tensorrt").install
    assert NO_GPU in state(replace(machine, nvidia=NO_GPU), "cuda").why


def test_used_available_and_refused_by_the_runtime() -> None:
    assert state(GPU, "cuda", (CUDA,)) == DeviceState("cuda", "used", "", "")
    assert state(GPU, "cuda", ()) == DeviceState("cuda", "available", "", "")
    assert "--device tensorrt" in state(GPU, "tensorrt", (CUDA,)).why
    refused = state(GPU, "cuda", (CPU,), failed="cuda")
    assert refused.state == "not available" and "could not start it" in refused.why


def test_two_builds_at_once_are_told() -> None:
    assert more_than_one(PLAIN) == "" and more_than_one(replace(PLAIN, installed=())) == ""
    both = more_than_one(replace(GPU, installed=("onnxruntime", "onnxruntime-gpu")))
    assert "pip uninstall -y onnxruntime onnxruntime-gpu" in both and "onnxruntime-gpu 1.31.1 is in use" in both


def test_this_machine_is_looked_at() -> None:
    machine = this_machine()
    assert machine.system == sys.platform and machine.build.endswith(ort.__version__)
    assert set(machine.installed) <= set(BUILDS) and machine.providers == tuple(ort.get_available_providers())


def test_a_library_that_does_not_load_is_explained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if sys.platform != "linux":
        pytest.skip("libraries have other names there")
    (tmp_path / "capi").mkdir()
    monkeypatch.setattr(ort, "__file__", str(tmp_path / "__init__.py"))
    assert gpu.library_problem(CUDA) == ""
    (tmp_path / "capi" / "libonnxruntime_providers_cuda.so").write_bytes(b"not a library")
    assert "libonnxruntime_providers_cuda.so" in gpu.library_problem(CUDA)


def test_doctor_says_it_in_both_forms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("SAERAD_DATA_DIR", str(tmp_path))
    main(["doctor", "--device", "cpu", "--json"])
    report = json.loads(capsys.readouterr().out)
    assert [found["device"] for found in report["devices"]] == [name for name in DEVICES if name != "cpu"]
    assert all(set(found) == {"device", "state", "why", "install"} for found in report["devices"])
    main(["doctor", "--device", "cpu"])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("device ")]
    for found, line in zip(report["devices"], lines, strict=True):
        assert line.split(maxsplit=1)[1].startswith(f"{found['device']} {found['state']}")
        assert found["why"] in line and found["install"] in line


def test_a_driver_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "_DRIVER", "libnothing.so.1")
    assert gpu.nvidia_problem().startswith("no NVIDIA GPU is seen: its driver is not installed (libnothing.so.1")


@pytest.mark.skipif(TRT not in ort.get_available_providers(), reason="onnxruntime has no TensorRT here")
def test_a_fallback_prints_nothing_where_machines_read(repository: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from engine.cli.doctor import run; run(['--device', 'tensorrt', '--json'])"],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout)["devices"]
