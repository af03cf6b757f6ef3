"""From a radiograph to an Analysis: preprocess, encode, gate, features, observations, heat maps (design §3)."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial

import numpy as np

from engine.dicom.radiograph import Radiograph
from engine.errors import InferenceError
from engine.inference.analysis import Analysis, FeatureMap, GateVerdict
from engine.inference.attribution import DEFAULT_METHOD, Method
from engine.inference.gate import ModelGate, combine, refuses, weigh_view
from engine.inference.header_gate import header_verdict, may_be_no_chest
from engine.inference.mapping import Encoded, Mapper
from engine.inference.model_verdict import model_verdict
from engine.inference.prepared import Prepared, prepare
from engine.inference.preprocess import pixel_values
from engine.inference.readings import active_features, observations
from engine.inference.session import ModelSession
from engine.inference.sparse import preactivations, unexplained_share
from engine.inference.steps import BEFORE_MAPS, Cancel, Progress, Steps
from engine.inference.tail import Tail
from engine.pack.library import InstalledPack
from engine.pack.precision import Precision


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
        How heat maps share out an activation (`engine.inference.attribution`). Occlusion runs the encoder a few
        hundred times for each image.
    precision : str
        One of `engine.inference.devices.PRECISION_NAMES`.

    Raises
    ------
    PackError, UsageError
        See `engine.inference.session.ModelSession`.
    """

    def __init__(
        self,
        pack: InstalledPack,
        device: str = "auto",
        threads: int | None = None,
        method: Method = DEFAULT_METHOD,
        precision: str = "auto",
    ) -> None:
        self.pack = pack
        self._pack_sha256 = pack.sha256
        self._session = ModelSession(pack, device, threads, precision)
        self._gate = ModelGate(pack.manifest.gate, pack.gate)
        self._method: Method = method
        spec = pack.manifest.encoder
        self._mapper = Mapper(self._session, Tail(pack.tail, spec.layer_norm_eps), spec)
        self._last: Encoded | None = None

    @property
    def session(self) -> ModelSession:
        """The pack's graphs."""
        return self._session

    @property
    def provider(self) -> str:
        """Execution provider that runs the encoder."""
        return self._session.provider

    @property
    def precision(self) -> Precision:
        """Of the encoder's graph that runs."""
        return self._session.precision

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a person should know about how this machine runs the model."""
        return self._session.warnings

    def warm_up(self) -> None:
        """See `engine.inference.session.ModelSession.warm_up`."""
        self._session.warm_up()

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
            Asked between the steps, and while maps are made by occlusion; True ends the analysis.
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
        steps = Steps(progress, cancelled)
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
        seen = model_verdict(self._session, self.pack.manifest, self._gate, output, radiograph)
        if doubtful:
            return self._empty(radiograph, [weigh_view(header, seen)], steps)
        verdicts.append(seen)
        steps.begin("features", 0.8)
        activations = self._session.activations(output.class_token)[0]
        active = np.flatnonzero(activations > 0.0)
        rows = self.pack.sae.rows(active.tolist())
        preactivation = preactivations(token, rows, activations[active])
        unexplained = unexplained_share(token, rows, activations[active])
        verdicts.append(self._gate.reconstruction_verdict(unexplained))
        if refuses(verdicts):
            return self._empty(radiograph, verdicts, steps)
        features = active_features(self.pack.features, rows.ids, activations)
        steps.begin("heat maps", BEFORE_MAPS)
        self._last = Encoded(_image(radiograph), ready.pixels, output, (radiograph.rows, radiograph.columns))
        maps = self._mapper.maps(self._last, rows, preactivation, self._method, steps.within)
        return replace(
            self._empty(radiograph, verdicts, steps),
            features=features,
            observations=observations(self.pack.manifest.calibration.readouts, activations),
            maps=maps,
            explained_variance=1.0 - unexplained,
        )

    def maps(
        self,
        radiograph: Radiograph,
        analysis: Analysis,
        method: Method,
        progress: Progress | None = None,
        cancelled: Cancel | None = None,
    ) -> dict[int, FeatureMap]:
        """Make the heat maps of an analysis of this image by another method.

        The image analysed last is not encoded again.

        Parameters
        ----------
        progress : callable, optional
            Called with what is done and its share so far, 0..1.
        cancelled : callable, optional
            Asked before the encoder runs, and between the runs of occlusion; True ends the work.

        Raises
        ------
        InferenceError
            ``WRONG_IMAGE``, ``WRONG_PACK`` where the analysis is of another image or pack; else as `analyse`.
        Cancelled
            When `cancelled` said so.
        """
        analysis.require_image(radiograph.identity.sop_instance_uid, radiograph.pixel_sha256)
        if analysis.pack_sha256 != self._pack_sha256:
            raise InferenceError("WRONG_PACK", "this analysis was made with another model pack", "analyse again")

        steps = Steps(progress, cancelled)
        steps.tell("heat maps", 0.0)
        encoded = self._encoded(radiograph)
        activations = self._session.activations(encoded.output.class_token)[0]
        rows = self.pack.sae.rows(sorted(analysis.maps))
        preactivation = preactivations(encoded.output.class_token[0], rows, activations[list(rows.ids)])
        return self._mapper.maps(encoded, rows, preactivation, method, partial(steps.tell, "heat maps"))

    def _encoded(self, radiograph: Radiograph) -> Encoded:
        if self._last is None or self._last.image != _image(radiograph):
            pixels = pixel_values(radiograph.display(), self.pack.manifest.encoder)
            size = (radiograph.rows, radiograph.columns)
            self._last = Encoded(_image(radiograph), pixels, self._session.encode(pixels), size)
        return self._last

    def _empty(self, radiograph: Radiograph, verdicts: list[GateVerdict], steps: Steps) -> Analysis:
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
            precision=self.precision,
            gate=combine(verdicts),
            features=(),
            observations=(),
            maps={},
            explained_variance=math.nan,
            timing_ms=steps.timing_ms,
            warnings=self.warnings,
        )


def _image(radiograph: Radiograph) -> tuple[str, str]:
    return radiograph.identity.sop_instance_uid, radiograph.pixel_sha256
