import os

import onnxruntime as ort
import pytest

from engine.errors import UsageError
from engine.inference.devices import DEVICE_NAMES, usable_cores
from engine.inference.gpu import load_nvidia_libraries
from engine.inference.providers import choose_providers

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
TRT, OPENVINO, DML = "TensorrtExecutionProvider", "OpenVINOExecutionProvider", "DmlExecutionProvider"


@pytest.mark.parametrize(
    ("device", "available", "order", "warns"),
    [
        ("auto", [CPU], [CPU], False),
        ("auto", [TRT, CUDA, CPU], [CUDA, CPU], False),
        ("auto", [OPENVINO, CPU], [CPU], False),
        ("auto", [DML, CPU], [DML, CPU], False),
        ("cpu", [CUDA, CPU], [CPU], False),
        ("cuda", [CUDA, CPU], [CUDA, CPU], False),
        ("cuda", [CPU], [CPU], True),
        ("tensorrt", [TRT, CUDA, CPU], [TRT, CUDA, CPU], False),
        ("tensorrt", [TRT, CPU], [TRT, CPU], False),
        ("openvino", [CPU], [CPU], True),
    ],
)
def test_the_order_and_the_warning(device: str, available: list[str], order: list[str], warns: bool) -> None:
    choice = choose_providers(device, available)
    assert [name for name, _ in choice.providers] == order
    assert choice.first == order[0]
    assert bool(choice.warning) == warns


def test_cuda_does_not_round_to_tf32() -> None:
    assert choose_providers("cuda", [CUDA, CPU]).providers[0][1]["use_tf32"] == "0"


def test_tensorrt_does_not_round_to_tf32(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has no option for that; its libraries read the environment, so it must be set before they are loaded."""
    seen: list[str] = []
    monkeypatch.setenv("NVIDIA_TF32_OVERRIDE", "1")
    monkeypatch.setattr(ort, "preload_dlls", lambda: seen.append(os.environ["NVIDIA_TF32_OVERRIDE"]), raising=False)
    load_nvidia_libraries.cache_clear()
    load_nvidia_libraries()
    assert seen == ["0"]


def test_an_unknown_device() -> None:
    with pytest.raises(UsageError) as caught:
        choose_providers("gpu")
    assert caught.value.exit_status == 2
    assert all(name in caught.value.hint for name in DEVICE_NAMES)


def test_cores_follow_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert usable_cores() == 1
    monkeypatch.setenv("OMP_NUM_THREADS", "nonsense")
    assert usable_cores() >= 1
