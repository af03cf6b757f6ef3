"""The two ONNX graphs of a pack as typed calls."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np

from engine.errors import InferenceError, PackError
from engine.inference.compiled import Compiled, open_compiled
from engine.inference.devices import CPU, DEVICES
from engine.inference.gpu import tensorrt_version
from engine.inference.precision import PrecisionChoice, choose_precision
from engine.inference.providers import choose_providers
from engine.inference.runtime import FloatArray, load_session, needed_graph, run_session
from engine.pack.library import InstalledPack
from engine.pack.precision import PROFILE_FILES, Precision


@dataclass(frozen=True, eq=False)
class EncoderOutput:
    """What the encoder says of N images (pack contract; token 0 is the class token, patches are row-major).

    Attributes
    ----------
    class_token : ndarray of float32, shape (N, D)
        After the final layer norm.
    patch_tokens : ndarray of float32, shape (N, P, D), or (N, 0, D)
        After the final layer norm; none where the pack's gate does not look at them, for they cost time.
    attn_cls : ndarray of float32, shape (N, heads, P + 1)
        The class token's attention in the last block.
    v_last : ndarray of float32, shape (N, P + 1, heads, D / heads)
        Values of the last block, before the output projection.
    x0_last : ndarray of float32, shape (N, D)
        The class token as it enters the last block.
    """

    class_token: FloatArray
    patch_tokens: FloatArray
    attn_cls: FloatArray
    v_last: FloatArray
    x0_last: FloatArray


class ModelSession:
    """Encoder and autoencoder of one pack, loaded from verified bytes.

    Attributes
    ----------
    provider : str
        The provider that the runtime really uses for the encoder.
    precision : {"fp32", "fp16", "int8"}
        Of the encoder's graph that runs.
    warnings : tuple of str
        Why these are not the ones asked for.

    Raises
    ------
    PackError
        ``PACK_ONNX`` when a graph cannot be loaded or has not the inputs and outputs of the contract.
    UsageError
        See `engine.inference.providers.choose_providers` and `engine.inference.precision.choose_precision`.
    """

    def __init__(
        self, pack: InstalledPack, device: str = "auto", threads: int | None = None, precision: str = "auto"
    ) -> None:
        manifest = pack.manifest
        spec, patches = manifest.encoder, manifest.encoder.patch_rows * manifest.encoder.patch_columns
        d, heads = spec.d_model, spec.n_heads
        outputs: dict[str, tuple[int, ...]] = {
            "class_token": (d,),
            "patch_tokens": (patches, d),
            "attn_cls": (heads, patches + 1),
            "v_last": (patches + 1, heads, d // heads),
            "x0_last": (d,),
        }
        if manifest.gate.descriptor == "class_token":
            del outputs["patch_tokens"]
        self._shapes = outputs
        self._encoder, choice, warning, self._compiled = _open_encoder(pack, outputs, device, threads, precision)
        # The autoencoder is one matrix product: the CPU is never the bottleneck and keeps its sums in one order.
        self._sae, _ = load_session(pack.sae_bytes, "sae.onnx", "cpu", threads)
        self.provider: str = self._encoder.get_providers()[0]
        self.precision: Precision = choice.precision
        kept = self._compiled.warning if self._compiled is not None else ""
        self.warnings = tuple(text for text in (warning, choice.warning, kept) if text)
        self._pixel_shape = (3, spec.input_height, spec.input_width)
        _check_contract(self._encoder, "encoder.onnx", {"pixel_values"}, set(self._shapes))
        _check_contract(self._sae, "sae.onnx", {"class_token"}, {"activations"})
        self._n_features = manifest.sae.n_features

    def warm_up(self) -> None:
        """Run the encoder once where the first run costs more than the next: a GPU's kernels are chosen in it."""
        if self.provider != CPU:
            self.encode(np.zeros((1, *self._pixel_shape), dtype=np.float32))

    def encode(self, pixel_values: FloatArray) -> EncoderOutput:
        """Run the encoder on pixels of shape (N, 3, H, W).

        Raises
        ------
        InferenceError
            ``MODEL_FAILED`` when the runtime fails, or the outputs have the wrong shape or are not finite.
        """
        if pixel_values.shape[1:] != self._pixel_shape:
            raise InferenceError("MODEL_FAILED", f"the encoder takes {self._pixel_shape}, not {pixel_values.shape[1:]}")
        names = list(self._shapes)
        values = dict(zip(names, self._run_encoder(names, pixel_values), strict=True))
        for name, shape in self._shapes.items():
            _check_output(values[name], (len(pixel_values), *shape), name)
        none = np.zeros((len(pixel_values), 0, self._shapes["class_token"][0]), dtype=np.float32)
        return EncoderOutput(**{"patch_tokens": none, **values})

    def class_tokens(self, pixel_values: FloatArray) -> FloatArray:
        """Run the encoder on pixels of shape (N, 3, H, W) for the class tokens alone: (N, D).

        Raises
        ------
        InferenceError
            As `encode`.
        """
        (values,) = self._run_encoder(["class_token"], pixel_values)
        _check_output(values, (len(pixel_values), *self._shapes["class_token"]), "class_token")
        return values

    def _run_encoder(self, names: list[str], pixel_values: FloatArray) -> list[FloatArray]:
        try:
            values = run_session(self._encoder, names, {"pixel_values": pixel_values})
        except InferenceError:
            if self._compiled is not None:  # it may be what was kept that fails; the next start compiles again
                self._compiled.discard()
            raise
        if self._compiled is not None:  # the first run with a number of images may compile for it
            self._compiled.seal()
        return values

    def activations(self, class_token: FloatArray) -> FloatArray:
        """Run the autoencoder's encoder: (N, D) → (N, F), zero where a feature is not active."""
        (values,) = run_session(self._sae, ["activations"], {"class_token": class_token})
        _check_output(values, (len(class_token), self._n_features), "activations")
        return values


def _open_encoder(
    pack: InstalledPack, outputs: Collection[str], device: str, threads: int | None, wanted: str
) -> tuple[Any, PrecisionChoice, str, Compiled | None]:
    """Return the encoder's session, its precision, why it runs elsewhere than asked for (may be empty), its cache."""
    provider = choose_providers(device).first
    choice = choose_precision(wanted, provider, pack.manifest)
    compiled = _compiled(pack, choice.precision, outputs, provider)
    session, warning = _load(pack, choice.precision, outputs, device, threads=threads, compiled=compiled)
    used = session.get_providers()[0]
    # Where the runtime fell back to another provider, the choice is another one too.
    really = choose_precision(wanted, used, pack.manifest)
    if really.precision != choice.precision:
        session, _ = _load(pack, really.precision, outputs, "cpu", threads=threads)
    return session, really, warning, compiled if used == provider else None


def _load(
    pack: InstalledPack,
    precision: Precision,
    outputs: Collection[str],
    device: str,
    *,
    threads: int | None,
    compiled: Compiled | None = None,
) -> tuple[Any, str]:
    content = pack.encoder_bytes if precision == "fp32" else pack.profile_bytes(precision)
    graph = needed_graph(content, outputs, device)
    del content  # before the runtime takes memory
    return load_session(graph, _file(precision), device, threads, compiled)


def _compiled(pack: InstalledPack, precision: Precision, outputs: Collection[str], provider: str) -> Compiled | None:
    graph = {
        "sha256": pack.manifest.files[_file(precision)].sha256,
        "outputs": " ".join(sorted(outputs)),
        "precision": precision,
        "tensorrt": tensorrt_version() if provider == DEVICES["tensorrt"][0] else "",
    }
    return open_compiled(provider, graph)


def _file(precision: Precision) -> str:
    return "encoder.onnx" if precision == "fp32" else PROFILE_FILES[precision]


def _check_contract(session: Any, name: str, inputs: set[str], outputs: set[str]) -> None:
    have_in, have_out = ({item.name for item in items} for items in (session.get_inputs(), session.get_outputs()))
    if have_in != inputs or not outputs <= have_out:
        raise PackError(
            "PACK_ONNX",
            f"{name} has inputs {sorted(have_in)} and outputs {sorted(have_out)}, "
            f"not {sorted(inputs)} and {sorted(outputs)}",
            "get the pack again",
        )


def _check_output(value: FloatArray, shape: tuple[int, ...], name: str) -> None:
    if value.shape != shape or value.dtype != np.float32:
        raise InferenceError(
            "MODEL_FAILED",
            f"the model's {name} is {value.dtype} {value.shape}, not float32 {shape}",
            "get the pack again",
        )
    if not np.isfinite(value).all():
        raise InferenceError("MODEL_FAILED", f"the model's {name} is not finite", "try --device cpu")
