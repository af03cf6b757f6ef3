import shutil
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from engine.errors import PackError, UsageError
from engine.pack.install import install_pack, remove_pack
from engine.pack.library import list_packs, load_pack, version_key
from engine.pack.manifest import Manifest
from tests.engine.toy_pack import build_toy_pack, write_manifest


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAERAD_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("SAERAD_CACHE_DIR", str(tmp_path / "cache"))


def zipped(pack: Path, archive: Path, prefix: str = "", extra: dict[str, bytes] | None = None) -> Path:
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as stream:
        for path in sorted(pack.iterdir()):
            stream.write(path, prefix + path.name)
        for name, content in (extra or {}).items():
            stream.writestr(name, content)
    return archive


def code_of(path: Path | str) -> str:
    with pytest.raises(PackError) as caught:
        load_pack(path)
    assert caught.value.hint
    return caught.value.code


def test_rows_are_those_of_the_file(toy_pack: Path) -> None:
    whole = load_file(toy_pack / "sae.safetensors")
    rows = load_pack(toy_pack).sae.rows([39, 0, 7])
    for name in ("w_enc", "w_dec", "b_enc", "threshold"):
        assert np.array_equal(getattr(rows, name), whole[name][[39, 0, 7]])
    assert np.array_equal(rows.b_dec, whole["b_dec"])
    assert load_pack(toy_pack).sae.rows([]).w_enc.shape == (0, 16)


def test_arrays_of_another_shape_are_refused(toy_pack: Path, tmp_path: Path) -> None:
    pack = Path(shutil.copytree(toy_pack, tmp_path / "p"))
    arrays = load_file(pack / "tail.safetensors")
    save_file(arrays | {"w_o": np.ascontiguousarray(arrays["w_o"][:3])}, pack / "tail.safetensors")
    write_manifest(pack, Manifest.model_validate_json((pack / "pack.json").read_bytes()))
    with pytest.raises(PackError) as caught:
        _ = load_pack(pack).tail
    assert caught.value.code == "PACK_ARRAYS"


@pytest.mark.parametrize("prefix", ["", "toy/"])
def test_an_archive_opens_like_its_folder(toy_pack: Path, tmp_path: Path, prefix: str) -> None:
    archive = zipped(toy_pack, tmp_path / "toy.saepack", prefix)
    first = load_pack(archive)
    assert first.manifest == load_pack(toy_pack).manifest
    assert load_pack(archive).folder == first.folder
    assert first.folder.is_relative_to(tmp_path / "cache")


@pytest.mark.parametrize("name", ["../evil", "/etc/evil", "a/b/LICENSE", "toy/../../LICENSE", "run.py", "..\\LICENSE"])
def test_archives_with_foreign_members_are_refused(toy_pack: Path, tmp_path: Path, name: str) -> None:
    archive = zipped(toy_pack, tmp_path / "toy.saepack", extra={name: b"x"})
    assert code_of(archive) == "PACK_UNSAFE"
    assert not (tmp_path / "evil").exists()
    assert not list((tmp_path / "cache").rglob("*.onnx"))


def test_a_link_in_an_archive_is_refused(toy_pack: Path, tmp_path: Path) -> None:
    archive = tmp_path / "toy.saepack"
    with zipfile.ZipFile(archive, "w") as stream:
        for path in sorted(toy_pack.iterdir()):
            info = zipfile.ZipInfo(path.name)
            info.external_attr = ((stat.S_IFLNK if path.name == "LICENSE" else stat.S_IFREG) | 0o644) << 16
            stream.writestr(info, path.read_bytes())
    assert code_of(archive) == "PACK_UNSAFE"


def test_a_bomb_is_refused_before_it_is_written(toy_pack: Path, tmp_path: Path) -> None:
    pack = Path(shutil.copytree(toy_pack, tmp_path / "p"))
    (pack / "NOTICE").write_bytes(bytes(50 * 2**20))
    assert code_of(zipped(pack, tmp_path / "bomb.saepack")) == "PACK_UNSAFE"
    assert not list((tmp_path / "cache").rglob("NOTICE"))


def test_an_archive_that_lies_about_a_size_is_refused(toy_pack: Path, tmp_path: Path) -> None:
    archive = tmp_path / "toy.saepack"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as stream:
        for path in sorted(toy_pack.iterdir()):
            stream.write(path, path.name)
    content = bytearray(archive.read_bytes())
    with zipfile.ZipFile(archive) as stream:
        start = stream.start_dir
    # Uncompressed size of the first entry of the central directory (4.3.12 of the ZIP note): offset 24.
    content[start + 24 : start + 28] = (10).to_bytes(4, "little")
    archive.write_bytes(bytes(content))
    assert code_of(archive) in ("PACK_UNSAFE", "PACK_CHANGED")


def test_a_damaged_archive_and_another_file(toy_pack: Path, tmp_path: Path) -> None:
    archive = zipped(toy_pack, tmp_path / "toy.saepack")
    content = bytearray(archive.read_bytes())
    content[len(content) // 3] ^= 0xFF
    archive.write_bytes(bytes(content))
    assert code_of(archive) == "PACK_CHANGED"
    (tmp_path / "text.saepack").write_text("no archive")
    assert code_of(tmp_path / "text.saepack") == "PACK_MISSING"


def test_install_then_use_by_name(toy_pack: Path, tmp_path: Path) -> None:
    assert code_of("toy") == "PACK_MISSING"
    entry = install_pack(zipped(toy_pack, tmp_path / "toy.saepack"))
    assert entry.folder.is_relative_to(tmp_path / "data")
    assert load_pack("toy").folder == entry.folder
    assert install_pack(toy_pack) == entry
    assert [p.name for p in entry.folder.parent.iterdir()] == ["0.1.0"]


def test_the_newest_version_is_used(tmp_path: Path) -> None:
    for version in ("0.9.0", "0.10.0", "0.10.0-rc1"):
        install_pack(build_toy_pack(tmp_path / version, version=version))
    assert load_pack("toy").manifest.version == "0.10.0"
    assert [e.version for e in list_packs() if e.name == "toy"] == ["0.10.0", "0.10.0-rc1", "0.9.0"]


def test_another_pack_of_the_same_version_is_not_replaced(toy_pack: Path, tmp_path: Path) -> None:
    install_pack(toy_pack)
    with pytest.raises(PackError) as caught:
        install_pack(build_toy_pack(tmp_path / "other", seed=9))
    assert caught.value.code == "PACK_INSTALLED"
    assert load_pack("toy").manifest.provenance.seed == 7


def test_a_spoilt_pack_is_not_installed_and_a_spoilt_installed_one_is_listed(toy_pack: Path, tmp_path: Path) -> None:
    spoilt = Path(shutil.copytree(toy_pack, tmp_path / "spoilt"))
    (spoilt / "LICENSE").write_text("other", encoding="utf-8")
    with pytest.raises(PackError):
        install_pack(spoilt)
    assert not list((tmp_path / "data").rglob("pack.json"))
    folder = install_pack(toy_pack).folder
    (folder / "pack.json").write_text("{}", encoding="utf-8")
    (entry,) = [e for e in list_packs() if e.name == "toy"]
    assert "PACK_SCHEMA" in entry.problem
    assert code_of("toy") == "PACK_SCHEMA"


@pytest.mark.parametrize("damage", ["LICENSE", "sae.onnx", "pack.json"])
def test_a_damaged_installed_pack_is_named_with_a_way_out(toy_pack: Path, damage: str) -> None:
    folder = install_pack(toy_pack).folder
    (folder / damage).unlink()
    with pytest.raises(PackError) as caught:
        load_pack("toy")
    assert str(folder) in caught.value.message
    assert "saerad packs remove toy 0.1.0" in caught.value.hint
    (entry,) = [e for e in list_packs(check=True) if e.name == "toy"]
    assert (entry.version, entry.code) == ("0.1.0", caught.value.code)
    assert install_pack(toy_pack).folder == folder  # installing it again mends it
    assert load_pack("toy").folder == folder
    assert [p.name for p in folder.parent.iterdir()] == ["0.1.0"]


def test_a_damaged_installed_pack_no_longer_hides_the_bundled_one_once_removed(demo_pack: Path) -> None:
    folder = install_pack(demo_pack).folder
    (folder / "pack.json").write_text("{}", encoding="utf-8")
    assert code_of("demo") == "PACK_SCHEMA"
    assert [entry.folder for entry in remove_pack("demo")] == [folder]
    assert load_pack("demo").folder == demo_pack
    assert not folder.parent.exists()


def test_a_bundled_pack_is_never_removed(demo_pack: Path) -> None:
    with pytest.raises(PackError) as caught:
        remove_pack("demo")
    assert caught.value.code == "PACK_NOT_INSTALLED" and "bundled" in caught.value.hint
    assert load_pack("demo").folder == demo_pack


def test_one_version_of_several_is_removed_by_its_number(tmp_path: Path) -> None:
    for version in ("0.1.0", "0.2.0"):
        install_pack(build_toy_pack(tmp_path / version, version=version))
    with pytest.raises(UsageError) as caught:
        remove_pack("toy")
    assert caught.value.code == "PACK_VERSION" and "0.1.0" in caught.value.hint
    with pytest.raises(PackError):
        remove_pack("toy", "0.3.0")
    (removed,) = remove_pack("toy", "0.2.0")
    assert removed.version == "0.2.0" and not removed.folder.exists()
    assert load_pack("toy").manifest.version == "0.1.0"


def test_a_link_is_removed_and_what_it_points_to_stays(toy_pack: Path, tmp_path: Path) -> None:
    home = tmp_path / "data" / "packs" / "toy"
    home.mkdir(parents=True)
    try:
        (home / "0.1.0").symlink_to(toy_pack)
    except OSError:
        pytest.skip("links cannot be made here")
    remove_pack("toy")
    assert not (home / "0.1.0").exists() and (toy_pack / "pack.json").is_file()


def test_versions_are_numbers() -> None:
    assert version_key("1.10.0") > version_key("1.9.9")
    assert version_key("1.0.0") > version_key("1.0.0-rc1")
