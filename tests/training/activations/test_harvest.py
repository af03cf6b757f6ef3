"""From pictures to a store: the engine's own numbers, whoever does the work, and whatever cannot be read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.dicom.files import read_radiograph
from engine.errors import SaeRadError
from engine.inference import analyzer as engine_analyzer
from engine.inference.analyzer import Analyzer
from engine.inference.runtime import load_session, run_session
from engine.inference.session import EncoderOutput, ModelSession
from engine.pack.library import load_pack
from tests.engine.toy_pack import encoder_spec
from tests.training.activations.toy import toy_rows
from training.activations.builder import build_shard
from training.activations.encoders import FloatArray, LayerTokens, OnnxEncoder, TokenEncoder
from training.activations.harvest import HarvestOptions, HarvestResult, harvest, make_recipe
from training.activations.makers import LocalMaker
from training.activations.prepare import prepare
from training.activations.rows import HarvestRow, folder_rows
from training.activations.store import ActivationStore

OPTIONS = HarvestOptions(tokens="class+patches", dtype="float32", batch=3, shard_rows=5)
FAILED = {"003-cut.png": "PICTURE_DAMAGED", "005-lateral.dcm": "LATERAL_VIEW", "006-blank.dcm": "NOT_A_RADIOGRAPH"}


class Counter:
    """Counts what it is told."""

    def __init__(self) -> None:
        self.before = self.steps = 0

    def begin(self, done: int) -> None:
        self.before = done

    def step(self) -> None:
        self.steps += 1


def encoder_of(pack: Path, layer: str = "last") -> OnnxEncoder:
    opened = load_pack(pack)
    return OnnxEncoder(opened.encoder_bytes, opened.manifest.encoder, layer, "cpu", 1)


def run(
    rows: list[HarvestRow],
    encoder: TokenEncoder,
    out: Path,
    options: HarvestOptions = OPTIONS,
    *,
    stop: Callable[[], bool] = lambda: False,
    readers: int = 0,
) -> HarvestResult:
    counter = Counter()
    result = harvest(rows, LocalMaker(encoder, readers), out, options, progress=counter, stop=stop)
    assert (counter.before + counter.steps, counter.steps) == (result.images_done, result.images_new)
    return result


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, toy_pack: Path, pictures: Path) -> Path:
    out = tmp_path_factory.mktemp("harvest") / "store"
    assert run(folder_rows(pictures), encoder_of(toy_pack), out).complete
    return out


def test_the_class_token_is_the_one_that_the_analyzer_sees(
    finished: Path, toy_pack: Path, pictures: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[EncoderOutput] = []

    class Watched(ModelSession):
        def encode(self, pixel_values: FloatArray) -> EncoderOutput:
            seen.append(super().encode(pixel_values))
            return seen[-1]

    monkeypatch.setattr(engine_analyzer, "ModelSession", Watched)
    pack = load_pack(toy_pack)
    analyzer = Analyzer(pack, "cpu", 1)
    whole, _ = load_session(pack.encoder_bytes, "encoder.onnx", "cpu", 1)
    store = ActivationStore(finished)
    names = store.index(["path"])["path"].to_pylist()
    for row, name in enumerate(names):
        seen.clear()
        analyzer.analyse(read_radiograph(pictures / name))
        np.testing.assert_allclose(store.class_tokens(np.array([row]))[0], seen[0].class_token[0], atol=2e-6)
        patches = store.take(np.array([row]), "patches", store.recipe.patches)[0]
        pixels = prepare(pictures / name, pack.manifest.encoder)
        (expected,) = run_session(whole, ["patch_tokens"], {"pixel_values": pixels})
        np.testing.assert_allclose(patches, expected[0], atol=2e-6)


def test_with_a_batch_of_one_not_a_bit_differs(toy_pack: Path, pictures: Path, tmp_path: Path) -> None:
    run(folder_rows(pictures), encoder_of(toy_pack), tmp_path / "s", replace(OPTIONS, batch=1))
    store = ActivationStore(tmp_path / "s")
    pack = load_pack(toy_pack)
    session = ModelSession(pack, "cpu", 1)
    for row, name in enumerate(store.index(["path"])["path"].to_pylist()):
        pixels = engine_analyzer.pixel_values(read_radiograph(pictures / name).display(), pack.manifest.encoder)
        assert np.array_equal(store.class_tokens(np.array([row])), session.encode(pixels).class_token)


def test_images_that_fail_are_recorded_and_stop_nothing(finished: Path, pictures: Path) -> None:
    store = ActivationStore(finished)
    store.verify()
    assert store.index(["sample_id"])["sample_id"].to_pylist() == [f"{n:03d}.png" for n in range(13)]
    failures = store.failures().to_pylist()
    assert {row["path"]: row["code"] for row in failures} == FAILED
    assert all(row["message"] for row in failures)


def test_the_bytes_do_not_depend_on_the_number_of_workers(
    finished: Path, toy_pack: Path, pictures: Path, tmp_path: Path
) -> None:
    run(folder_rows(pictures), encoder_of(toy_pack), tmp_path / "s", readers=2)
    assert contents(tmp_path / "s") == contents(finished)


def test_a_stopped_run_goes_on_to_the_same_bytes(
    finished: Path, toy_pack: Path, pictures: Path, tmp_path: Path
) -> None:
    rows, encoder = folder_rows(pictures), encoder_of(toy_pack)
    for expected in (5, 10):
        result = run(rows, encoder, tmp_path / "s", stop=lambda: True)
        assert (result.complete, result.images_done, result.images_new) == (False, expected, 5)
    assert run(rows, encoder, tmp_path / "s").complete
    again = run(rows, encoder, tmp_path / "s")
    assert (again.complete, again.images_new) == (True, 0)
    assert contents(tmp_path / "s") == contents(finished)


def test_images_that_failed_are_tried_again_on_request(toy_pack: Path, pictures: Path, tmp_path: Path) -> None:
    names = ["000.png", "001.png", "002.png", "004.png"]
    (tmp_path / "p").mkdir()
    rows = [HarvestRow(name, tmp_path / "p" / name, name) for name in names]
    options = replace(OPTIONS, shard_rows=2)
    for name in names[:3]:
        (tmp_path / "p" / name).write_bytes((pictures / name).read_bytes())
    run(rows, encoder_of(toy_pack), tmp_path / "s", options)
    assert ActivationStore(tmp_path / "s").failures()["code"].to_pylist() == ["FILE_MISSING"]
    (tmp_path / "p" / names[3]).write_bytes((pictures / names[3]).read_bytes())
    assert run(rows, encoder_of(toy_pack), tmp_path / "s", options).images_new == 0
    assert run(rows, encoder_of(toy_pack), tmp_path / "s", replace(options, retry=True)).images_new == 2
    run(rows, encoder_of(toy_pack), tmp_path / "whole", options)
    assert contents(tmp_path / "s") == contents(tmp_path / "whole")


def test_half_precision_rounds_and_nothing_else(finished: Path, toy_pack: Path, pictures: Path, tmp_path: Path) -> None:
    run(folder_rows(pictures), encoder_of(toy_pack), tmp_path / "s", replace(OPTIONS, dtype="float16", tokens="class"))
    half, full = ActivationStore(tmp_path / "s"), ActivationStore(finished)
    everything = np.arange(full.rows)
    assert half.dtype == np.float16 and not half.has_patches
    assert np.array_equal(half.class_tokens(everything), full.class_tokens(everything).astype(np.float16))


def test_another_encoder_is_not_mixed_in(finished: Path, toy_pack: Path, pictures: Path) -> None:
    for encoder, options, rows in (
        (encoder_of(toy_pack, "block0"), OPTIONS, folder_rows(pictures)),
        (encoder_of(toy_pack), replace(OPTIONS, batch=4), folder_rows(pictures)),
        (encoder_of(toy_pack), OPTIONS, folder_rows(pictures)[:-1]),
    ):
        with pytest.raises(SaeRadError) as error:
            run(rows, encoder, finished, options)
        assert error.value.code == "STORE_OTHER"


def test_a_shard_is_bounded_in_bytes_by_default(toy_pack: Path) -> None:
    rows = toy_rows(3)
    small = make_recipe(rows, encoder_of(toy_pack), HarvestOptions())
    assert small.shard_rows == 1024
    spec = encoder_spec().model_copy(update={"patch_rows": 37, "patch_columns": 37, "d_model": 768})
    large = encoder_of(toy_pack)
    large.spec = spec
    recipe = make_recipe(rows, large, HarvestOptions(tokens="class+patches"))
    assert recipe.shard_rows == 63 and 64 * 1370 * 768 * 2 > 128 << 20


def test_nothing_cannot_be_harvested(toy_pack: Path, tmp_path: Path) -> None:
    with pytest.raises(SaeRadError) as error:
        run([], encoder_of(toy_pack), tmp_path / "s")
    assert error.value.code == "HARVEST_ROWS"


class Odd:
    """An encoder whose second image overflows."""

    spec, sha256, layer, runtime, warnings = encoder_spec(), "0" * 64, "last", "none", ()

    def __init__(self, value: float) -> None:
        self.value = value

    def tokens(self, pixels: FloatArray, *, patches: bool) -> LayerTokens:
        found = np.zeros((len(pixels), self.spec.d_model), np.float32)
        found[1, 3] = self.value
        return LayerTokens(found, np.zeros((len(pixels), 64, self.spec.d_model), np.float32) if patches else None)


def odd_shard(value: float, options: HarvestOptions) -> object:
    rows = toy_rows(3)
    pixels = np.zeros((1, 3, 32, 32), np.float32)
    encoder = Odd(value)
    return build_shard(
        rows, iter([(row, pixels) for row in rows]), encoder, make_recipe(rows, encoder, options), lambda: None
    )


def test_an_image_whose_tokens_are_not_finite_has_failed() -> None:
    content = odd_shard(np.nan, OPTIONS)
    assert content.sample_ids == ("image-0", "image-2")  # type: ignore[attr-defined]
    assert content.class_token.shape == (2, 16) and content.patch_tokens.shape == (2, 64, 16)  # type: ignore[attr-defined]
    assert [failure.code for failure in content.failures] == ["TOKENS_NOT_FINITE"]  # type: ignore[attr-defined]


def test_what_half_precision_cannot_hold_is_refused() -> None:
    odd_shard(1e6, replace(OPTIONS, dtype="float32"))
    with pytest.raises(SaeRadError) as error:
        odd_shard(1e6, replace(OPTIONS, dtype="float16"))
    assert error.value.code == "STORE_RANGE"
