"""Prove an exported graph equal to the reference, on real radiographs, and the engine's pixels equal to its pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from engine.errors import EncoderError
from engine.inference.preprocess import normalise_intensity, pixel_values
from engine.inference.session import load_session, run_session
from engine.pack.manifest import EncoderSpec
from training.encoder.block import PreNormTransformer
from training.encoder.dinov2.reference import Transformers
from training.encoder.export_onnx import OUTPUTS

FloatArray = npt.NDArray[np.float32]
TOLERANCE = 1e-4
PIXEL_TOLERANCE = 1.0 / 255.0
OWN_MODEL = "this program's own PyTorch model"


@dataclass(frozen=True)
class Parity:
    """What was compared, with what, and how far apart it was.

    Attributes
    ----------
    reference : str
        What class token and patch tokens were compared with.
    radiographs, random_inputs : int
        Inputs of each kind.
    differences : dict of str to float
        Largest absolute difference of each output over all inputs. The last block's attention, values and incoming
        class token are not in transformers' answer and are compared with the program's own PyTorch model.
    limits : dict of str to float
        What each may be: 1e-4 · max(1, root mean square of the reference's values).
    pixels : float or None
        Largest difference of the engine's input from the processor's, in units of the range black to white; None where
        it was not compared.
    """

    reference: str
    radiographs: int
    random_inputs: int
    differences: dict[str, float]
    limits: dict[str, float]
    pixels: float | None


def prove(
    graph: bytes,
    own: PreNormTransformer,
    reference: Transformers | None,
    images: Sequence[FloatArray],
    spec: EncoderSpec,
    *,
    threads: int = 2,
    step: Callable[[str], None] = lambda _: None,
) -> Parity:
    """Compare, one input at a time: each image, and one input of random pixels.

    Parameters
    ----------
    own : PreNormTransformer
        The encoder in PyTorch, which stands in for the reference where that is None.
    images : sequence of ndarray of float32, shape (rows, columns)
        Displayed values, 0 black to 1 white.

    Raises
    ------
    EncoderError
        ``IMPORT_NOT_EQUAL``.
    """
    noise = np.random.default_rng(0).standard_normal((1, 3, spec.input_height, spec.input_width))
    inputs = [*(pixel_values(image, spec) for image in images), noise.astype(np.float32)]
    differences, squares = dict.fromkeys(OUTPUTS, 0.0), dict.fromkeys(OUTPUTS, 0.0)
    session, _ = load_session(graph, "encoder.onnx", "cpu", threads)
    for number, pixels in enumerate(inputs):
        step(f"proof {number + 1} of {len(inputs)}")
        expected = _expected(own, reference, pixels)
        for name, value in zip(OUTPUTS, run_session(session, list(OUTPUTS), {"pixel_values": pixels}), strict=True):
            differences[name] = max(differences[name], float(np.abs(value - expected[name]).max()))
            squares[name] += float(np.square(expected[name], dtype=np.float64).mean()) / len(inputs)
    limits = {name: TOLERANCE * max(1.0, square**0.5) for name, square in squares.items()}
    seen = pixel_difference(reference, images, spec) if reference is not None and images else None
    parity = Parity(reference.name if reference else OWN_MODEL, len(images), 1, differences, limits, seen)
    _judge(parity)
    return parity


def pixel_difference(reference: Transformers, images: Sequence[FloatArray], spec: EncoderSpec) -> float:
    """Return the largest difference of the engine's input and the processor's, black to white being 1."""
    worst = 0.0
    for image in images:
        grey = np.rint(normalise_intensity(image, spec) * np.float32(255.0)).astype(np.uint8)
        difference = np.abs(pixel_values(image, spec) - reference.pixels(grey)).max(axis=(0, 2, 3))
        worst = max(worst, float((difference * np.array(spec.std)).max()))
    return worst


def _expected(own: PreNormTransformer, reference: Transformers | None, pixels: FloatArray) -> dict[str, FloatArray]:
    with torch.inference_mode():
        rows = own.tokens(torch.from_numpy(pixels))
        read = own.read(rows)
        found = {"attn_cls": read.attention.numpy(), "v_last": read.values.numpy(), "x0_last": read.x0.numpy()}
        if reference is None:
            last = own.norm(own.last(rows)).numpy()
            found |= {"class_token": last[:, 0], "patch_tokens": last[:, 1:]}
    if reference is not None:
        found["class_token"], found["patch_tokens"] = reference.tokens(pixels)
    return found


def _judge(parity: Parity) -> None:
    wrong = [
        f"{name} differs by {difference:.1e}, more than {parity.limits[name]:.1e}"
        for name, difference in parity.differences.items()
        if not difference <= parity.limits[name]  # so that NaN is wrong too
    ]
    if parity.pixels is not None and not parity.pixels <= PIXEL_TOLERANCE:
        wrong.append(f"the input's pixels differ by {255 * parity.pixels:.2f} grey levels")
    if wrong:
        raise EncoderError(
            "IMPORT_NOT_EQUAL",
            f"the exported encoder is not equal to {parity.reference}: {'; '.join(wrong)}",
            "do not use it; the folder's files may not belong together",
        )
