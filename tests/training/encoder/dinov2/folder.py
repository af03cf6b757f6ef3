"""Folders of DINOv2 encoders as transformers writes them, with random weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

PREPROCESSOR: dict[str, Any] = {
    "crop_size": {"height": 518, "width": 518},
    "do_center_crop": True,
    "do_convert_rgb": True,
    "do_normalize": True,
    "do_rescale": True,
    "do_resize": True,
    "image_mean": [0.5307, 0.5307, 0.5307],
    "image_processor_type": "BitImageProcessor",
    "image_std": [0.2583, 0.2583, 0.2583],
    "resample": 3,
    "rescale_factor": 0.00392156862745098,
    "size": {"shortest_edge": 518},
}
"""RAD-DINO's."""
SMALL = {"hidden_size": 48, "num_hidden_layers": 3, "num_attention_heads": 4, "image_size": 70}
"""RAD-DINO's configuration but for these sizes."""


def preprocessor(crop: int, edge: int) -> dict[str, Any]:
    return PREPROCESSOR | {"crop_size": {"height": crop, "width": crop}, "size": {"shortest_edge": edge}}


def write_folder(
    folder: Path,
    sizes: dict[str, Any],
    *,
    crop: int,
    edge: int | None = None,
    outliers: bool = False,
    sharp: bool = False,
    seed: int = 0,
) -> Path:
    """Write an encoder with weights that mix its tokens.

    `outliers` makes a few channels of the residual stream dominate, as training does; `sharp` makes its attention so
    sharp that it magnifies rounding.
    """
    transformers = pytest.importorskip("transformers")
    import torch

    generator = torch.Generator().manual_seed(seed)
    model = transformers.Dinov2Model(transformers.Dinov2Config(**{"image_size": 518, "patch_size": 14, **sizes}))
    with torch.no_grad():
        for name, value in model.named_parameters():
            if "lambda1" in name:
                value.uniform_(0.05, 1.0, generator=generator)
            elif "norm" in name:
                value.normal_(1.0 if name.endswith("weight") else 0.0, 0.2, generator=generator)
            elif name.endswith("bias"):
                value.normal_(0.0, 0.1, generator=generator)
            elif value.dim() == 2:
                value.normal_(0.0, value.shape[1] ** -0.5, generator=generator)
            if outliers and name.endswith(("layer_scale2.lambda1", "fc2.bias")):
                value[5::37] *= 30.0
            if sharp and name.endswith("norm1.weight"):
                value.mul_(3.0)
    model.save_pretrained(folder)
    (folder / "preprocessor_config.json").write_text(json.dumps(preprocessor(crop, edge or crop)), encoding="utf-8")
    (folder / "LICENSE").write_text("Test Licence 1.0\n\nDo what you like.\n", encoding="utf-8")
    return folder


def change_json(path: Path, **fields: Any) -> None:
    """Change fields of a JSON file; None takes a field away."""
    content = json.loads(path.read_text(encoding="utf-8")) | fields
    path.write_text(json.dumps({k: v for k, v in content.items() if v is not None}), encoding="utf-8")
