"""A composer: the draft as this program makes it, with the impression at the top."""

from __future__ import annotations

from dataclasses import replace

from engine.inference.analysis import Analysis
from engine.report.draft import Draft


def impression_first(analysis: Analysis, draft: Draft) -> Draft:
    """Move a section; every sentence keeps the features it stands on."""
    return replace(draft, sections=tuple(sorted(draft.sections, key=lambda section: section.name != "impression")))
