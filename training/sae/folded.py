"""A sparse autoencoder after training: the JumpReLU form that every architecture reduces to (design §2)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper
from safetensors.numpy import load_file, save_file

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class FoldedSae:
    """``z = w_enc (x - b_dec) + b_enc``, ``f = z * (z > threshold)``, ``x_hat = f w_dec + b_dec``.

    Attributes
    ----------
    w_enc, w_dec : ndarray of float32, shape (n_features, d_model)
        Rows of `w_dec` have unit length, so an activation is a length in class-token space.
    b_enc, threshold : ndarray of float32, shape (n_features,)
    b_dec : ndarray of float32, shape (d_model,)
    """

    w_enc: FloatArray
    b_enc: FloatArray
    threshold: FloatArray
    b_dec: FloatArray
    w_dec: FloatArray

    @property
    def n_features(self) -> int:
        """Width of the dictionary."""
        return int(self.w_enc.shape[0])

    @property
    def d_model(self) -> int:
        """Width of the class token."""
        return int(self.w_enc.shape[1])

    @property
    def sha256(self) -> str:
        """SHA-256 of names and numbers: one name for exactly this autoencoder."""
        digest = hashlib.sha256()
        for name, value in sorted(vars(self).items()):
            digest.update(f"{name} {value.shape} ".encode() + np.ascontiguousarray(value, dtype="<f4").tobytes())
        return digest.hexdigest()

    def pick(self, features: npt.NDArray[np.int64]) -> FoldedSae:
        """Return an autoencoder of some of the features, in the order given."""
        rows = (self.w_enc[features], self.b_enc[features], self.threshold[features])
        return FoldedSae(*rows, b_dec=self.b_dec, w_dec=self.w_dec[features])

    def preactivations(self, tokens: FloatArray) -> FloatArray:
        """Return z, shape (N, n_features)."""
        bias = self.b_enc - self.w_enc @ self.b_dec
        return np.asarray(tokens @ self.w_enc.T + bias, dtype=np.float32)

    def encode(self, tokens: FloatArray) -> FloatArray:
        """Return activations, shape (N, n_features); zero where a feature is off."""
        z = self.preactivations(tokens)
        return np.where(z > self.threshold, z, np.float32(0.0))

    def decode(self, activations: FloatArray) -> FloatArray:
        """Return the reconstruction, shape (N, d_model)."""
        return np.asarray(activations @ self.w_dec + self.b_dec, dtype=np.float32)

    def save(self, path: Path) -> None:
        """Write ``sae.safetensors``."""
        save_file({name: np.ascontiguousarray(value) for name, value in vars(self).items()}, str(path))

    @classmethod
    def load(cls, path: Path) -> FoldedSae:
        """Read ``sae.safetensors``."""
        return cls(**load_file(str(path)))

    def to_onnx(self) -> onnx.ModelProto:
        """Return the graph MatMul, Add, Greater, Mul (with the Cast that turns Greater's boolean into a factor)."""
        constants = {
            "weight": np.ascontiguousarray(self.w_enc.T),
            "bias": np.asarray(self.b_enc - self.w_enc @ self.b_dec, dtype=np.float32),
            "threshold": self.threshold,
        }
        nodes = [
            helper.make_node("MatMul", ["class_token", "weight"], ["projection"]),
            helper.make_node("Add", ["projection", "bias"], ["preactivation"]),
            helper.make_node("Greater", ["preactivation", "threshold"], ["fires"]),
            helper.make_node("Cast", ["fires"], ["gate"], to=TensorProto.FLOAT),
            helper.make_node("Mul", ["preactivation", "gate"], ["activations"]),
        ]
        graph = helper.make_graph(
            nodes,
            "sae",
            [helper.make_tensor_value_info("class_token", TensorProto.FLOAT, ["N", self.d_model])],
            [helper.make_tensor_value_info("activations", TensorProto.FLOAT, ["N", self.n_features])],
            [numpy_helper.from_array(value, name) for name, value in constants.items()],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], producer_name="saerad-train")
        model.ir_version = 9
        onnx.checker.check_model(model, full_check=True)
        return model
