"""What the encoder's description of an image says of it: suitable, unlike the pack's images, a negative."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.dicom.radiograph import Radiograph
from engine.inference.analysis import GateVerdict
from engine.inference.gate import INVERTED, SUITABLE, ModelGate, polarity_verdict
from engine.inference.preprocess import pixel_values
from engine.inference.session import EncoderOutput, ModelSession
from engine.pack.descriptor import describe
from engine.pack.manifest import Manifest


def model_verdict(
    session: ModelSession, manifest: Manifest, gate: ModelGate, output: EncoderOutput, radiograph: Radiograph
) -> GateVerdict:
    """Judge an image by what the encoder said of it.

    Only an image that is not suitable costs a second run, which shows whether its polarity is the reason.

    Parameters
    ----------
    output : EncoderOutput
        Of this image alone.

    Raises
    ------
    InferenceError
        As `ModelSession.encode`.
    """
    own = _described(manifest, output)
    verdict = gate.descriptor_verdict(own)
    if verdict == SUITABLE:
        return verdict
    inverted = session.encode(pixel_values(1.0 - radiograph.display(), manifest.encoder))
    verdict = gate.descriptor_verdict(own, _described(manifest, inverted))
    return polarity_verdict(radiograph) if verdict == INVERTED else verdict


def _described(manifest: Manifest, output: EncoderOutput) -> npt.NDArray[np.float32]:
    """What the pack's gate judges by, of the only image of an output."""
    spec, kind = manifest.encoder, manifest.gate.descriptor
    found = describe(kind, output.class_token, output.patch_tokens, spec.patch_rows, spec.patch_columns)
    return np.asarray(found[0])
