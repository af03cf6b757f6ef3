"""Prove an exported graph equal to the reference, on real radiographs, and the engine's pixels equal to its pixels."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from engine.errors import EncoderError
from engine.inference.preprocess import normalise_intensity, pixel_values
from engine.inference.runtime import load_session, run_session
from engine.pack.manifest import EncoderSpec
from training.encoder.block import PreNormTransformer
from training.encoder.dinov2.reference import Floats, Transformers
from training.encoder.export_onnx import OUTPUTS

FloatArray = npt.NDArray[np.float32]
TOLERANCE = 1e-4
PIXEL_TOLERANCE = 1.0 / 255.0
MOST_OF_REFERENCE = 4.0
"""How far the graph may lie from double precision, where its limit is exceeded, in distances of the reference."""
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
        What each may be: 1e-4 · max(1, root mean square of the reference's values), the least of all inputs.
    excused : dict of str to (float, float)
        Outputs beyond their limit because the weights magnify rounding: the largest distance of the graph, and of the
        reference itself, from the reference in double precision. The first is at most four times the second: largest
        errors of chaotic sums scatter that much.
    pixels : float or None
        Largest difference of the engine's input from the processor's, in units of the range black to white; None where
        it was not compared.
    """

    reference: str
    radiographs: int
    random_inputs: int
    differences: dict[str, float]
    limits: dict[str, float]
    excused: dict[str, tuple[float, float]]
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
    differences, limits = dict.fromkeys(OUTPUTS, 0.0), dict.fromkeys(OUTPUTS, math.inf)
    excused: dict[str, tuple[float, float]] = {}
    session, _ = load_session(graph, "encoder.onnx", "cpu", threads)
    for number, pixels in enumerate(inputs):
        step(f"proof {number + 1} of {len(inputs)}")
        expected = _expected(own, reference, pixels)
        found = dict(zip(OUTPUTS, run_session(session, list(OUTPUTS), {"pixel_values": pixels}), strict=True))
        here = {name: _distance(found[name], expected[name]) for name in OUTPUTS}
        allowed = {name: limit_of(expected[name]) for name in OUTPUTS}
        beyond = [name for name in OUTPUTS if not here[name] <= allowed[name]]  # so that NaN is beyond too
        if beyond:
            exact = _expected(own, reference, pixels, double=True)
            for name in beyond:
                ours, theirs = _distance(found[name], exact[name]), _distance(expected[name], exact[name])
                before = excused.get(name, (0.0, 0.0))
                excused[name] = _worse(before[0], ours), _worse(before[1], theirs)
        differences = {name: _worse(differences[name], here[name]) for name in OUTPUTS}
        limits = {name: min(limits[name], allowed[name]) for name in OUTPUTS}
    for name, (ours, theirs) in excused.items():
        if not ours <= MOST_OF_REFERENCE * theirs:
            raise _not_equal(reference, f"{name} differs by {differences[name]:.1e}, more than {limits[name]:.1e}")
    seen = pixel_difference(reference, images, spec) if reference is not None and images else None
    if seen is not None and not seen <= PIXEL_TOLERANCE:
        raise _not_equal(reference, f"the input's pixels differ by {255 * seen:.2f} grey levels")
    name = reference.name if reference is not None else OWN_MODEL
    return Parity(name, len(images), 1, differences, limits, excused, seen)


def limit_of(expected: Floats) -> float:
    """Return how far an output may lie from the reference's: 1e-4, or that share of the values' root mean square."""
    return TOLERANCE * max(1.0, math.sqrt(float(np.square(expected, dtype=np.float64).mean())))


def pixel_difference(reference: Transformers, images: Sequence[FloatArray], spec: EncoderSpec) -> float:
    """Return the largest difference of the engine's input and the processor's, black to white being 1."""
    worst = 0.0
    for image in images:
        grey = np.rint(normalise_intensity(image, spec) * np.float32(255.0)).astype(np.uint8)
        difference = np.abs(pixel_values(image, spec) - reference.pixels(grey)).max(axis=(0, 2, 3))
        worst = max(worst, float((difference * np.array(spec.std)).max()))
    return worst


def _expected(
    own: PreNormTransformer, reference: Transformers | None, pixels: FloatArray, *, double: bool = False
) -> dict[str, Floats]:
    kind = torch.float64 if double else torch.float32
    with torch.inference_mode():
        rows = own.to(kind).tokens(torch.from_numpy(pixels).to(kind))
        read = own.read(rows)
        found = {"attn_cls": read.attention.numpy(), "v_last": read.values.numpy(), "x0_last": read.x0.numpy()}
        if reference is None:
            last = own.norm(own.last(rows)).numpy()
            found |= {"class_token": last[:, 0], "patch_tokens": last[:, 1:]}
        own.to(torch.float32)  # which gives the very same weights again
    if reference is not None:
        found["class_token"], found["patch_tokens"] = reference.tokens(pixels, double=double)
    return found


def _distance(found: Floats, expected: Floats) -> float:
    return float(np.abs(found - expected).max())


def _worse(one: float, other: float) -> float:
    """Return the greater; NaN is the worst of all, which Python's `max` may drop."""
    return float(np.maximum(one, other))


def _not_equal(reference: Transformers | None, why: str) -> EncoderError:
    return EncoderError(
        "IMPORT_NOT_EQUAL",
        f"the exported encoder is not equal to {reference.name if reference is not None else OWN_MODEL}: {why}",
        "do not use it; the folder's files may not belong together",
    )
