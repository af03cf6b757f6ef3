"""What the set-up installs, without installing it."""

from __future__ import annotations

import importlib.util
import json
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

import pytest


@pytest.fixture
def bootstrap(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, with an environment that seems to be there."""
    spec = importlib.util.spec_from_file_location("bootstrap", repository / "packaging" / "bootstrap.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "VENV", tmp_path)
    python = module.venv_python()
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\n")
    python.chmod(0o755)
    return module


@pytest.fixture
def pip(bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The calls of pip, without the interpreter and options that all have."""
    called: list[list[str]] = []

    def run(command: Sequence[str], environment: Mapping[str, str] | None = None) -> int:
        assert list(command[1:3]) == ["-m", "pip"]
        skipped = {"-q", "-y", "-c", str(bootstrap.CONSTRAINTS), "--disable-pip-version-check"}
        called.append([word for word in command[3:] if word not in skipped])
        return 0

    monkeypatch.setattr(bootstrap, "run", run)
    return called


PROGRAM = ["install", "-e", ".[viewer]"]
EXCHANGE = [["uninstall", "onnxruntime", "onnxruntime-gpu"], ["install", "onnxruntime-gpu[cuda,cudnn]"]]


def test_a_gpu_gets_its_runtime_in_the_place_of_the_other_and_once(bootstrap: ModuleType, pip: list[list[str]]) -> None:
    bootstrap.environment("demo")
    assert pip == [PROGRAM]
    bootstrap.environment("demo", cuda=True)
    assert pip == [PROGRAM, PROGRAM, *EXCHANGE]
    bootstrap.environment("demo", cuda=True)
    bootstrap.environment("demo")
    assert len(pip) == 4


def test_the_gpu_is_remembered_when_all_is_installed_anew(
    bootstrap: ModuleType, pip: list[list[str]], tmp_path: Path
) -> None:
    bootstrap.environment("demo", cuda=True)
    stamp = tmp_path / "saerad-bootstrap.json"
    stamp.write_text(json.dumps(json.loads(stamp.read_text()) | {"hash": "of an older version"}))
    pip.clear()
    bootstrap.environment("demo")
    assert pip == [PROGRAM, *EXCHANGE]


def test_the_library_of_language_models_is_tried_again_until_it_is_built_and_no_test_run_fails_for_it(
    bootstrap: ModuleType, pip: list[list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    bootstrap.environment("demo")
    assert pip == [PROGRAM]
    pip.clear()
    called, wanted = (
        bootstrap.run,
        [["install", "-e", ".[cluster,dev,napari,postgres,training,viewer]"], ["install", "llama-cpp-python"]],
    )

    def fail(command: Sequence[str], environment: Mapping[str, str] | None = None) -> int:
        assert not called(command, environment)
        return int(command[-1] == "llama-cpp-python")

    monkeypatch.setattr(bootstrap, "run", fail)
    bootstrap.environment("test")
    monkeypatch.setattr(bootstrap, "run", called)
    bootstrap.environment("test")
    assert pip == [*wanted, *wanted]
    bootstrap.environment("test")
    assert len(pip) == 4


def test_no_extra_installs_a_second_runtime_and_the_one_for_gpus_is_pinned(repository: Path) -> None:
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    extras = [name for names in project["optional-dependencies"].values() for name in names]
    assert not [name for name in extras if name.startswith("onnxruntime")]
    pins = (repository / "packaging" / "constraints.txt").read_text()
    assert "\nllama_cpp_python==" in pins
    assert "\nonnxruntime==" in pins and "\nonnxruntime-gpu==" in pins
