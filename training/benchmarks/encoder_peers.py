"""The same encoder by others: transformers in PyTorch, as it is and compiled, and its plain export to ONNX."""

from __future__ import annotations

import importlib
import logging
import os
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.inference.runtime import load_session
from training.benchmarks.encoder import TORCH

Call = Callable[[], object]
OPSET = 18


def encoder_peers(folder: Path, image: Tensor, tell: Callable[[str], None]) -> tuple[dict[str, Call], list[str]]:
    """Return what runs one image by each of them, and notes on those that could not be made."""
    try:
        model = transformers_model(folder)
    except ModuleNotFoundError:
        return {}, ["transformers is not installed (the extra 'huggingface'); nothing was compared"]

    def run(network: Any) -> Call:
        def call() -> object:
            with torch.inference_mode():
                return network(image)

        return call

    calls: dict[str, Call] = {TORCH: run(model)}
    notes = []
    for name, make in (("torch.compile", _compiled), ("plain export, onnxruntime", _exported)):
        tell(name)
        try:
            calls[name] = make(model, image, run)
        except (
            Exception
        ) as error:  # whatever a compiler or an exporter raises is a note, not the end of the measurement
            notes.append(f"{name} could not be made: {type(error).__name__}: {str(error).splitlines()[0][:150]}")
    return calls, notes


def transformers_model(folder: Path) -> Any:
    """Return ``Dinov2Model`` of a local folder, quietly."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        library = importlib.import_module("transformers")
        library.utils.logging.disable_progress_bar()
        library.utils.logging.set_verbosity_error()
        return library.Dinov2Model.from_pretrained(folder, dtype=torch.float32, local_files_only=True).eval()


def _compiled(model: Any, image: Tensor, run: Callable[[Any], Call]) -> Call:
    if shutil.which("g++") is None and shutil.which("clang++") is None:
        raise RuntimeError("there is no C++ compiler")
    call = run(torch.compile(model))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        call()
    return call


def _exported(model: Any, image: Tensor, run: Callable[[Any], Call]) -> Call:
    """Export as PyTorch's exporter does without advice; the options are the engine's: only the graph differs."""

    class Rows(torch.nn.Module):
        """Without the model's own container of outputs, which the exporter does not know."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, pixel_values: Tensor) -> Tensor:
            rows: Tensor = self.model(pixel_values).last_hidden_state
            return rows

    # It logs that libraries for other models are missing.
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.onnx.export(Rows(), (image,), opset_version=OPSET, dynamo=True, verbose=False)
    assert program is not None
    session, _ = load_session(program.model_proto.SerializeToString(), "plain export", "cpu", torch.get_num_threads())
    name, pixels = session.get_inputs()[0].name, image.numpy()
    return lambda: session.run(None, {name: pixels})
