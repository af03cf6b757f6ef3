"""The contracts between the parts: errors, drafts, analyses, preprocessing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import DraftError, InferenceError, SaeRadError
from engine.inference.analysis import Analysis, GateVerdict
from engine.inference.preprocess import encoder_image, pixel_values, source_box
from engine.pack.manifest import EncoderSpec
from engine.report.draft import Draft, DraftStatus, ReportSection, Sentence
from engine.report.findings import Finding


def _spec(**changes: object) -> EncoderSpec:
    values: dict[str, object] = {
        "source": "test", "licence": "Apache-2.0", "architecture": "vit", "input_height": 48, "input_width": 48,
        "patch_rows": 4, "patch_columns": 4, "d_model": 8, "n_heads": 2, "layer_norm_eps": 1e-6,
        "mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.25), "resize_rule": "stretch", "intensity_rule": "display",
    }  # fmt: skip
    return EncoderSpec.model_validate(values | changes)


def _draft() -> Draft:
    finding = Finding("Pleural Effusion", "present", "left", "", "small", "pleura", 0.9, (3,))
    first = Sentence("s1", "Small left pleural effusion.", (finding,), (3,), ai_text="Small left pleural effusion.")
    second = Sentence("s2", "The heart is not enlarged.", (), (5,), ai_text="The heart is not enlarged.")
    sections = (ReportSection("pleura", "Pleura", (first,)), ReportSection("heart", "Heart", (second,)))
    return Draft("1.2.3", "ab" * 32, "demo", "1.0.0", sections)


def test_error_text_says_code_what_and_what_to_do() -> None:
    assert str(SaeRadError("A_CODE", "it broke", "mend it")) == "[A_CODE] it broke; mend it"


def test_a_finding_needs_evidence() -> None:
    with pytest.raises(ValueError, match="evidence"):
        Finding("Edema", "present", "none", "", "none", "lungs", 0.9, ())


def test_review_waits_for_every_sentence() -> None:
    draft = _draft().confirm("s1")
    with pytest.raises(DraftError) as refused:
        draft.review()
    assert refused.value.code == "UNCONFIRMED"
    reviewed = draft.edit("s2", "Heart size normal.").review()
    assert reviewed.status is DraftStatus.REVIEWED
    assert reviewed.find("s2").origin == "edited"
    assert reviewed.find("s2").ai_text == "The heart is not enlarged."


def test_export_needs_a_review_and_a_change_drops_it() -> None:
    with pytest.raises(DraftError):
        _draft().exported()
    reviewed = _draft().confirm("s1").remove("s2").review()
    assert reviewed.exported().status is DraftStatus.EXPORTED
    assert reviewed.edit("s1", "Left effusion.").status is DraftStatus.DRAFT
    assert reviewed.add("heart", "Aortic sclerosis.", "a1").status is DraftStatus.DRAFT


def test_empty_edit_removes_and_added_sentences_keep_their_origin() -> None:
    draft = _draft().edit("s1", "  ").add("pleura", "No thickening.", "a1").edit("a1", "No pleural thickening.")
    assert [s.key for s in draft.sentences()] == ["a1", "s2"]
    assert draft.find("a1").origin == "added"


def test_wrong_image_is_refused() -> None:
    draft = _draft()
    draft.require_image("1.2.3", "ab" * 32)
    with pytest.raises(DraftError) as refused:
        draft.require_image("1.2.3", "cd" * 32)
    assert refused.value.code == "WRONG_IMAGE"
    gate = GateVerdict("suitable", "OK", "")
    analysis = Analysis("1.2.3", "ab" * 32, "demo", "1.0.0", "CPU", gate, (), (), {}, 0.0, {})
    with pytest.raises(InferenceError):
        analysis.require_image("9.9.9", "ab" * 32)


def test_crop_rule_is_centred_and_has_the_input_aspect() -> None:
    spec = _spec(resize_rule="shortest_side_center_crop")
    assert source_box(100, 60, spec) == (0.0, 20.0, 60.0, 80.0)
    assert source_box(100, 60, _spec()) == (0.0, 0.0, 60.0, 100.0)


@pytest.mark.parametrize("rule", ["stretch", "shortest_side_center_crop"])
@pytest.mark.parametrize("size", [(480, 480), (300, 470), (31, 77)])
def test_resampling_keeps_a_linear_ramp_in_place(rule: str, size: tuple[int, int]) -> None:
    """A ramp is its own smooth version: every input pixel must read the ramp at its own centre."""
    rows, columns = size
    spec = _spec(resize_rule=rule)
    ramp = np.broadcast_to((np.arange(columns, dtype=np.float32) + 0.5) / columns, (rows, columns)).copy()
    seen = encoder_image(ramp, spec)
    left, _, right, _ = source_box(rows, columns, spec)
    centres = (left + (np.arange(48) + 0.5) * (right - left) / 48) / columns
    inner = slice(6, -6)
    np.testing.assert_allclose(seen[24, inner], centres[inner], atol=4e-3)


@given(st.floats(0.05, 0.4), st.floats(0.5, 0.95))
def test_percentile_rule_is_independent_of_exposure(low: float, high: float) -> None:
    base = np.linspace(0, 1, 64 * 64, dtype=np.float32).reshape(64, 64)
    spec = _spec(intensity_rule="percentile")
    changed = (low + (high - low) * base).astype(np.float32)
    np.testing.assert_allclose(encoder_image(changed, spec), encoder_image(base, spec), atol=2e-3)


def test_pixel_values_are_normalised_three_channels() -> None:
    values = pixel_values(np.full((64, 64), 0.75, dtype=np.float32), _spec())
    assert values.shape == (1, 3, 48, 48)
    assert values.dtype == np.float32
    np.testing.assert_allclose(values, 1.0, atol=1e-5)


def test_tiny_or_coloured_images_are_refused() -> None:
    for shape in ((8, 8), (64, 64, 3)):
        with pytest.raises(InferenceError):
            encoder_image(np.zeros(shape, dtype=np.float32), _spec())
