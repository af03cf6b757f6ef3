"""Probes and absorption on tokens in which the answer is planted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.training.sae.stores import store_of
from tests.training.sae.test_dictionaries import identity_sae
from training.evaluation.absorption import absorption
from training.evaluation.sparse_probe import dense_probes, score_latents, sparse_probes
from training.evaluation.store_labels import Labelled, LabelledImages, labelled_images, with_parents
from training.sae.store_tokens import StoreChoice, StoreTokens

NAMES = ("Edema", "Lung Opacity")


def images(count: int, seed: int, *, absorbed: bool = False) -> Labelled:
    """Latent 3 fires on opacities, latent 5 on edemas; 0 to 2 are noise; absorbed: 3 is silent where 5 fires."""
    rng = np.random.default_rng(seed)
    edema = rng.random(count) < 0.3
    opacity = edema | (rng.random(count) < 0.3)
    tokens = np.zeros((count, 8), dtype=np.float32)
    tokens[:, :3] = rng.random((count, 3))
    tokens[opacity, 3] = 1 + rng.random(int(opacity.sum()))
    tokens[edema, 5] = 1 + rng.random(int(edema.sum()))
    if absorbed:
        tokens[edema, 3] = 0.0
    return Labelled(tokens, np.stack([edema, opacity], axis=1), tuple(f"p{n // 2}" for n in range(count)))


def planted(*, absorbed: bool = False) -> LabelledImages:
    return LabelledImages(NAMES, images(400, 0, absorbed=absorbed), images(200, 1, absorbed=absorbed))


def test_the_planted_latent_is_found_and_suffices() -> None:
    found, sae = planted(), identity_sae(8)
    scores = score_latents(sae, found.train)
    assert [int(scores.best(label, 1)[0]) for label in range(2)] == [5, 3]
    assert scores.difference[:, [4, 6, 7]].tolist() == [[0.0] * 3] * 2  # these never fire
    aurocs = sparse_probes(sae, scores, found)
    assert aurocs.keys() == set(NAMES)
    assert all(value.value == 1.0 for sizes in aurocs.values() for value in sizes.values())
    assert all(value.value == 1.0 for value in dense_probes(found).values())


def test_a_latent_that_falls_silent_tells_too() -> None:
    found, sae = planted(), identity_sae(8)
    for part in (found.train, found.held_out):
        part.tokens[:, 5] = ~part.truth[:, 0]
    scores = score_latents(sae, found.train)
    assert int(scores.best(0, 1)[0]) == 5 and scores.speaking(0) != 5
    assert sparse_probes(sae, scores, found)["Edema"][1].value == 1.0


def test_noise_tells_nothing_on_held_out_patients() -> None:
    noise = np.random.default_rng(0)
    parts = [
        Labelled(noise.random((400, 8)).astype(np.float32), noise.random((400, 1)) < 0.5, tuple(map(str, range(400))))
        for _ in range(2)
    ]
    found = LabelledImages(("Edema",), *parts)
    value = sparse_probes(identity_sae(8), score_latents(identity_sae(8), parts[0]), found)["Edema"][5]
    assert value.low < 0.5 < value.high


def test_absorption_is_found_where_it_was_planted_and_not_elsewhere() -> None:
    sae = identity_sae(8)
    (sound,) = absorption(sae, score_latents(sae, planted().train), planted())
    assert (sound.parent, sound.child, sound.parent_latent, sound.child_latent) == ("Lung Opacity", "Edema", 3, 5)
    assert (sound.where_child_fires, sound.elsewhere) == (0.0, 0.0)
    found = planted(absorbed=True)
    # Scored on the sound images: the parent's latent is the same one, only it now keeps silent on edemas.
    (hidden,) = absorption(sae, score_latents(sae, planted().train), found)
    assert hidden.where_child_fires == 1.0 and hidden.elsewhere == 0.0
    assert hidden.images == int(found.held_out.truth[:, 0].sum())
    assert hidden.images + hidden.others == int(found.held_out.truth[:, 1].sum())


def test_labels_without_kin_are_not_checked() -> None:
    sae, found = identity_sae(8), planted()
    lonely = LabelledImages(("Fracture", "Edema"), found.train, found.held_out)
    assert absorption(sae, score_latents(sae, lonely.train), lonely) == []


def test_labels_come_from_the_index_of_the_store(tmp_path: Path) -> None:
    part = images(300, 2)
    labels = [("Edema",) if edema else ("Rare",) if n == 7 else () for n, edema in enumerate(part.truth[:, 0])]
    splits = [("train", "train", "val", "test")[n // 2 % 4] for n in range(300)]
    store_of(tmp_path / "s", part.tokens, splits, patients=part.patients, labels=labels)
    found = labelled_images(StoreTokens(tmp_path / "s", StoreChoice()))
    assert found is not None
    assert found.names == ("Edema", "Lung Opacity")  # implied; "Rare" is too rare
    assert np.array_equal(found.held_out.truth[:, 0], found.held_out.truth[:, 1])
    assert len(found.train.tokens) == splits.count("train") and len(found.held_out.tokens) == splits.count("val")
    assert set(found.train.patients).isdisjoint(found.held_out.patients)
    np.testing.assert_array_equal(found.held_out.tokens, part.tokens[[split == "val" for split in splits]])
    assert labelled_images(StoreTokens(tmp_path / "s", StoreChoice()), minimum=1000) is None


@pytest.mark.parametrize(("given", "expected"), [((), set()), (("Pneumonia",), {"Pneumonia", "Lung Opacity"})])
def test_labels_bring_along_what_they_imply(given: tuple[str, ...], expected: set[str]) -> None:
    assert with_parents(given) == expected
