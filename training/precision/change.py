"""What a profile changes: class tokens, active features and drafts, on radiographs, through the engine itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.dicom.files import read_radiograph
from engine.dicom.radiograph import Radiograph
from engine.inference.analyzer import Analyzer
from engine.inference.preprocess import pixel_values
from engine.inference.session import ModelSession
from engine.pack.library import InstalledPack
from engine.pack.precision import Change
from engine.report.compose import compose
from engine.report.draft import Draft
from training.precision.graph import FloatArray
from training.precision.int8 import cosines

Stated = dict[tuple[str, str, str], str]
"""Observation, side and place → polarity."""


@dataclass(frozen=True, eq=False)
class WithEncoder(InstalledPack):
    """A pack whose encoder is another graph."""

    content: bytes

    @property
    def encoder_bytes(self) -> bytes:
        """The other graph."""
        return self.content


def measure_change(
    pack: InstalledPack,
    content: bytes,
    paths: Sequence[Path],
    threads: int,
    step: Callable[[str], None] = lambda _: None,
) -> Change:
    """Compare a graph with the pack's own on radiographs (files that can be read), one after another, on the CPU."""
    own = _Model(pack, threads)
    other = _Model(WithEncoder(pack.manifest, pack.folder, content), threads)
    tally = Tally()
    for number, path in enumerate(paths):
        step(f"measured {number} of {len(paths)}")
        radiograph = read_radiograph(path)
        tally.tokens(*(model.token(radiograph) for model in (own, other)))
        tally.features(*(model.active(radiograph) for model in (own, other)))
        tally.draft(own.draft(radiograph), other.draft(radiograph))
    return tally.change()


class _Model:
    """One graph with the pack's autoencoder, gate and words; what it last encoded is kept."""

    def __init__(self, pack: InstalledPack, threads: int) -> None:
        self._spec = pack.manifest.encoder
        self._analyzer = Analyzer(pack, "cpu", threads, precision="fp32")
        self._session: ModelSession = self._analyzer.session
        self._token: FloatArray = np.zeros((1, self._spec.d_model), np.float32)

    def token(self, radiograph: Radiograph) -> FloatArray:
        self._token = self._session.encode(pixel_values(radiograph.display(), self._spec)).class_token
        return self._token

    def active(self, radiograph: Radiograph) -> frozenset[int]:
        return frozenset(np.flatnonzero(self._session.activations(self._token)[0] > 0.0).tolist())

    def draft(self, radiograph: Radiograph) -> Draft | None:
        analysis = self._analyzer.analyse(radiograph)
        return None if analysis.gate.verdict == "refused" else compose(analysis)


@dataclass
class Tally:
    """Counts the differences of one image after another."""

    cosine: list[float] = field(default_factory=list)
    jaccard: list[float] = field(default_factory=list)
    unchanged: list[bool] = field(default_factory=list)
    added_features: int = 0
    lost_features: int = 0
    added_sentences: int = 0
    lost_sentences: int = 0
    polarity: int = 0

    def tokens(self, own: FloatArray, other: FloatArray) -> None:
        """Compare class tokens, each of shape (1, D)."""
        self.cosine.append(float(cosines(other, own)[0]))

    def features(self, own: frozenset[int], other: frozenset[int]) -> None:
        """Compare the features that are active."""
        union = len(own | other)
        self.jaccard.append(len(own & other) / union if union else 1.0)
        self.added_features += len(other - own)
        self.lost_features += len(own - other)

    def draft(self, own: Draft | None, other: Draft | None) -> None:
        """Compare drafts; None is an image that the gate refuses."""
        if own is None and other is None:
            return
        before, after = (_texts(draft) for draft in (own, other))
        self.unchanged.append(before == after and own is not None and other is not None)
        self.added_sentences += len([text for text in after if text not in before])
        self.lost_sentences += len([text for text in before if text not in after])
        stated, now = (_stated(draft) for draft in (own, other))
        self.polarity += sum(now.get(claim, polarity) != polarity for claim, polarity in stated.items())

    def change(self) -> Change:
        """Return the figures of all images."""
        drafts = len(self.unchanged)
        return Change(
            radiographs=len(self.cosine),
            cosine_least=min(self.cosine, default=1.0),
            cosine_mean=float(np.mean(self.cosine)) if self.cosine else 1.0,
            jaccard_least=min(self.jaccard, default=1.0),
            jaccard_mean=float(np.mean(self.jaccard)) if self.jaccard else 1.0,
            features_added=self.added_features,
            features_lost=self.lost_features,
            drafts=drafts,
            drafts_unchanged=sum(self.unchanged) / drafts if drafts else 1.0,
            sentences_added=self.added_sentences,
            sentences_lost=self.lost_sentences,
            polarity_changed=self.polarity,
        )


def _texts(draft: Draft | None) -> list[str]:
    return [] if draft is None else [sentence.text for sentence in draft.sentences()]


def _stated(draft: Draft | None) -> Stated:
    if draft is None:
        return {}
    findings = (finding for sentence in draft.sentences() for finding in sentence.claims)
    return {(finding.observation, finding.laterality, finding.location): finding.polarity for finding in findings}
