"""A toy pack with a precision profile, whose graph is another encoder: what ran shows in the numbers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from engine.pack.manifest import Manifest
from engine.pack.precision import PROFILE_FILES, PrecisionProfile
from tests.engine.toy_pack import write_manifest
from tests.engine.toy_vit import ToyVit, encoder_onnx, make_toy_vit

CHANGE: dict[str, Any] = {
    "radiographs": 20,
    "cosine_least": 0.999,
    "cosine_mean": 0.9999,
    "jaccard_least": 0.9,
    "jaccard_mean": 0.99,
    "features_added": 1,
    "features_lost": 2,
    "drafts": 20,
    "drafts_unchanged": 0.9,
    "sentences_added": 1,
    "sentences_lost": 1,
    "polarity_changed": 0,
}
"""Just within the bound."""


def other_vit() -> ToyVit:
    """The toy encoder with another first block; the last one, from which maps are computed, is the same."""
    other = make_toy_vit(11)
    return ToyVit({name: (other if "block0" in name else make_toy_vit())[name] for name in other.weights})


def profile(name: str, bound: dict[str, Any] | None = None, **change: Any) -> PrecisionProfile:
    """A profile within the bound, but for what is named."""
    return PrecisionProfile.model_validate(
        {
            "precision": name,
            "method": "another encoder",
            "calibration_radiographs": 4,
            "kept": (),
            "bound": bound or {},
            "change": CHANGE | change,
        }
    )


def with_profile(pack: Path, folder: Path, *profiles: PrecisionProfile) -> Path:
    """Copy a toy pack and add profiles."""
    shutil.copytree(pack, folder)
    for one in profiles:
        (folder / PROFILE_FILES[one.precision]).write_bytes(encoder_onnx(other_vit()))
    manifest = Manifest.model_validate_json((folder / "pack.json").read_bytes())
    write_manifest(folder, manifest.model_copy(update={"profiles": profiles}))
    return folder
