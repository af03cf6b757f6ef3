"""What a manifest may say of precision profiles, and which of them this program offers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine.errors import PackError
from engine.pack.library import load_pack
from engine.pack.manifest import Manifest
from engine.pack.precision import Bound, Change, beyond, refusal
from tests.engine.precision import CHANGE, profile, with_profile


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({}, ""),
        ({"radiographs": 19}, "measured on 19 radiographs"),
        ({"cosine_least": 0.99899}, "cosine"),
        ({"drafts_unchanged": 0.89}, "drafts are unchanged"),
        ({"drafts": 0}, "of 0 drafts"),
        ({"polarity_changed": 1}, "present to absent"),
    ],
)
def test_each_figure_has_a_bound(changed: dict[str, Any], reason: str) -> None:
    found = beyond(Change.model_validate(CHANGE | changed), Bound())
    assert reason in found and bool(found) == bool(reason)


def test_a_maker_may_ask_for_more_but_not_allow_more() -> None:
    assert refusal(profile("int8")) == ""
    assert "cosine" in refusal(profile("int8", bound={"cosine": 0.99999}))
    assert "cosine" in refusal(profile("int8", bound={"cosine": 0.9}, cosine_least=0.95))


def test_a_pack_without_profiles_is_what_it_was_before_there_were_any(toy_pack: Path) -> None:
    content = json.loads((toy_pack / "pack.json").read_bytes())
    assert "profiles" not in content
    assert load_pack(toy_pack).manifest.model_dump(mode="json") == content


def test_a_pack_with_a_profile_is_read_back(toy_pack: Path, tmp_path: Path) -> None:
    pack = load_pack(with_profile(toy_pack, tmp_path / "pack", profile("int8")))
    assert pack.manifest.profiles == (profile("int8"),)
    assert pack.profile_bytes("int8") == (pack.folder / "encoder.int8.onnx").read_bytes() != pack.encoder_bytes


@pytest.mark.parametrize(
    ("profiles", "problem"),
    [
        ([], "no profile for encoder.int8.onnx"),
        (["int8", "fp16"], "no file encoder.fp16.onnx"),
        (["int8", "int8"], "two profiles encoder.int8.onnx"),
    ],
)
def test_profiles_and_files_that_contradict_each_other(
    profiles: list[str], problem: str, toy_pack: Path, tmp_path: Path
) -> None:
    folder = with_profile(toy_pack, tmp_path / "pack", profile("int8"))
    manifest = Manifest.model_validate_json((folder / "pack.json").read_bytes())
    changed = manifest.model_copy(update={"profiles": tuple(profile(name) for name in profiles)})
    (folder / "pack.json").write_text(changed.model_dump_json(), encoding="utf-8")
    with pytest.raises(PackError) as caught:
        load_pack(folder)
    assert caught.value.code == "PACK_SCHEMA" and problem in caught.value.message


def test_a_changed_graph_is_found(toy_pack: Path, tmp_path: Path) -> None:
    folder = with_profile(toy_pack, tmp_path / "pack", profile("int8"))
    (folder / "encoder.int8.onnx").write_bytes((folder / "encoder.onnx").read_bytes())
    with pytest.raises(PackError) as caught:
        load_pack(folder)
    assert caught.value.code == "PACK_CHANGED"
