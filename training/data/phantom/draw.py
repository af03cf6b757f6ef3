"""One phantom from its seed: background, findings, tone, report."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from training.data.phantom.background import Background, pose_background
from training.data.phantom.canvas import Canvas
from training.data.phantom.devices import device
from training.data.phantom.findings_heart import cardiomegaly
from training.data.phantom.findings_lung import atelectasis, consolidation, edema, lesion
from training.data.phantom.findings_pleura import effusion, pneumothorax
from training.data.phantom.procedural import draw_chest
from training.data.phantom.report import write_report
from training.data.phantom.sampling import sample_findings
from training.data.phantom.tone import Tone, burn_marker, finish
from training.data.phantom.types import Bools, Floats, Phantom, PhantomFinding

Draw = Callable[[Canvas, PhantomFinding, np.random.Generator], Bools]

# In the order of drawing: what changes the anatomy first, what lies on top last.
ORDER: dict[str, Draw] = {
    "Cardiomegaly": cardiomegaly,
    "Edema": edema,
    "Pleural Effusion": effusion,
    "Pneumothorax": pneumothorax,
    "Consolidation": consolidation,
    "Atelectasis": atelectasis,
    "Lung Lesion": lesion,
    "Support Devices": device,
}
# Findings that later ones should keep clear of.
CLAIMS = ("Pleural Effusion", "Pneumothorax", "Consolidation", "Lung Lesion")

SMALLEST = 2e-4
"""Share of the image a finding must visibly change to count as one (ten pixels at a side of 224)."""


def draw_phantom(
    seed: int,
    size: int = 256,
    background: Background | None = None,
    findings: Sequence[PhantomFinding] | None = None,
) -> Phantom:
    """Draw one chest radiograph with known findings; the same arguments give the same phantom.

    Parameters
    ----------
    seed : int
        Fixes anatomy, findings, exposure, noise and wording. Geometry does not depend on `size`.
    size : int
        Side in pixels; 64 to 4096.
    background : Background, optional
        A real normal radiograph to draw on; without it the anatomy is drawn too.
    findings : sequence of PhantomFinding, optional
        What to draw, at most six; sampled from the seed when not given. A sampled finding that does not show (fluid in
        an angle that is white already) is left out of the truth.

    Returns
    -------
    Phantom
        With an 8-bit image.

    Raises
    ------
    ValueError
        For findings that cannot be drawn or, when asked for, would not show; for a size out of range.
    """
    shown, phantom = _draw(seed, size, background, findings)
    image: NDArray[np.uint8] = np.round(shown * 255).astype(np.uint8)
    return Phantom(image, *phantom)


def draw_large_phantom(
    seed: int,
    size: int = 2048,
    background: Background | None = None,
    findings: Sequence[PhantomFinding] | None = None,
) -> Phantom:
    """The same phantom as `draw_phantom` draws, as a detector would deliver it: large, 12 bits in uint16 (0..4095)."""
    shown, phantom = _draw(seed, size, background, findings)
    image: NDArray[np.uint16] = np.round(shown * 4095).astype(np.uint16)
    return Phantom(image, *phantom)


_Truth = tuple[tuple[PhantomFinding, ...], tuple[Bools, ...], Bools, Bools, str, str, str, int]


def _draw(
    seed: int, size: int, background: Background | None, findings: Sequence[PhantomFinding] | None
) -> tuple[Floats, _Truth]:
    if not 64 <= size <= 4096:
        raise ValueError(f"a phantom's side is 64 to 4096 pixels, not {size}")
    chosen = tuple(sample_findings(_stream(seed, 0)) if findings is None else findings)
    if len(chosen) > 6:
        raise ValueError(f"at most six findings fit into one phantom, not {len(chosen)}")
    if background is None:
        attenuation, anatomy = draw_chest(_stream(seed, 1), size)
        tone, grain = Tone.draw(_stream(seed, 2)), float(_stream(seed, 3).uniform(0.006, 0.02))
    else:
        attenuation, anatomy, tone = pose_background(background, _stream(seed, 1), size)
        grain = float(_stream(seed, 3).uniform(0.002, 0.010))
    canvas = Canvas(attenuation, anatomy)
    drawn: dict[int, Bools] = {}
    for name, draw in ORDER.items():
        for index, finding in enumerate(chosen):
            if finding.observation == name:
                drawn[index] = draw(canvas, finding, _stream(seed, 100 + index))
                if name in CLAIMS:
                    canvas.taken = canvas.taken | drawn[index]
    if len(drawn) != len(chosen):
        unknown = sorted({f.observation for i, f in enumerate(chosen) if i not in drawn})
        raise ValueError(f"no way to draw {', '.join(unknown)}")
    hidden = [index for index in drawn if drawn[index].mean() < SMALLEST]
    if hidden and findings is not None:
        raise ValueError(f"{chosen[hidden[0]].observation} does not show on this background; take another seed")
    masks = tuple(drawn[index] for index in range(len(chosen)) if index not in hidden)
    chosen = tuple(finding for index, finding in enumerate(chosen) if index not in hidden)
    noise_stream = _stream(seed, 4)
    shown = finish(canvas.attenuation, tone, noise_stream, grain)
    if noise_stream.random() < (0.75 if background is None else 0.25):
        shown = burn_marker(shown, noise_stream)
    report = write_report(chosen, _stream(seed, 5)).text
    name = "procedural" if background is None else background.name
    a = canvas.anatomy
    return shown, (chosen, masks, a.lungs, a.heart, report, "PA", name, seed)


def _stream(seed: int, purpose: int) -> np.random.Generator:
    """Independent random numbers for each purpose, so that one does not shift another."""
    return np.random.default_rng([seed, purpose])
