"""The menu that lists the earlier images of the patient shown; each hangs beside the current one."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QMenu, QWidget

from viewer.hanging.prior_line import gone_text, prior_text
from viewer.hanging.priors import Priors
from viewer.i18n import tr
from viewer.state.session import Session


class PriorMenu(QMenu):
    """Its lines are those of the image that is shown when it opens; what cannot be shown stands there, too."""

    def __init__(self, priors: Priors, session: Session, parent: QWidget) -> None:
        super().__init__(tr("Ea&rlier studies"), parent)
        self.setAccessibleName(tr("Earlier studies"))
        self._priors, self._session = priors, session
        self.aboutToShow.connect(self.renew)
        priors.changed.connect(self._enable)
        self._enable()

    def _enable(self) -> None:
        self.setEnabled(self._priors.offer is not None and bool(self._priors.offer.images))

    def renew(self) -> None:
        """List what is offered now."""
        self.clear()
        image, offer = self._session.current, self._priors.offer
        if image is None or image.identity is None or offer is None:
            return
        for prior in offer.images:
            if prior.problem:
                text = gone_text(prior, image.identity)
            else:
                text = "  ".join((prior_text(prior.identity, image.identity), prior.identity.view_position))
            action = self.addAction(text.replace("&", "&&"))
            action.setEnabled(not prior.problem)
            action.triggered.connect(partial(self._priors.hang_one, prior))
