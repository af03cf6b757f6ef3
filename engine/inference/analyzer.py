"""From a radiograph to an Analysis: preprocess, encode, gate, features, observations, heat maps (design §3)."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from engine.dicom.radiograph import Radiograph
from engine.errors import Cancelled, InferenceError
from engine.inference.analysis import ActiveFeature, Analysis, FeatureMap, GateVerdict, ObservationProbability
from engine.inference.attribution import LastBlock, Method, feature_maps
from engine.inference.gate import INVERTED, SUITABLE, ModelGate, combine, polarity_verdict, refuses, weigh_view
from engine.inference.header_gate import header_verdict, may_be_no_chest
from engine.inference.prepared import Prepared, prepare
from engine.inference.preprocess import pixel_values, source_box
from engine.inference.session import EncoderOutput, ModelSession
from engine.pack.arrays import SaeRows
from engine.pack.descriptor import describe
from engine.pack.library import InstalledPack
from engine.pack.manifest import OBSERVATIONS, Readout

Progress = Callable[[str, float], None]
Cancel = Callable[[], bool]


class Analyzer:
    """One pack, loaded and ready; use it for many images, from one thread at a time.

    Parameters
    ----------
    pack : InstalledPack
    device : str
        One of `engine.inference.providers.DEVICE_NAMES`.
    threads : int, optional
        Threads of the runtime; None takes the cores this process may use.
    method : str
        How heat maps share out an activation (`engine.inference.attribution`).

    Raises
    ------
    PackError, UsageError
        See `engine.inference.session.ModelSession` and `engine.inference.providers.choose_providers`.
    """

    def __init__(
        self, pack: InstalledPack, device: str = "auto", threads: int | None = None, method: Method = "messages"
    ) -> None:
        self.pack = pack
        self._pack_sha256 = pack.sha256
        self._session = ModelSession(pack, device, threads)
        self._gate = ModelGate(pack.manifest.gate, pack.gate)
        self._method: Method = method

    @property
    def provider(self) -> str:
        """Execution provider that runs the encoder."""
        return self._session.provider

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know about how this machine runs the model."""
        return self._session.warnings

    def prepare(self, radiograph: Radiograph) -> Prepared | None:
        """Do ahead of `analyse` what needs no model, from any thread; None where the header alone refuses the image.

        Raises
        ------
        InferenceError
            ``IMAGE_SHAPE``.
        """
        header = header_verdict(radiograph)
        if refuses([header]) and not may_be_no_chest(radiograph, header):
            return None
        return prepare(radiograph, self.pack.manifest.encoder)

    def analyse(
        self,
        radiograph: Radiograph,
        progress: Progress | None = None,
        cancelled: Cancel | None = None,
        prepared: Prepared | None = None,
    ) -> Analysis:
        """Analyse one image.

        Parameters
        ----------
        progress : callable, optional
            Called with a step's name and the share done so far, 0..1.
        cancelled : callable, optional
            Asked between the steps; True ends the analysis.
        prepared : Prepared, optional
            What `prepare` made of this image; made here when None.

        Returns
        -------
        Analysis
            A refused image has a gate verdict and nothing else.

        Raises
        ------
        InferenceError
            When the image has no usable shape or the model fails on it.
        Cancelled
            When `cancelled` said so.
        """
        steps = _Steps(progress, cancelled)
        header = header_verdict(radiograph)
        doubtful = may_be_no_chest(radiograph, header)
        verdicts = [] if doubtful else [header]
        if refuses(verdicts):
            return self._empty(radiograph, verdicts, steps)
        steps.begin("preparing", 0.0, 0.0 if prepared is None else prepared.seconds)
        ready = prepare(radiograph, self.pack.manifest.encoder) if prepared is None else prepared
        verdicts.append(ready.verdict)
        if ready.pixels is None:
            return self._empty(radiograph, verdicts, steps)
        steps.begin("encoder", 0.1)
        output = self._session.encode(ready.pixels)
        token = output.class_token[0]
        seen = self._model_verdict(output, radiograph)
        if doubtful:
            return self._empty(radiograph, [weigh_view(header, seen)], steps)
        verdicts.append(seen)
        steps.begin("features", 0.8)
        activations = self._session.activations(output.class_token)[0]
        active = np.flatnonzero(activations > 0.0)
        rows = self.pack.sae.rows(active.tolist())
        preactivation = _preactivations(token, rows, activations[active])
        unexplained = _unexplained(token, rows, activations[active])
        verdicts.append(self._gate.reconstruction_verdict(unexplained))
        if refuses(verdicts):
            return self._empty(radiograph, verdicts, steps)
        features = self._features(rows.ids, activations)
        observations = self._observations(activations)
        steps.begin("heat maps", 0.85)
        maps = self._maps(output, rows, preactivation, (radiograph.rows, radiograph.columns))
        return replace(
            self._empty(radiograph, verdicts, steps),
            features=features,
            observations=observations,
            maps=maps,
            explained_variance=1.0 - unexplained,
        )

    def _model_verdict(self, output: EncoderOutput, radiograph: Radiograph) -> GateVerdict:
        """Only an image that is not suitable costs a second run, which shows whether polarity is the reason."""
        own = self._describe(output)
        verdict = self._gate.descriptor_verdict(own)
        if verdict == SUITABLE:
            return verdict
        inverted = self._session.encode(pixel_values(1.0 - radiograph.display(), self.pack.manifest.encoder))
        verdict = self._gate.descriptor_verdict(own, self._describe(inverted))
        return polarity_verdict(radiograph) if verdict == INVERTED else verdict

    def _describe(self, output: EncoderOutput) -> npt.NDArray[np.float32]:
        """What the pack's gate judges by, of the only image of an output."""
        spec, kind = self.pack.manifest.encoder, self.pack.manifest.gate.descriptor
        found = describe(kind, output.class_token, output.patch_tokens, spec.patch_rows, spec.patch_columns)
        return np.asarray(found[0])

    def _empty(self, radiograph: Radiograph, verdicts: list[GateVerdict], steps: _Steps) -> Analysis:
        """Identity, verdict and times: all there is of a refused image."""
        steps.end()
        manifest = self.pack.manifest
        return Analysis(
            sop_instance_uid=radiograph.identity.sop_instance_uid,
            pixel_sha256=radiograph.pixel_sha256,
            pack_name=manifest.name,
            pack_version=manifest.version,
            pack_sha256=self._pack_sha256,
            provider=self.provider,
            gate=combine(verdicts),
            features=(),
            observations=(),
            maps={},
            explained_variance=math.nan,
            timing_ms=steps.timing_ms,
            warnings=self.warnings,
        )

    def _features(self, ids: tuple[int, ...], activations: npt.NDArray[np.float32]) -> tuple[ActiveFeature, ...]:
        records = self.pack.features.get(ids)
        features = []
        for ident in ids:
            value, record = float(activations[ident]), records.get(ident)
            if record is None:
                features.append(
                    ActiveFeature(
                        id=ident,
                        description=f"feature {ident} (not described)",
                        activation=value,
                        percentile=0.0,
                        observation="",
                        polarity="present",
                        laterality="none",
                        location="",
                        severity="none",
                        section="other",
                        label_score=0.0,
                        reportable=False,
                    )
                )
                continue
            features.append(
                ActiveFeature(
                    id=ident,
                    description=record.description,
                    activation=value,
                    percentile=record.percentile(value),
                    observation=record.observation,
                    polarity=record.polarity,
                    laterality=record.laterality,
                    location=record.location,
                    severity=record.severity,
                    section=record.section,
                    label_score=record.label_score,
                    reportable=record.reportable,
                    typical=record.quantiles[len(record.quantiles) // 2],
                )
            )
        return tuple(sorted(features, key=lambda f: (-f.percentile, -f.activation, f.id)))

    def _observations(self, activations: npt.NDArray[np.float32]) -> tuple[ObservationProbability, ...]:
        """The 14 observations in their order, then readouts by side and location in the manifest's order."""
        readouts = self.pack.manifest.calibration.readouts
        whole = {r.observation: r for r in readouts if r.laterality == "none" and not r.location}
        first = [whole[name] for name in OBSERVATIONS]
        return tuple(_probability(r, activations) for r in [*first, *(r for r in readouts if r not in first)])

    def _maps(
        self, output: EncoderOutput, rows: SaeRows, preactivation: npt.NDArray[np.float64], size: tuple[int, int]
    ) -> dict[int, FeatureMap]:
        spec = self.pack.manifest.encoder
        block = LastBlock(self.pack.tail, output.attn_cls[0], output.v_last[0], output.x0_last[0], spec.layer_norm_eps)
        return feature_maps(
            block,
            rows,
            preactivation,
            grid=(spec.patch_rows, spec.patch_columns),
            box=source_box(*size, spec),
            method=self._method,
        )


def _probability(readout: Readout, activations: npt.NDArray[np.float32]) -> ObservationProbability:
    """sigmoid(bias + Σ weight · activation); the evidence is the active features, the strongest push up first."""
    pushes = {i: w * float(activations[i]) for i, w in zip(readout.feature_ids, readout.weights, strict=True)}
    logit = max(-500.0, min(500.0, readout.bias + sum(pushes.values())))
    active = sorted((i for i in pushes if activations[i] > 0.0), key=lambda i: (-pushes[i], i))
    return ObservationProbability(
        readout.observation,
        readout.laterality,
        readout.location,
        1.0 / (1.0 + math.exp(-logit)),
        readout.threshold,
        readout.absence_threshold,
        tuple(active),
        readout.reportable,
    )


def _preactivations(
    token: npt.NDArray[np.float32], rows: SaeRows, activations: npt.NDArray[np.float32]
) -> npt.NDArray[np.float64]:
    """z = w_enc (x - b_dec) + b_enc, which must be what the SAE's graph gave for an active feature."""
    z: npt.NDArray[np.float64] = rows.w_enc.astype(np.float64) @ (token.astype(np.float64) - rows.b_dec) + rows.b_enc
    if z.size and float(np.abs(z - activations).max()) > 1e-3 * (1.0 + float(np.abs(z).max())):
        raise InferenceError(
            "SAE_MISMATCH", "sae.onnx and sae.safetensors of the pack disagree", "get the pack again from its publisher"
        )
    return z


def _unexplained(token: npt.NDArray[np.float32], rows: SaeRows, activations: npt.NDArray[np.float32]) -> float:
    """|x - x_hat|² / |x - b_dec|² with x_hat from the active features alone."""
    offset = token.astype(np.float64) - rows.b_dec
    rest = offset - activations.astype(np.float64) @ rows.w_dec
    return float(rest @ rest) / max(float(offset @ offset), 1e-12)


@dataclass
class _Steps:
    """Times the steps, reports them and asks whether to go on."""

    progress: Progress | None
    cancelled: Cancel | None
    timing_ms: dict[str, float] = field(default_factory=dict)
    _name: str = ""
    _start: float = 0.0

    def begin(self, name: str, share: float, spent_s: float = 0.0) -> None:
        """Begin a step, for which `spent_s` seconds were spent before."""
        self._close()
        if self.cancelled is not None and self.cancelled():
            raise Cancelled
        if self.progress is not None:
            self.progress(name, share)
        self._name, self._start = name, time.perf_counter() - spent_s

    def end(self) -> None:
        self._close()
        self.timing_ms["total"] = sum(self.timing_ms.values())
        if self.progress is not None:
            self.progress("done", 1.0)

    def _close(self) -> None:
        if self._name:
            self.timing_ms[self._name.replace(" ", "_")] = (time.perf_counter() - self._start) * 1000.0
        self._name = ""
