"""An analysis names the exact content of its pack, which name and version do not."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import pytest

from engine.errors import PackError
from engine.inference.analyzer import Analyzer
from engine.pack.library import load_pack
from engine.pack.manifest import Manifest
from tests.engine.pictures import radiograph
from tests.engine.toy_pack import write_manifest


def rebuilt(pack: Path, target: Path) -> Path:
    """The same name and version with another model card."""
    shutil.copytree(pack, target)
    (target / "MODEL_CARD.md").write_text("another text", encoding="utf-8")
    write_manifest(target, Manifest.model_validate_json((target / "pack.json").read_bytes()))
    return target


def test_an_analysis_carries_the_hash_of_the_manifest_also_when_refused(toy_pack: Path) -> None:
    expected = hashlib.sha256((toy_pack / "pack.json").read_bytes()).hexdigest()
    analyzer = Analyzer(load_pack(toy_pack), "cpu")
    assert analyzer.analyse(radiograph()).pack_sha256 == expected
    refused = analyzer.analyse(radiograph(modality="CT"))
    assert refused.gate.verdict == "refused" and refused.pack_sha256 == expected


def test_a_rebuilt_pack_of_the_same_name_and_version_has_another_hash(toy_pack: Path, tmp_path: Path) -> None:
    first, second = load_pack(toy_pack), load_pack(rebuilt(toy_pack, tmp_path / "pack"))
    assert (first.manifest.name, first.manifest.version) == (second.manifest.name, second.manifest.version)
    assert first.sha256 != second.sha256


@pytest.mark.parametrize("damage", ["replaced", "damaged", "removed"])
def test_a_manifest_that_changed_after_it_was_verified_is_refused(toy_pack: Path, tmp_path: Path, damage: str) -> None:
    pack = load_pack(Path(shutil.copytree(toy_pack, tmp_path / "pack")))
    path = pack.folder / "pack.json"
    if damage == "replaced":
        path.write_bytes((rebuilt(toy_pack, tmp_path / "other") / "pack.json").read_bytes())
    elif damage == "damaged":
        path.write_text("{", encoding="utf-8")
    else:
        path.unlink()
    with pytest.raises(PackError) as caught:
        Analyzer(pack, "cpu")
    assert caught.value.code == "PACK_CHANGED"
