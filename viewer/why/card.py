"""The card that says why a sentence stands in the draft."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from engine.inference.analysis import Analysis
from engine.pack.evidence import PackEvidence
from engine.report.conflicts import conflicts_of
from engine.report.draft import Draft, Sentence
from engine.report.findings import Finding
from viewer.features.bar import ShareBar
from viewer.i18n import tr
from viewer.report.against import basis_text, conflict_text
from viewer.theme.text import plain_label
from viewer.why.feature_block import FeatureBlock
from viewer.why.reliability import ReliabilityPlot, reliability_text
from viewer.why.words import counts_text, finding_text, origin_text, probability_text, readout_of, rewriting_lines

SIZE = (560, 720)


@dataclass(frozen=True, eq=False)
class Asked:
    """A sentence, its draft, the analysis that the draft is of, and which of its features are muted."""

    sentence: Sentence
    draft: Draft
    analysis: Analysis
    muted: frozenset[int] = frozenset()

    @property
    def section(self) -> str:
        """Name of the sentence's section."""
        return next(s.name for s in self.draft.sections if any(one.key == self.sentence.key for one in s.sentences))


class WhyCard(QDialog):
    """Shows at once what the draft and the analysis know, and what the pack keeps when it was read; Escape closes it.

    Of a sentence that a person changed it shows what the program's own words had stood on, and says so.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Why this sentence"))
        self.setModal(False)
        self.resize(*SIZE)
        self.asked: Asked | None = None
        self.blocks: list[FeatureBlock] = []
        self.area = QScrollArea()
        self.area.setAccessibleName(tr("Why this sentence"))
        self.area.setWidgetResizable(True)
        self.area.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        close = QPushButton(tr("Close"))
        close.setAccessibleName(tr("Close"))
        close.clicked.connect(self.reject)
        foot = QHBoxLayout()
        self.pack = plain_label(role="small")
        foot.addWidget(self.pack, 1)
        foot.addWidget(close)
        layout = QVBoxLayout(self)
        layout.addWidget(self.area, 1)
        layout.addLayout(foot)

    def show_asked(self, asked: Asked, kept: PackEvidence | None = None, told: str = "") -> None:
        """Show why a sentence stands there.

        Parameters
        ----------
        kept : PackEvidence, optional
            What the pack keeps; None while it is being read, or where that failed.
        told : str
            Stands in its place then.
        """
        place = self.area.verticalScrollBar().value() if self._same(asked) else 0
        self.asked, self.blocks = asked, []
        analysis = asked.analysis
        self.pack.setText(f"{analysis.pack_name} {analysis.pack_version} · {analysis.pack_sha256[:12]}")
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._column.setSpacing(3)
        self._sentence(asked)
        for finding in asked.sentence.findings:
            self._finding(finding, asked, kept)
        self._against(asked)
        if told:
            self._say(told, "muted")
        self._features(asked, kept)
        self.area.setWidget(inside)
        self.setAccessibleDescription(asked.sentence.text)
        self.area.setAccessibleDescription("\n".join(self.lines()))
        self.area.verticalScrollBar().setValue(place)

    def lines(self) -> list[str]:
        """Return the texts of the card from top to bottom."""
        inside = self.area.widget()
        return [label.text() for label in inside.findChildren(QLabel)] if inside is not None else []

    def _same(self, asked: Asked) -> bool:
        return self.asked is not None and self.asked.sentence.key == asked.sentence.key

    def _sentence(self, asked: Asked) -> None:
        waiting = "reworded" if asked.sentence.origin == "rewritten" else "unconfirmed"
        self._say(asked.sentence.text, waiting if asked.sentence.state == "unconfirmed" else "title")
        self._say(origin_text(asked.sentence), "muted")
        counts = counts_text(asked.sentence, asked.analysis, asked.muted)
        if counts:
            self._say(counts, "muted")
        for line in rewriting_lines(asked.draft, asked.sentence):
            self._say(line, "small")

    def _finding(self, finding: Finding, asked: Asked, kept: PackEvidence | None) -> None:
        row = readout_of(asked.analysis.observations, finding)
        self._say(finding_text(finding).upper(), "section")
        above = row is not None and finding.probability >= row.threshold
        bar = ShareBar(
            finding.probability, "UNCONFIRMED" if above else "WEAK", mark=row.threshold if row is not None else None
        )
        bar.setAccessibleName(probability_text(finding, row))
        self._column.addWidget(bar)
        basis = basis_text(asked.sentence) if finding.basis else ""
        self._say(probability_text(finding, row) + (f" · {basis}" if basis else ""), "muted")
        readouts = kept.readouts if kept is not None else ()
        own = next(
            (r for r in readouts if (r.observation, r.laterality, r.location) == (finding.observation, "none", "")),
            None,
        )
        if own is not None and own.reliability:
            line = QHBoxLayout()
            line.addWidget(ReliabilityPlot(own.reliability, finding.probability), 0, Qt.AlignmentFlag.AlignTop)
            text = plain_label(reliability_text(own.reliability, finding.probability), role="small")
            text.setWordWrap(True)
            line.addWidget(text, 1)
            self._column.addLayout(line)
        elif own is not None:
            self._say(tr("The pack keeps no reliability bins of this observation."), "small")

    def _against(self, asked: Asked) -> None:
        lines = [conflict_text(c) for c in conflicts_of(asked.section, asked.sentence, asked.draft.conflicts)]
        if lines:
            self._say(tr("Against it").upper(), "section")
        for line in lines:
            self._say(line, "")

    def _features(self, asked: Asked, kept: PackEvidence | None) -> None:
        active = {feature.id: feature for feature in asked.analysis.features}
        features = sorted((active[i] for i in asked.sentence.evidence if i in active), key=lambda f: -f.percentile)
        if features:
            self._say(tr("Features behind it ({count})", count=len(features)).upper(), "section")
        for feature in features:
            its = kept.features.get(feature.id) if kept is not None else None
            block = FeatureBlock(feature, its, muted=feature.id in asked.muted)
            self.blocks.append(block)
            self._column.addWidget(block)

    def _say(self, text: str, role: str) -> None:
        label = plain_label(text, role=role)
        label.setWordWrap(True)
        if role == "section":
            label.setContentsMargins(0, 8, 0, 0)
        self._column.addWidget(label)
