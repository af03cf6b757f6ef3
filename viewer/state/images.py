"""One opened file: what is known of it, whether its pixels are held, what the model said of it."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from engine.dicom.radiograph import Identity, Radiograph
from engine.errors import SaeRadError
from engine.inference.analysis import Analysis
from viewer.marking import mark, told, tr
from viewer.state.groups import FeatureGroup, group_features
from viewer.state.history import DraftHistory
from viewer.state.results import PackKey, ResultSet


class Load(enum.Enum):
    """Where the pixels of an image are."""

    WAITING = "waiting"
    LOADING = "loading"
    READY = "ready"
    FAILED = "failed"


class Work(enum.Enum):
    """How far the analysis of an image is."""

    NONE = mark("not analysed")
    RUNNING = mark("analysing")
    DONE = mark("analysed")
    FAILED = mark("analysis failed")
    CANCELLED = mark("analysis cancelled")


@dataclass(frozen=True)
class Problem:
    """Why something did not work, as a person reads it."""

    code: str
    message: str
    hint: str = ""

    @classmethod
    def of(cls, error: BaseException) -> Problem:
        """Describe an exception; those that are not ours keep their type as code."""
        if isinstance(error, SaeRadError):
            return cls(error.code, *told(error.code, error.message, error.hint))
        return cls(
            f"UNEXPECTED_{type(error).__name__.upper()}",
            str(error) or type(error).__name__,
            tr("this is a fault of the program: please report it with the text above"),
        )


@dataclass(eq=False)
class OpenImage:
    """One opened file.

    Attributes
    ----------
    key : str
        Identifies the image within the session: the resolved path.
    identity : Identity or None
        Kept when the pixels are released, so that the list of images stays complete.
    typed_indication : str or None
        Found on disk: it was being typed when the program ended; until it is shown.
    radiograph : Radiograph or None
        None until loaded, and again after its pixels were released to save memory.
    analysis : Analysis or None
        The one that the draft stands on; `analysed` says when it arrived.
    others : dict
        Analyses by other packs, by pack; they change nothing of the draft.
    beside : tuple or None
        Which of them is shown beside `analysis`.
    """

    key: str
    path: Path
    load: Load = Load.WAITING
    identity: Identity | None = None
    radiograph: Radiograph | None = None
    problem: Problem | None = None
    work: Work = Work.NONE
    analysis: Analysis | None = None
    analysis_problem: Problem | None = None
    history: DraftHistory | None = None
    restored: bool = False
    typed_indication: str | None = None
    analysed: datetime | None = None
    others: dict[PackKey, ResultSet] = field(default_factory=dict)
    beside: PackKey | None = None

    @property
    def results(self) -> ResultSet | None:
        """The analysis that the draft stands on, with how it was made."""
        return ResultSet(self.analysis, self.analysed) if self.analysis is not None and self.analysed else None

    @property
    def compared(self) -> ResultSet | None:
        """The analysis shown beside it."""
        return self.others.get(self.beside) if self.beside is not None else None

    @property
    def groups(self) -> tuple[FeatureGroup, ...]:
        """The active features, those that say the same thing together."""
        if self.analysis is None:
            return ()
        return group_features(self.analysis.features, self.analysis.pack_sha256)

    @property
    def title(self) -> str:
        """Short name for lists."""
        if self.identity is None:
            return self.path.name
        return self.identity.patient_name or self.identity.patient_id or self.path.name
