"""Two ways from an image to stated findings and their maps: the engine's own, and a dense linear probe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from engine.dicom.files import read_radiograph
from engine.inference.analysis import FeatureMap
from engine.inference.analyzer import Analyzer
from engine.inference.attribution import LastBlock
from engine.inference.preprocess import pixel_values, source_box
from engine.inference.session import EncoderOutput, ModelSession
from engine.inference.tail import Tail
from engine.pack.arrays import SaeRows
from engine.pack.library import InstalledPack
from engine.report.compose import compose
from engine.report.vocabulary import MIDLINE, implies
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
    """

    stated: tuple[Stated, ...]
    maps: dict[Key, FeatureMap]
    refused: bool = False


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
        return Answer(tuple(stated), maps)


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
        targets, probability = self._probe.targets, self._probe.probabilities(output.class_token)[0]
        passing = {t for t, p in zip(targets, probability, strict=True) if p >= self._probe.thresholds[t]}
        likely = {t: float(p) for t, p in zip(targets, probability, strict=True)}
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
        return Answer(tuple(stated.values()), self._maps(output, rows, (radiograph.rows, radiograph.columns)))

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


def answers(drafter: Drafter, paths: Sequence[Path]) -> list[Answer]:
    """Return the answers for many files, in order."""
    return [drafter.answer(path) for path in paths]
