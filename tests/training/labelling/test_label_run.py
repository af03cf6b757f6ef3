"""What a labelling does beyond the single feature: bounds, corrections, duplicates, knowledge of images."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from scipy import sparse
from scipy.stats import fisher_exact

from engine.cluster.crew import LocalCrew
from tests.training.labelling.labelled import NAMES
from training.activations.rows import phantom_rows
from training.activations.store import ActivationStore
from training.data.manifest import IndexRow, write_manifest
from training.data.phantom.dataset import write_phantoms
from training.labelling import merge
from training.labelling.association import count
from training.labelling.case_tables import manifest_table, phantom_table, table_cases
from training.labelling.cases import Attribute, Case, Claim
from training.labelling.chunk import ACTIVATIONS, MOST_FEATURES, STEP, chunk_features
from training.labelling.finish import corrected, corrections
from training.labelling.finished import FinishedLabels
from training.labelling.images import CaseSource, LabelImages, label_images
from training.labelling.label import ChunkLabels, FeatureLabel
from training.labelling.quality import UNPOLAR, measure_labels, same_words
from training.labelling.run import LabelOptions, Silent, label_dictionary
from training.sae.folded import FoldedSae
from training.sae.store_tokens import StoreChoice, StoreTokens

WIDTH = 64


def random_sae(features: int, threshold: float = 1.3) -> FoldedSae:
    rng = np.random.default_rng(0)
    directions = rng.standard_normal((features, WIDTH)).astype(np.float32)
    directions[:6, 0] += 12  # the number that makes an effusion
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    zeros = np.zeros(features, dtype=np.float32)
    return FoldedSae(directions, zeros, zeros + np.float32(threshold), np.zeros(WIDTH, np.float32), directions)


def random_images(count_of: int, seed: int = 0) -> LabelImages:
    """Images of which one has an effusion where the first number is large."""
    rng = np.random.default_rng(seed)
    tokens = rng.standard_normal((count_of, WIDTH)).astype(np.float32)
    ill = (Claim(NAMES[0]),)
    cases = tuple(
        Case(f"t/{n}", "t", "train", f"p{n}", ill if x[0] > 0.8 else (), frozenset(NAMES), None, False, "")
        for n, x in enumerate(tokens)
    )
    half = count_of // 2
    return LabelImages(tokens[:half], cases[:half], tokens[half:], cases[half:], "store", "0" * 64)


def label(sae: FoldedSae, images: LabelImages, out: Path, **options: int) -> FinishedLabels:
    label_dictionary(
        "s", sae, images, out, LabelOptions(**options), crew=LocalCrew(), progress=Silent(), stop=lambda: False
    )
    return FinishedLabels(out)


@pytest.mark.slow
def test_memory_grows_with_what_fires_and_not_with_the_dictionary_times_the_images(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(merge, "COMPARISONS", 2**14)
    images, peaks = random_images(6000), []
    for features in (128, 640):
        sae = random_sae(features, threshold=2.3)  # one image in a hundred
        tracemalloc.start()
        label(sae, images, tmp_path / str(features), chunk=32)
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    dense = (640 - 128) * len(images.train) * 4
    assert peaks[1] - peaks[0] < dense / 4


def test_a_chunk_is_as_large_as_memory_allows() -> None:
    assert chunk_features(100) == MOST_FEATURES
    for images in (40_000, 100_000, 377_000):
        size = chunk_features(images)
        assert size % STEP == 0 and size * images <= ACTIVATIONS
    assert chunk_features(10**8) == STEP


def test_only_held_out_images_decide_on_the_score_and_only_training_images_on_the_words(tmp_path: Path) -> None:
    sae, images = random_sae(64), random_images(3000)
    found = list(label(sae, images, tmp_path / "a"))
    turned = tuple(replace(case, claims=() if case.claims else (Claim(NAMES[0]),)) for case in images.held_out_cases)
    other = list(label(sae, replace(images, held_out_cases=turned), tmp_path / "b"))
    described = [(a, b) for a, b in zip(found, other, strict=True) if a.observation and a.statistics.scored]
    assert len(described) >= 3
    for a, b in described:
        assert (a.description, a.statistics.bound, a.firing) == (b.description, b.statistics.bound, b.firing)
        assert b.label_score == pytest.approx(1 - a.label_score, abs=1e-3) and b.label_score < 0.5 < a.label_score
        assert not (b.reportable and b.polarity == "present")


def chunks_of(labels: Sequence[FeatureLabel], fires: Sequence[tuple[int, ...]], size: int) -> list[ChunkLabels]:
    parts = range(0, len(labels), size)
    return [
        ChunkLabels(
            number=n // size,
            labels=labels[n : n + size],
            fires=fires[n : n + size],
            samples=(None,) * len(labels[n : n + size]),
        )
        for n in parts
    ]


def test_the_number_of_features_is_corrected_for(tmp_path: Path) -> None:
    first = next(iter(label(random_sae(8), random_images(400), tmp_path / "a")))
    p_values = [1e-6, 0.004, 0.03, 0.04, 1.0, 1.0, 1.0, 1.0]
    labels = [
        first.model_copy(
            update={"id": n, "reportable": True, "statistics": first.statistics.model_copy(update={"p_value": p})}
        )
        for n, p in enumerate(p_values)
    ]
    parts = chunks_of(labels, [(n,) for n in range(8)], 3)

    def read() -> Iterator[ChunkLabels]:
        return iter(parts)

    found = corrections(read, random_sae(8), 10, random_images(20).held_out_cases)
    # Benjamini and Hochberg: p times 8 over its rank, the smallest of it and all later ones.
    assert found.q_values == pytest.approx([8e-6, 0.016, 0.08, 0.08, 1, 1, 1, 1])
    after = list(corrected(read, found, 0.05))
    assert [x.reportable for x in after] == [True, True, False, False, False, False, False, False]
    assert [x.statistics.q_value for x in after] == found.q_values


def test_the_p_value_is_that_of_fishers_test() -> None:
    rng = np.random.default_rng(0)
    fires, truth = rng.random((80, 3)) < 0.3, (rng.random((80, 2)) < 0.4).astype(np.float32)
    truth[:5, 1] = np.nan
    table = count(fires, truth)
    for feature in range(3):
        for attribute in range(2):
            a, b, c, d = (
                int(x[feature, attribute]) for x in (table.both, table.fires_only, table.holds_only, table.neither)
            )
            one = table.only(feature, attribute)
            assert one.p_values().item() == pytest.approx(fisher_exact([[a, b], [c, d]], "greater").pvalue)
            assert one.negated().p_values().item() == pytest.approx(fisher_exact([[a, b], [c, d]], "less").pvalue)


def test_duplicates_are_found_across_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    directions = random_sae(40).w_enc
    directions[30] = directions[2]
    directions[39] = directions[30]
    fires = rng.random((50, 40)) < 0.2
    fires[:, 17] = fires[:, 4]
    fires[:, 18] = fires[:, 5]
    names = [f"name {n}" for n in range(40)]
    names[17] = names[4]
    ids, mute = list(range(100, 140)), [False] * 40
    whole = merge.duplicate_groups(ids, directions, names, sparse.csc_array(fires), mute)
    assert {n: whole[n] for n in (2, 30, 39, 4, 17, 5, 18)} == {
        2: 102,
        30: 102,
        39: 102,
        4: 104,
        17: 104,
        5: 105,
        18: 118,
    }
    monkeypatch.setattr(merge, "COMPARISONS", 7 * 40)
    assert merge.duplicate_groups(ids, directions, names, sparse.csc_array(fires), mute) == whole


def row(name: str, source: str = "mimic-cxr-jpg", **more: tuple[str, ...]) -> IndexRow:
    return IndexRow(name, source, f"{name}.png", "", 1, f"p-{name}", f"s-{name}", "train", **more)  # type: ignore[arg-type]


def test_a_manifest_knows_present_absent_and_uncertain(tmp_path: Path) -> None:
    rows = [
        row("a", labels_present=("Pneumonia",), labels_absent=("Pleural Effusion", "Edema")),
        row("b", labels_absent=("Lung Opacity", "Fracture"), labels_uncertain=("Pneumonia",)),
        row("c", labels_present=("No Finding",)),
        row("d", "nih-cxr14", labels_present=("Effusion", "Nodule"), labels_absent=("Hernia",)),
        row("e", "nih-cxr14"),
    ]
    write_manifest(rows, tmp_path / "m.parquet", source="x", root="r", command="c", split_rule="hash")
    table = manifest_table(tmp_path / "m.parquet")

    def says(name: str, observation: str) -> bool | None:
        return Attribute(observation).holds(table[name])

    assert [says("a", x) for x in ("Pneumonia", "Lung Opacity", "Edema", "Fracture")] == [True, True, False, None]
    assert [says("b", x) for x in ("Pneumonia", "Lung Opacity", "Fracture")] == [None, None, False]
    assert (table["c"].normal, table["a"].normal, table["b"].normal) == (True, False, None)
    assert [says("d", x) for x in ("Pleural Effusion", "Lung Lesion", "Cardiomegaly")] == [True, True, False]
    assert [says("e", x) for x in ("Pleural Effusion", "Cardiomegaly")] == [None, None]


def test_a_manifest_of_lists_says_what_is_absent_by_not_naming_it(tmp_path: Path) -> None:
    rows = [row("a", labels_present=("Edema",)), row("b"), row("c", labels_uncertain=("Edema",))]
    write_manifest(rows, tmp_path / "m.parquet", source="x", root="r", command="c", split_rule="hash")
    table = manifest_table(tmp_path / "m.parquet")
    assert [Attribute("Edema").holds(table[name]) for name in "abc"] == [True, False, None]
    assert Attribute("Fracture").holds(table["b"]) is None


def test_phantoms_are_found_by_the_names_that_a_harvest_gives_them(tmp_path: Path) -> None:
    write_phantoms(tmp_path, 6, 0, size=64, progress=False)
    table = phantom_table(tmp_path)
    assert [row.sample_id for row in phantom_rows(tmp_path)] == list(table)
    assert all(case.sided and case.text for case in table.values())


def test_a_store_is_joined_by_name(store: Path, tmp_path: Path) -> None:
    opened = ActivationStore(store)
    table = {f"image-{n}": replace(random_images(2).train_cases[0], key=f"x/{n}", split="test") for n in range(900)}
    found = table_cases(table, opened, np.array([5, 2]), "val")
    assert [(case.key, case.split) for case in found] == [("x/5", "val"), ("x/2", "val")]


def test_images_are_drawn_where_there_are_more_than_wanted(store: Path) -> None:
    source = StoreTokens(store, StoreChoice())
    few, again, all_of_them = (label_images(source, CaseSource(), most) for most in (50, 50, 20_000))
    assert (len(few.train), len(few.held_out), len(all_of_them.train)) == (50, 50, 600)
    assert few.cases_sha256 == again.cases_sha256 != all_of_them.cases_sha256
    assert {case.key for case in few.train_cases} < {case.key for case in all_of_them.train_cases}
    assert not {c.group for c in all_of_them.train_cases} & {c.group for c in all_of_them.held_out_cases}


@pytest.mark.parametrize(
    ("text", "unpolar"),
    [
        ("Presence or absence of pleural effusion", True),
        ("presence/absence of lines", True),
        ("with or without effusion", True),
        ("presence of a pacemaker", False),
        ("no pleural effusion", False),
    ],
)
def test_a_description_without_polarity_is_recognised(text: str, unpolar: bool) -> None:
    assert (UNPOLAR.search(text) is not None) == unpolar


def test_the_known_weaknesses_are_counted(tmp_path: Path) -> None:
    first = next(iter(label(random_sae(8), random_images(400), tmp_path / "a")))
    words = ["left pleural effusion", "Effusion, pleural left", "no edema", "edema", "presence or absence of edema", ""]
    labels = [
        first.model_copy(
            update={
                **{"id": n, "description": text, "duplicate_group": min(n, 1) if n < 2 else n},
                "observation": "Edema" if text else "",
                "polarity": "absent" if text == "no edema" else "present",
                "label_score": n / 10,
                "statistics": first.statistics.model_copy(update={"scored": n != 3}),
            }
        )
        for n, text in enumerate(words)
    ]
    found = measure_labels(labels)
    assert (found.features, found.described, found.absent, found.normal) == (6, 5, 1, 0)
    assert (found.repeated, found.without_polarity) == (1, 1)
    assert (found.entries, found.repeated_entries) == (5, 1)
    assert [x.id for x in found.best] == [4, 2, 1, 0] and [x.id for x in found.worst] == [0, 1, 2, 4]
    assert [x.id for x in found.unscored] == [3]
    assert same_words("No  pleural-effusion.") == ("no", "pleural-effusion")
