"""The line above a pane that says which earlier studies there are, which cannot be shown, and hangs them."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtWidgets import QHBoxLayout, QPushButton, QSizePolicy, QWidget

from engine.catalog.priors import Offer, PriorImage
from engine.dicom.patients import day_of
from engine.dicom.radiograph import Identity
from viewer.hanging.words import span_text
from viewer.i18n import tr
from viewer.image.annotations import date_text
from viewer.theme.text import plain_label

MOST_NAMED = 3


class PriorLine(QWidget):
    """Says it plainly where a file has gone, and that a study was left out because it may be another patient's."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.label = plain_label(parent=self)
        self.label.setObjectName("notes")
        self.label.setProperty("role", "notes")
        self.label.setWordWrap(True)
        self.label.setMinimumHeight(28)
        self.label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.button = QPushButton(tr("Hang beside"))
        self.button.setProperty("role", "small")
        self.button.setAccessibleName(tr("Hang the earlier study beside this image"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(self.label, 1)
        layout.addWidget(self.button)
        self.hide()

    def tell(self, offer: Offer | None, who: Identity | None, *, hung: bool) -> None:
        """Say what is offered for an image; what hangs already says itself what it is."""
        ready = offer is not None and any(not image.problem for image in offer.images)
        text = "  ·  ".join(offer_lines(offer, who, hung=hung)) if offer is not None and who is not None else ""
        self.label.setText(text)
        self.label.setAccessibleName(text)
        self.button.setVisible(ready and not hung)
        self.setVisible(bool(text))


def offer_lines(offer: Offer, who: Identity, *, hung: bool = False) -> list[str]:
    """Return what a person reads of an offer: the studies, those that cannot be read, and how many were left out."""
    ready = _by_day(image for image in offer.images if not image.problem)
    lines = []
    if ready and not hung:
        named = [prior_text(image.identity, who) for image in ready[:MOST_NAMED]]
        more = len(ready) - len(named)
        lines.append(tr("Earlier: {studies}", studies="; ".join(named) + (f"; +{more}" if more > 0 else "")))
    lines += [gone_text(image, who) for image in _by_day(image for image in offer.images if image.problem)[:MOST_NAMED]]
    if offer.unsure:
        lines.append(
            tr(
                "{count} earlier under this patient ID left out: birth date, issuer or name differ or are not stated",
                count=offer.unsure,
            )
        )
    return lines


def prior_text(identity: Identity, who: Identity) -> str:
    """``2023-05-04, 1 y 2 mo before``."""
    day, last = day_of(identity.study_date), day_of(who.study_date)
    return ", ".join((date_text(identity.study_date), *([span_text(day, last)] if day and last else [])))


def gone_text(image: PriorImage, who: Identity) -> str:
    """Say that an earlier image cannot be shown, and where it should lie."""
    said = prior_text(image.identity, who)
    if image.problem == "FILE_MISSING":
        return tr("{study}: the file is gone: {path}", study=said, path=image.path)
    return tr("{study}: the file cannot be read [{code}]: {path}", study=said, code=image.problem, path=image.path)


def _by_day(images: Iterable[PriorImage]) -> list[PriorImage]:
    """The first image of each study."""
    found: dict[str, PriorImage] = {}
    for image in images:
        found.setdefault(image.identity.study_instance_uid, image)
    return list(found.values())
