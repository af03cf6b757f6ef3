"""Which negatives are worth a sentence: those the indication asks about, and what answers for them."""

from __future__ import annotations

from collections.abc import Sequence

from engine.report.findings import Finding
from engine.report.vocabulary import PARENTS


def relevant(absent: Sequence[Finding], asked: Sequence[str]) -> list[Finding]:
    """Return the denials that an indication asks about; all of them where it asks nothing known.

    The absence of something general answers for what it excludes, where that has no denial of its own: clear lungs for
    an edema.
    """
    if not asked:
        return list(absent)
    denied = {finding.observation for finding in absent}
    wanted = {name if name in denied else PARENTS.get(name, name) for name in asked}
    return [finding for finding in absent if finding.observation in wanted]
