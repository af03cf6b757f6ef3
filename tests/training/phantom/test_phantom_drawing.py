"""What is drawn is where it should be, as large as it should be, and the same every time."""

from __future__ import annotations

import numpy as np
import pytest

from training.data.phantom.anatomy import transverse
from training.data.phantom.draw import draw_large_phantom, draw_phantom
from training.data.phantom.procedural import draw_chest
from training.data.phantom.sampling import sample_findings
from training.data.phantom.types import DEVICES, PhantomFinding

SIZE = 160
EXAMPLES = (
    PhantomFinding("Cardiomegaly", location="heart", severity="moderate"),
    PhantomFinding("Pleural Effusion", laterality="right", location="base", severity="moderate"),
    PhantomFinding("Pneumothorax", laterality="left", location="apex", severity="small"),
    PhantomFinding("Consolidation", laterality="left", location="middle zone", severity="small"),
    PhantomFinding("Lung Lesion", laterality="right", location="upper zone", severity="small"),
    PhantomFinding("Atelectasis", laterality="bilateral", location="base", severity="small"),
    PhantomFinding("Edema", laterality="bilateral", location="perihilar", severity="small"),
    PhantomFinding("Support Devices", laterality="left", location="pacemaker", device="pacemaker"),
    PhantomFinding("Support Devices", laterality="right", location="central venous line", device="central venous line"),
    PhantomFinding("Support Devices", location="endotracheal tube", device="endotracheal tube"),
    PhantomFinding("Support Devices", location="nasogastric tube", device="nasogastric tube"),
)


def test_same_arguments_same_phantom() -> None:
    first, second = draw_phantom(11, SIZE), draw_phantom(11, SIZE)
    assert np.array_equal(first.image, second.image)
    assert (first.findings, first.report) == (second.findings, second.report)
    assert all(np.array_equal(a, b) for a, b in zip(first.masks, second.masks, strict=True))
    assert not np.array_equal(first.image, draw_phantom(12, SIZE).image)


@pytest.mark.parametrize("finding", EXAMPLES, ids=lambda f: f.device or f.observation)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_finding_is_visible_and_its_mask_covers_it(finding: PhantomFinding, seed: int) -> None:
    with_it = draw_phantom(seed, SIZE, findings=[finding])
    without = draw_phantom(seed, SIZE, findings=[])
    (mask,) = with_it.masks
    _, anatomy = draw_chest(np.random.default_rng([seed, 1]), SIZE)
    assert mask.sum() >= 12
    assert not (mask & ~anatomy.body).any()
    # Anatomy, exposure and noise are the same in both, so that every difference is the finding's.
    change = np.abs(with_it.image.astype(int) - without.image.astype(int))
    assert change[mask].max() >= 12
    assert change[mask].mean() > 4 * change[~mask].mean()
    assert (change[mask] > 2).mean() > 0.25
    assert change[mask].sum() > 0.5 * change.sum()


@pytest.mark.parametrize("observation", ["Pleural Effusion", "Pneumothorax", "Consolidation", "Lung Lesion"])
@pytest.mark.parametrize("side", ["right", "left"])
def test_side_is_the_patients(observation: str, side: str) -> None:
    location = {"Pleural Effusion": "base", "Pneumothorax": "apex"}.get(observation, "middle zone")
    finding = PhantomFinding(observation, laterality=side, location=location, severity="moderate")  # type: ignore[arg-type]
    for seed in range(4):
        phantom = draw_phantom(seed, SIZE, findings=[finding])
        column = float(np.nonzero(phantom.masks[0])[1].mean()) / SIZE
        assert column < 0.45 if side == "right" else column > 0.55


def test_effusion_lies_low_and_pneumothorax_high() -> None:
    for seed in range(4):
        fluid = PhantomFinding("Pleural Effusion", laterality="left", location="base", severity="moderate")
        air = PhantomFinding("Pneumothorax", laterality="right", location="apex", severity="small")
        phantom = draw_phantom(seed, SIZE, findings=[fluid, air])
        rows = [float(np.nonzero(mask)[0].mean()) for mask in phantom.masks]
        middle = float(np.nonzero(phantom.lungs)[0].mean())
        assert rows[1] < middle < rows[0]
        assert phantom.image[phantom.masks[0]].mean() > phantom.image[phantom.lungs & ~phantom.masks[0]].mean()


def test_cardiothoracic_ratio_grows_with_severity() -> None:
    for seed in range(5):
        ratios = []
        for severity in ("none", "small", "moderate", "large"):
            findings = (
                [] if severity == "none" else [PhantomFinding("Cardiomegaly", location="heart", severity=severity)]
            )  # type: ignore[arg-type]
            phantom = draw_phantom(seed, 256, findings=findings)
            normal = draw_phantom(seed, 256, findings=[])
            ratios.append(transverse(phantom.heart) / transverse(normal.lungs))
        assert ratios == sorted(ratios)
        assert ratios[0] < 0.5 < ratios[1]
        assert ratios[2] > 0.55
        assert ratios[3] > 0.6


def test_larger_lesions_have_larger_masks() -> None:
    areas = []
    for severity in ("small", "moderate", "large"):
        finding = PhantomFinding("Lung Lesion", laterality="right", location="middle zone", severity=severity)  # type: ignore[arg-type]
        areas.append(np.mean([draw_phantom(seed, SIZE, findings=[finding]).masks[0].sum() for seed in range(6)]))
    assert areas[0] < 0.6 * areas[1] < 0.6 * areas[2]


def test_geometry_does_not_depend_on_size() -> None:
    small, large = draw_phantom(5, 128), draw_large_phantom(5, 512)
    assert small.findings == large.findings
    assert large.image.dtype == np.uint16
    assert 2000 < large.image.max() <= 4095
    for a, b in ((small.lungs, large.lungs), (small.heart, large.heart)):
        assert abs(float(a.mean()) - float(b.mean())) < 0.01
        assert np.mean(a == b[2::4, 2::4]) > 0.97


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(ValueError, match="Fracture"):
        draw_phantom(1, SIZE, findings=[PhantomFinding("Fracture")])
    with pytest.raises(ValueError, match="six"):
        draw_phantom(1, SIZE, findings=[EXAMPLES[4]] * 7)
    with pytest.raises(ValueError, match="4096"):
        draw_phantom(1, 8)


def test_sampled_findings_are_varied_and_companions_also_come_alone() -> None:
    sampled = [sample_findings(np.random.default_rng([seed, 0])) for seed in range(2000)]
    names = [{f.observation for f in findings} for findings in sampled]
    assert 0.20 < np.mean([not s for s in names]) < 0.30
    assert 0.25 < np.mean(["Support Devices" in s for s in names]) < 0.35
    assert max(len(findings) for findings in sampled) <= 4
    for one, other in (
        ("Pleural Effusion", "Cardiomegaly"),
        ("Edema", "Cardiomegaly"),
        ("Atelectasis", "Pleural Effusion"),
    ):
        with_one = [s for s in names if one in s]
        assert 0.05 < np.mean([other in s for s in with_one]) < 0.6
    devices = {f.device for findings in sampled for f in findings if f.device}
    assert devices == set(DEVICES)
