"""A result object read back: what it holds, which images it refers to, and who made it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.readback.presentation import PresentationState
from engine.readback.report import Report
from engine.readback.segments import Segmentation


@dataclass(frozen=True)
class Provenance:
    """Who made an object, when, and what became of it (as the file says; empty when absent).

    Attributes
    ----------
    kind : str
        ``SR``, ``GSPS`` or ``SEG``.
    sop_class : str
        Name of the SOP class, such as ``Basic Text SR``.
    software : str
        Software Versions, joined by a comma.
    title : str
        Document title, content label or description: what the object calls itself.
    date, time : str
        When the content was made, ``YYYYMMDD`` and ``HHMMSS.ffffff``.
    status : tuple of str
        Completion, verification and preliminary flag as the file has them, such as ``PARTIAL``, ``UNVERIFIED``.
    """

    kind: str
    sop_class: str
    sop_instance_uid: str
    study_instance_uid: str = ""
    series_instance_uid: str = ""
    series_number: str = ""
    series_description: str = ""
    patient_id: str = ""
    manufacturer: str = ""
    model: str = ""
    software: str = ""
    title: str = ""
    creator: str = ""
    date: str = ""
    time: str = ""
    status: tuple[str, ...] = ()


Content = Report | PresentationState | Segmentation


@dataclass(frozen=True, eq=False)
class ResultObject:
    """One result object.

    Attributes
    ----------
    source : Path
        The file it came from.
    images : tuple of str
        SOP Instance UIDs of the images that it refers to, each once.
    warnings : tuple of str
        What was odd about the file, and which of its parts are not shown; one sentence each.
    """

    source: Path
    provenance: Provenance
    content: Content
    images: tuple[str, ...]
    warnings: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """``SR``, ``GSPS`` or ``SEG``."""
        return self.provenance.kind
