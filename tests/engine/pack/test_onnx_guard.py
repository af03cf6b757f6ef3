import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from engine.errors import PackError
from engine.pack.onnx_guard import check_onnx
from tests.engine.toy_vit import encoder_onnx, make_toy_vit


def model(nodes: list[onnx.NodeProto], initializers: list[onnx.TensorProto] | None = None) -> onnx.ModelProto:
    value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    return helper.make_model(helper.make_graph(nodes, "g", value[:1], value[1:], initializers or []))


def external(name: str = "w") -> onnx.TensorProto:
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value="../../etc/passwd")
    return tensor


def code_of(content: bytes) -> str:
    with pytest.raises(PackError) as caught:
        check_onnx(content, "encoder.onnx")
    return caught.value.code


def test_a_plain_model_passes() -> None:
    check_onnx(encoder_onnx(make_toy_vit()), "encoder.onnx")


def test_external_weights_are_refused() -> None:
    add = helper.make_node("Add", ["x", "w"], ["y"])
    assert code_of(model([add], [external()]).SerializeToString()) == "PACK_UNSAFE"


def test_external_weights_in_a_node_are_refused() -> None:
    constant = helper.make_node("Constant", [], ["y"], value=external())
    assert code_of(model([constant]).SerializeToString()) == "PACK_UNSAFE"


def test_external_weights_in_a_branch_are_refused() -> None:
    branch = helper.make_graph(
        [helper.make_node("Identity", ["w"], ["b"])],
        "branch",
        [],
        [helper.make_tensor_value_info("b", TensorProto.FLOAT, [1])],
        [external()],
    )
    node = helper.make_node("If", ["x"], ["y"], then_branch=branch, else_branch=branch)
    assert code_of(model([node]).SerializeToString()) == "PACK_UNSAFE"


def test_custom_operators_are_refused() -> None:
    node = helper.make_node("Anything", ["x"], ["y"], domain="com.evil")
    assert code_of(model([node]).SerializeToString()) == "PACK_UNSAFE"


def test_custom_operators_deep_in_a_branch_are_refused() -> None:
    out = [helper.make_tensor_value_info("b", TensorProto.FLOAT, [1])]
    inner = helper.make_graph([helper.make_node("Anything", ["x"], ["b"], domain="com.evil")], "inner", [], out)
    node = helper.make_node("If", ["x"], ["y"], then_branch=inner, else_branch=inner)
    assert code_of(model([node]).SerializeToString()) == "PACK_UNSAFE"


def test_local_functions_are_refused() -> None:
    proto = model([helper.make_node("Identity", ["x"], ["y"])])
    proto.functions.append(
        helper.make_function(
            "local", "f", ["a"], ["b"], [helper.make_node("Identity", ["a"], ["b"])], [helper.make_opsetid("", 18)]
        )
    )
    assert code_of(proto.SerializeToString()) == "PACK_UNSAFE"


@pytest.mark.parametrize("content", [b"", b"not a model at all", b"\x3a\xff\xff\xff\xff\x0f", b"\xff" * 40])
def test_other_bytes_are_refused(content: bytes) -> None:
    assert code_of(content) == "PACK_ONNX"


def test_every_cut_of_a_model_is_judged_without_another_error() -> None:
    content = encoder_onnx(make_toy_vit())
    for end in range(0, len(content), 997):
        assert code_of(content[:end]) == "PACK_ONNX"


@settings(max_examples=200, deadline=None)
@given(changes=st.lists(st.tuples(st.integers(0, 2**20), st.integers(0, 255)), max_size=8))
def test_spoilt_bytes_pass_or_are_refused_with_a_code(changes: list[tuple[int, int]]) -> None:
    content = bytearray(SMALL)
    for place, value in changes:
        content[place % len(content)] = value
    try:
        check_onnx(bytes(content), "sae.onnx")
    except PackError as error:
        assert error.code in ("PACK_ONNX", "PACK_UNSAFE")


SMALL = model([helper.make_node("Identity", ["x"], ["y"])]).SerializeToString()
