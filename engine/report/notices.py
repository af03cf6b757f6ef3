"""Texts about a draft, as against about the image: its status, and what stands where no sentence does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from engine.report.draft import ReportSection


class Notices(BaseModel):
    """Texts that every shown and exported report carries; a draft keeps those of the style it was composed in.

    Attributes
    ----------
    from_header, typed : str
        Where the indication comes from.
    asked, unanswered : str
        What the indication asks about, and what of it the draft neither states nor denies.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    strip: str
    draft: str
    reviewed: str
    empty_section: str
    left_out: str
    empty_impression: str
    removed: str
    indication: str
    from_header: str
    typed: str
    asked: str
    unanswered: str

    def notice(self, section: ReportSection) -> str:
        """Return what stands in a section in which no sentence is left; empty for the others.

        A notice is about the draft and claims nothing of the image, so that it needs no evidence.
        """
        if any(sentence.state != "removed" for sentence in section.sentences):
            return ""
        if section.sentences:
            return self.removed
        if section.name == "impression":
            return self.empty_impression
        return self.left_out if section.left_out else self.empty_section
