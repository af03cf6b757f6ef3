"""Earlier studies of the patient shown that the index knows: asked for in the background, offered, and hung beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from engine.catalog.priors import Offer, PriorImage
from engine.dicom.radiograph import Radiograph
from engine.errors import CatalogError
from engine.worker.decode import shared_decoder
from viewer.hanging.ruling import Ruling
from viewer.i18n import tr
from viewer.settings.hanging import PRIORS
from viewer.state.hanging_choice import choose
from viewer.state.images import Problem
from viewer.tasks import TaskControl, run_task
from viewer.waiting import wait

if TYPE_CHECKING:
    from viewer.controller import Controller
    from viewer.hanging.desk import Desk
    from viewer.settings.preferences import Preferences
    from viewer.state.session import Session


class Priors(QObject):
    """Offers what an image is compared with; nothing of it changes what is shown, selected or switched on.

    Attributes
    ----------
    offer : Offer or None
        For the study shown; None while nothing is known of it.
    """

    changed = Signal()
    """Something else is offered, or hung."""
    told = Signal(str)

    def __init__(self, session: Session, controller: Controller, desk: Desk, preferences: Preferences) -> None:
        super().__init__(desk)
        self.offer: Offer | None = None
        self._session, self._controller, self._desk, self._state = session, controller, desk, desk.state
        self._preferences = preferences
        self._known: dict[str, Offer] = {}
        self._asked: set[str] = set()
        self._hung: tuple[str, frozenset[str]] = ("", frozenset())
        """Study, and the images that were hung beside one of it."""
        self._before = desk.state.layout
        """Layout that holds again when they are taken down."""
        self._put_away: set[str] = set()
        session.current_changed.connect(lambda _key: self._follow())
        session.image_changed.connect(lambda key: self._follow() if key == session.current_key else None)
        desk.state.changed.connect(lambda _none: self._on_hanging())
        controller.looked.connect(self._forget)

    def handlers(self) -> dict[str, Callable[[], object]]:
        """Return a handler for each action id."""
        return {"hang_prior": self.hang}

    @property
    def hung(self) -> bool:
        """Whether a prior that is offered hangs beside the image shown."""
        return self.offer is not None and any(_key(image) in self._state.keys for image in self.offer.images)

    @property
    def layout(self) -> str:
        """The layout that a person chose: what hangs for one study only is none to begin with the next time."""
        return self._before if self._hung[0] else self._state.layout

    @property
    def ready(self) -> bool:
        """Whether an earlier study is offered that can be shown."""
        return bool(self._ready())

    def hang(self) -> None:
        """Hang what belongs beside the image shown, by the rules; says why where nothing does."""
        if not self._ready():
            self.told.emit(tr("No earlier study of this patient is known that could be shown"))
        elif not self._hang_by_rule():
            self.told.emit(tr("No rule hangs an earlier study beside this view; View > Earlier studies does"))

    def hang_one(self, image: PriorImage) -> None:
        """Hang an earlier image at the right of the one shown."""
        key = self._session.current_key
        if key is not None and image in self._ready():
            self._hang("1x2", (key, _key(image)), 0)

    def _ready(self) -> list[PriorImage]:
        return [image for image in self.offer.images if not image.problem] if self.offer is not None else []

    def _hang_by_rule(self) -> bool:
        """Hang by the first rule that hangs a prior beside the image shown; returns whether there is one."""
        known = {key: image.identity for key, image in self._session.images.items() if image.identity is not None}
        offered = {_key(image): image.identity for image in self._ready()}
        rules = Ruling(self._session, self._desk, self._preferences).rules()
        choice = choose(rules, self._session.current_key or "", {**offered, **known}, beside=True)
        if choice is not None:
            self._hang(choice.layout, choice.keys, choice.active)
            self._desk.links.link_by_rule(choice.link)
        return choice is not None

    def _hang(self, layout: str, keys: Sequence[str], active: int) -> None:
        offered = {_key(image): image for image in self._ready()}
        wanted = [offered[key] for key in keys if key in offered]
        self._controller.open_beside([image.path for image in wanted])
        for image in wanted:
            self._session.set_identity(_key(image), image.identity)
        before, self._hung = self.layout, ("", frozenset())
        self._state.hang_beside(layout, keys, active)
        self._before = before
        self._hung = (self.offer.study if self.offer is not None else "", frozenset(keys) - {keys[active]})
        self.changed.emit()

    # asking

    def _follow(self) -> None:
        """Another image is shown, or more is known of it."""
        image = self._session.current
        who = image.identity if image is not None else None
        study = who.study_instance_uid if who is not None else ""
        offer = self._known.get(study)
        if offer != self.offer:
            self.offer = offer
            self.changed.emit()
        if self._hung[0] and self._hung[0] != study:
            self._take_down()
        if offer is not None:
            self._hang_by_itself(study)
        elif study and study not in self._asked:
            self._ask(study)

    def _ask(self, study: str) -> None:
        """Ask the index when the pixels of the image shown are there: they go first."""
        image, index = self._session.current, self._controller.index
        radiograph = image.radiograph if image is not None else None
        if radiograph is not None and index is not None:
            self._asked.add(study)
            work = partial(self._find, index.catalog.path, radiograph)
            run_task(work, partial(self._found, study), partial(self._not_found, study))

    def _find(self, index: Path, image: Radiograph, control: TaskControl) -> Offer:
        asked = (index, image.identity, image.acquisition.body_part)
        found: Offer = wait(shared_decoder().submit("engine.catalog.priors:find_priors", *asked), control)
        return found

    def _found(self, study: str, offer: Offer) -> None:
        self._known[study] = offer
        self._follow()

    def _not_found(self, study: str, error: BaseException) -> None:
        self._known[study] = Offer(study)
        if isinstance(error, CatalogError):
            # The index was told with code and advice when images were opened.
            self.told.emit(tr("Earlier studies are not known: {why}", why=error.message))
        else:
            self._session.noticed.emit(Problem.of(error))

    def _forget(self) -> None:
        """The index knows more than it did: ask again."""
        self._known.clear()
        self._asked.clear()
        self._follow()

    # hanging by itself

    def _hang_by_itself(self, study: str) -> None:
        wanted = self._preferences.text(PRIORS) == "hang" and study not in self._put_away
        alone = all(key in (None, self._session.current_key) for key in self._state.keys)
        if wanted and alone and self._ready():
            self._hang_by_rule()

    def _on_hanging(self) -> None:
        """A person may have put a prior away: for this study it does not come back by itself then."""
        study, keys = self._hung
        if study and not keys & set(self._state.keys):
            self._put_away.add(study)
            self._hung = ("", frozenset())
        self.changed.emit()

    def _take_down(self) -> None:
        """What hung beside another study does not stay beside this one."""
        if self._session.current_key not in self._hung[1]:
            self._hung = ("", frozenset())
            self._state.set_layout("1x1")
            self._state.set_layout(self._before)


def _key(image: PriorImage) -> str:
    return str(image.path.resolve())
