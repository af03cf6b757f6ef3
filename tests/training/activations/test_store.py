"""Stores on disk: what is written is read, what is changed is found, what was killed goes on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from engine.errors import SaeRadError
from tests.training.activations.toy import toy_content, toy_recipe, toy_rows, toy_store
from training.activations.layout import Recipe, read_store_file
from training.activations.lock import FolderLock
from training.activations.shard import read_header
from training.activations.store import ActivationStore
from training.activations.writer import StoreWriter

COUNT, SHARD = 23, 5


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished store; read-only for tests."""
    return toy_store(tmp_path_factory.mktemp("store") / "s", COUNT, SHARD, side=2).folder


@pytest.fixture
def folder(finished: Path, tmp_path: Path) -> Path:
    """A copy of it that may be spoilt."""
    return Path(shutil.copytree(finished, tmp_path / "s"))


def code(action: Callable[[], object]) -> str:
    with pytest.raises(SaeRadError) as error:
        action()
    return error.value.code


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_rows_come_in_the_order_asked_for_across_shards(finished: Path) -> None:
    store = ActivationStore(finished)
    assert (store.rows, store.d_model, store.has_patches, store.dtype) == (COUNT, 4, True, np.float32)
    wanted = np.array([22, 0, 7, 7, 4, 5])
    assert store.class_tokens(wanted)[:, 0].tolist() == wanted.tolist()
    runs = store.take(np.array([45, 0, 21]), "patches", 2)
    assert runs.shape == (3, 2, 4)
    assert runs[:, :, 0].tolist() == [[22, 22], [0, 0], [10, 10]]
    assert runs[:, :, 1].tolist() == [[2, 3], [0, 1], [2, 3]]


def test_what_is_not_there_is_not_read(finished: Path) -> None:
    store = ActivationStore(finished)
    for wrong in (-1, COUNT):
        with pytest.raises(IndexError, match="23 runs"):
            store.class_tokens(np.array([0, wrong]))
    with pytest.raises(ValueError, match="do not divide"):
        store.take(np.array([0]), "patches", 3)


def test_the_shards_are_plain_safetensors(finished: Path) -> None:
    tensors = load_file(finished / "shard-00001.safetensors")
    assert {name: value.shape for name, value in tensors.items()} == {"class_token": (5, 4), "patch_tokens": (5, 4, 4)}


def test_the_index_tells_whose_the_rows_are(finished: Path) -> None:
    store = ActivationStore(finished)
    last = store.index().to_pylist()[-1]
    assert last == {
        "row": 22,
        "sample_id": "image-22",
        "path": "22.png",
        "split": "val",
        "patient_id": "patient-11",
        "labels_present": ["Edema"],
        "shard": 4,
        "place": 2,
    }
    assert store.rows_of({"val", "test"}).tolist() == [n for n in range(COUNT) if n % 4 >= 2]


def test_failed_images_leave_no_gap(tmp_path: Path) -> None:
    rows = toy_rows(10)
    recipe = toy_recipe(rows, 4, side=2)
    failed = frozenset({"image-0", "image-4", "image-5", "image-6", "image-7"})
    with StoreWriter(tmp_path / "s", recipe) as writer:
        for number in writer.missing:
            writer.add(number, toy_content(rows[number * 4 : number * 4 + 4], number * 4, recipe, failed))
        writer.finish(rows)
    store = ActivationStore(tmp_path / "s")
    store.verify()
    assert store.class_tokens(np.arange(store.rows))[:, 0].tolist() == [1, 2, 3, 8, 9]
    assert store.index(["shard"])["shard"].to_pylist() == [0, 0, 0, 2, 2]
    assert set(store.failures()["sample_id"].to_pylist()) == failed
    assert set(store.failures()["code"].to_pylist()) == {"NOT_DICOM"}


def test_class_tokens_alone_have_no_patches(tmp_path: Path) -> None:
    rows = toy_rows(2)
    recipe = toy_recipe(rows, 2).model_copy(update={"tokens": "class"})
    content = toy_content(rows, 0, recipe)
    with StoreWriter(tmp_path / "s", recipe) as writer:
        writer.add(0, type(content)(content.sample_ids, content.class_token, None, ()))
        writer.finish(rows)
    store = ActivationStore(tmp_path / "s")
    assert code(lambda: store.take(np.array([0]), "patches")) == "STORE_NO_PATCHES"


def spoil_schema(folder: Path) -> None:
    fields = json.loads((folder / "store.json").read_text())
    (folder / "store.json").write_text(json.dumps(fields | {"schema_version": 2}))


def cut(folder: Path) -> None:
    path = folder / "shard-00002.safetensors"
    path.write_bytes(path.read_bytes()[:-1])


def rename_ids(folder: Path) -> None:
    path = folder / "shard-00002.safetensors"
    path.write_bytes(path.read_bytes().replace(b"recipe_sha256", b"recipe_sha257"))


def exchange(folder: Path) -> None:
    shutil.copyfile(folder / "shard-00001.safetensors", folder / "shard-00004.safetensors")


SPOILT = {
    "no store": ("STORE_MISSING", lambda folder: (folder / "store.json").unlink()),
    "schema": ("STORE_SCHEMA", spoil_schema),
    "no JSON": ("STORE_DAMAGED", lambda folder: (folder / "store.json").write_text("{")),
    "other JSON": ("STORE_DAMAGED", lambda folder: (folder / "store.json").write_text('{"schema_version": 1}')),
    "shard gone": ("STORE_DAMAGED", lambda folder: (folder / "shard-00003.safetensors").unlink()),
    "shard cut": ("STORE_DAMAGED", cut),
    "shard header": ("STORE_DAMAGED", rename_ids),
    "other shard": ("STORE_DAMAGED", exchange),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_spoilt_store_is_refused_when_it_is_opened(folder: Path, case: str) -> None:
    expected, spoil = SPOILT[case]
    spoil(folder)
    assert code(lambda: ActivationStore(folder)) == expected


@pytest.mark.parametrize("name", ["shard-00002.safetensors", "index.parquet"])
def test_a_changed_byte_is_found_by_hashing(folder: Path, name: str) -> None:
    ActivationStore(folder).verify()
    content = bytearray((folder / name).read_bytes())
    content[-9 if name.endswith("parquet") else -1] ^= 1
    (folder / name).write_bytes(content)
    assert code(lambda: ActivationStore(folder).verify()) == "STORE_DAMAGED"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff" * 8 + b"{}",
        (2).to_bytes(8, "little") + b"{}",
        (2).to_bytes(8, "little") + b"[]",
        (7).to_bytes(8, "little") + b"garbage",
        (92).to_bytes(8, "little")
        + b'{"a":{"dtype":"F32","shape":[9],"data_offsets":[0,9]},"__metadata__":{"saerad":"{}"}}       ',
    ],
)
def test_a_file_that_is_no_shard_is_said_to_be_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x").write_bytes(content)
    with pytest.raises(ValueError, match=r"header|place|JSON|Expecting"):
        read_header(tmp_path / "x")


def write_some(folder: Path, recipe: Recipe, count: int) -> None:
    rows = toy_rows(COUNT)
    with StoreWriter(folder, recipe) as writer:
        for number in writer.missing[:count]:
            writer.add(number, toy_content(rows[number * SHARD : (number + 1) * SHARD], number * SHARD, recipe))
        if not writer.missing:
            writer.finish(rows)


def test_an_unfinished_store_goes_on_to_the_same_bytes(finished: Path, tmp_path: Path) -> None:
    recipe = toy_recipe(toy_rows(COUNT), SHARD, side=2)
    for number in range(3):
        write_some(tmp_path / "s", recipe, 2)
        if len(read_store_file(tmp_path / "s").shards) < recipe.shards:
            assert code(lambda: ActivationStore(tmp_path / "s")) == "STORE_UNFINISHED"
        # What a killed write leaves behind.
        (tmp_path / "s" / ".saerad-xyz.part").write_bytes(b"half a shard")
        if number < 2:
            (tmp_path / "s" / "shard-00004.safetensors").write_bytes(b"written, but not yet listed")
    write_some(tmp_path / "s", recipe, 0)
    assert contents(tmp_path / "s") == contents(finished)


def test_a_kill_before_the_first_description_leaves_a_folder_that_can_be_used(tmp_path: Path) -> None:
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / ".saerad-xyz.part").write_bytes(b"{")
    write_some(tmp_path / "s", toy_recipe(toy_rows(COUNT), SHARD, side=2), 5)
    ActivationStore(tmp_path / "s").verify()


def test_damaged_shards_are_made_again(finished: Path, folder: Path) -> None:
    cut(folder)
    recipe = ActivationStore(finished).recipe
    with StoreWriter(folder, recipe) as writer:
        assert writer.missing == [2] and "bytes" in writer.redone[0]
    write_some(folder, recipe, 1)
    assert contents(folder) == contents(finished)


def test_a_store_made_otherwise_is_not_gone_on_with(folder: Path) -> None:
    recipe = ActivationStore(folder).recipe
    spec = recipe.spec.model_copy(update={"mean": (0.4, 0.4, 0.4)})
    for change in ({"encoder_sha256": "1" * 64}, {"manifest_sha256": "2" * 64}, {"spec": spec}, {"batch": 8}):
        other = recipe.model_copy(update=change)
        with pytest.raises(SaeRadError) as error:
            StoreWriter(folder, other)
        assert error.value.code == "STORE_OTHER"
        assert next(iter(change)).replace("_", " ") in error.value.message
        assert (other.encoder_identity == recipe.encoder_identity) == ("batch" in change or "manifest_sha256" in change)


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("all my work")
    recipe = toy_recipe(toy_rows(COUNT), SHARD)
    assert code(lambda: StoreWriter(tmp_path, recipe)) == "STORE_OTHER"
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]
    assert code(lambda: StoreWriter(tmp_path / "thesis.txt" / "s", recipe)) == "STORE_WRITE"


def test_two_writers_at_once_are_one_too_many(folder: Path) -> None:
    recipe = ActivationStore(folder).recipe
    lock = FolderLock(folder)
    assert code(lambda: StoreWriter(folder, recipe)) == "STORE_BUSY"
    lock.release()
    with StoreWriter(folder, recipe):
        pass
    with StoreWriter(folder, recipe):
        pass
