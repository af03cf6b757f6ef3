"""Why an image was asked for, as its header says or a person typed."""

from __future__ import annotations

from engine.dicom.radiograph import Acquisition
from engine.report.questions import asked_about
from engine.report.style import shipped_questions
from engine.report.wording import languages


def header_indication(acquisition: Acquisition) -> str:
    """Return the indication of a header, as given; empty where it names none.

    A procedure's or study's description ("Chest 2 views") is no indication, unless it asks something ("Chest, ?
    pneumothorax").
    """
    if acquisition.indication:
        return acquisition.indication
    asked = asked_about(acquisition.procedure, [shipped_questions(code) for code in languages()])
    return acquisition.procedure if asked else ""
