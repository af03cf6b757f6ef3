"""Rounding is the runtime's rounding, its sums fit everywhere, and scaling saves channels beside a dominating one."""

from __future__ import annotations

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper

from training.precision.observe import Seen
from training.precision.scaling import best_scaling, correction, errors, lost, round_tokens, round_weight

RNG = np.random.default_rng(0)
WEIGHT = RNG.standard_normal((32, 24)).astype(np.float32)


def seen(rows: np.ndarray) -> Seen:
    return Seen(rows.min(axis=1), rows.max(axis=1), rows)


def test_tokens_are_rounded_as_the_runtime_rounds_them() -> None:
    x = (RNG.standard_normal((50, 32)) * 3 + 1).astype(np.float32)
    nodes = [
        helper.make_node("DynamicQuantizeLinear", ["x"], ["q", "s", "z"]),
        helper.make_node("DequantizeLinear", ["q", "s", "z"], ["y"]),
    ]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [50, 32]) for name in "xy"]
    model = helper.make_model(
        helper.make_graph(nodes, "g", ends[:1], ends[1:]), opset_imports=[helper.make_opsetid("", 18)], ir_version=10
    )
    onnx.checker.check_model(model)
    (expected,) = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"]).run(
        None, {"x": x}
    )
    np.testing.assert_allclose(round_tokens(x, float(x.min()), float(x.max())), expected, atol=1e-5)


def test_two_products_fit_into_16_bits() -> None:
    whole, step = round_weight(WEIGHT)
    assert 2 * 255 * int(np.abs(whole.astype(int)).max()) <= 2**15 - 1
    assert np.abs(whole * step - WEIGHT).max() <= 0.5001 * step.max()
    assert (np.abs(whole).max(axis=0) == 64).all(), "each column uses the whole range"


def test_scaling_saves_the_channels_beside_a_dominating_one() -> None:
    rows = RNG.standard_normal((4, 50, 32)).astype(np.float32)
    rows[..., 7] *= 100.0
    plain = lost(seen(rows), WEIGHT, None)
    best = best_scaling(seen(rows), [WEIGHT], 1.0)
    assert best.scales is not None and best.error < 0.5 * plain
    assert best_scaling(seen(rows), [WEIGHT], 0.01).scales is None, "not worth what it costs"


def test_a_correction_takes_the_mean_error_away() -> None:
    rows = (RNG.standard_normal((4, 50, 32)) * 0.1 + RNG.standard_normal(32)).astype(np.float32)
    before = errors(seen(rows), WEIGHT, None)
    after = before + correction(seen(rows), WEIGHT, None)
    assert np.abs(after.mean(axis=0)).max() < 1e-5
    assert np.square(after).sum() < 0.7 * np.square(before).sum()
