"""How a person wants drafts to be composed: indication, language, house style."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.dicom.radiograph import Radiograph
from engine.errors import DraftError, UsageError
from engine.inference.analysis import Analysis
from engine.report.compose import compose
from engine.report.draft import Draft
from engine.report.indication import header_indication
from engine.report.style import load_style


@dataclass(frozen=True)
class DraftWishes:
    """How drafts are composed; None leaves it to the image or the shipped files."""

    indication: str | None = None
    language: str | None = None
    style: Path | None = None

    def check(self) -> None:
        """Refuse a style before the first image is analysed.

        Raises
        ------
        UsageError
            With the codes of :func:`engine.report.style.load_style`.
        """
        try:
            load_style(self.language, self.style)
        except DraftError as error:
            raise UsageError(error.code, error.message, error.hint) from error

    def draft(self, analysis: Analysis, radiograph: Radiograph) -> Draft:
        """Compose the draft of an image that was not refused."""
        typed = self.indication
        return compose(
            analysis,
            indication=header_indication(radiograph.acquisition) if typed is None else typed,
            source="header" if typed is None else "typed",
            language=self.language,
            own_style=self.style,
        )


DEFAULT_WISHES = DraftWishes()
