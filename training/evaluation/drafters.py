"""Two ways from an image to stated findings and their maps: the engine's own, and a dense linear probe."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from engine.dicom.files import read_radiograph
from engine.inference.analysis import ActiveFeature, FeatureMap, ObservationProbability
from engine.inference.analyzer import Analyzer
from engine.inference.attribution import LastBlock
from engine.inference.preprocess import pixel_values, source_box
from engine.inference.session import EncoderOutput, ModelSession
from engine.inference.tail import Tail
from engine.pack.arrays import SaeRows
from engine.pack.library import InstalledPack
from engine.report.compose import compose
from engine.report.draft import Draft
from engine.report.grounding import check_draft
from engine.report.vocabulary import MIDLINE, implies
from training.evaluation.baselines.composed import compose_from, evidence_for, probability
from training.evaluation.matching import Key, Stated, stated_by
from training.evaluation.probe import DenseProbe
from training.labelling.cases import DEVICES, NORMAL, Attribute


@dataclass(frozen=True, eq=False)
class Answer:
    """What a system says of one image.

    Attributes
    ----------
    maps : dict
        For each stated finding, where it was read.
    refused : bool
        Whether the gate refused the image; nothing is stated then.
    draft : Draft, optional
        The report that states them; None for a refused image.
    faults : int
        Faults of the draft against the features that it cites.
    """

    stated: tuple[Stated, ...]
    maps: dict[Key, FeatureMap]
    refused: bool = False
    draft: Draft | None = None
    faults: int = 0


class Drafter(Protocol):
    """Anything that states findings."""

    def answer(self, path: Path) -> Answer:
        """Return what is stated of an image file."""


class EngineDrafter:
    """The path of ``saerad analyse``: read, analyse, compose; the findings are those of the draft's sentences."""

    def __init__(self, pack: InstalledPack, threads: int = 1) -> None:
        self._analyzer = Analyzer(pack, device="cpu", threads=threads)

    def answer(self, path: Path) -> Answer:
        """Return what the draft states; a finding's map is the sum of the maps of the features it cites."""
        analysis = self._analyzer.analyse(read_radiograph(path))
        if analysis.gate.verdict == "refused":
            return Answer((), {}, refused=True)
        draft = compose(analysis)
        findings = [
            finding
            for section in draft.sections
            if section.name != "impression"
            for sentence in section.sentences
            for finding in sentence.findings
        ]
        stated = stated_by(findings)
        maps: dict[Key, FeatureMap] = {}
        for finding in findings:
            if finding.polarity == "present":
                key = (finding.observation, finding.location if finding.observation == DEVICES else "")
                cited = [analysis.maps[i] for i in finding.evidence]
                maps[key] = replace(cited[0], values=np.sum([m.values for m in cited], axis=0, dtype=np.float32))
        return Answer(tuple(stated), maps, draft=draft, faults=len(check_draft(draft, analysis)))


class ProbeDrafter:
    """Findings straight from a dense linear probe on the class token, worded by no features.

    Parameters
    ----------
    pack : InstalledPack
        Gives the encoder and its tail; its autoencoder is not used.
    """

    def __init__(self, pack: InstalledPack, probe: DenseProbe, threads: int = 1) -> None:
        self._session = ModelSession(pack, "cpu", threads)
        self._pack, self._probe = pack, probe
        self._tail = Tail(pack.tail, pack.manifest.encoder.layer_norm_eps)

    def answer(self, path: Path) -> Answer:
        """Return every finding whose probability reaches its threshold, with the map of the probe's direction."""
        spec = self._pack.manifest.encoder
        radiograph = read_radiograph(path)
        output = self._session.encode(pixel_values(radiograph.display(), spec))
        targets, values = self._probe.targets, self._probe.probabilities(output.class_token)[0]
        passing = {t for t, p in zip(targets, values, strict=True) if p >= self._probe.thresholds[t]}
        likely = {t: float(p) for t, p in zip(targets, values, strict=True)}
        stated: dict[Key, Stated] = {}
        rows: dict[Key, int] = {}
        for index, target in enumerate(targets):
            if target not in passing or target.observation == NORMAL or target.laterality != "none":
                continue
            if target.observation == DEVICES and not target.location:
                continue
            key = (target.observation, target.location)
            sides = self._sides(target.observation, passing, likely)
            stated[key], rows[key] = Stated(key, sides), index
        general = [k for k in stated if any(o != k and implies(o[0], k[0]) for o in stated)]
        for key in general:
            if key[0] != DEVICES:
                del stated[key], rows[key]
        maps = self._maps(output, rows, (radiograph.rows, radiograph.columns))
        return Answer(tuple(stated.values()), maps, draft=self._draft(values))

    def _draft(self, values: npt.NDArray[np.float64]) -> Draft:
        """Word the probabilities with the composer's templates, each target standing for a feature that says so."""
        probe = self._probe
        evidence: list[ActiveFeature] = []
        beliefs: list[ObservationProbability] = []
        for index, (target, value) in enumerate(zip(probe.targets, values.tolist(), strict=True)):
            threshold, absence = probe.thresholds[target], probe.absence_thresholds[target]
            beliefs.append(probability(target, value, threshold, absence))
            if value >= threshold:
                evidence.append(evidence_for(index, target, value))
            elif value < absence and target.polarity == "present" and target.laterality == "none":
                evidence.append(evidence_for(index, replace(target, polarity="absent"), 1.0 - value))
        return compose_from(evidence, beliefs)

    def _sides(self, observation: str, passing: set[Attribute], likely: dict[Attribute, float]) -> frozenset[str]:
        if observation in MIDLINE or observation == DEVICES:
            return frozenset()
        sides = {t.laterality: t for t in likely if t.observation == observation and t.laterality in ("left", "right")}
        named = frozenset(side for side, t in sides.items() if t in passing)
        if named or not sides:
            return named
        return frozenset({max(sides, key=lambda side: likely[sides[side]])})

    def _maps(self, output: EncoderOutput, rows: dict[Key, int], size: tuple[int, int]) -> dict[Key, FeatureMap]:
        spec = self._pack.manifest.encoder
        block = LastBlock(self._tail, output.attn_cls[0], output.v_last[0], output.x0_last[0])
        wanted = list(rows.values())
        weights = self._probe.weights[wanted].astype(np.float32)
        zeros = np.zeros(len(wanted), dtype=np.float32)
        bias = self._probe.biases[wanted].astype(np.float32)
        centre = np.zeros(spec.d_model, dtype=np.float32)
        shares = block.messages(SaeRows(tuple(wanted), weights, bias, zeros, weights, centre))
        grid = (spec.patch_rows, spec.patch_columns)
        box = source_box(*size, spec)
        return {
            key: FeatureMap(index, shares.patches[k].reshape(grid).astype(np.float32), 0.0, 0.0, "probe", box)
            for k, (key, index) in enumerate(rows.items())
        }


def answers(drafter: Drafter, paths: Sequence[Path], progress: Callable[[str, float], None]) -> list[Answer]:
    """Return the answers for many files, in order."""
    given = []
    for index, path in enumerate(paths, start=1):
        given.append(drafter.answer(path))
        if index % 50 == 0 or index == len(paths):
            progress("phantoms", index / len(paths))
    return given
