"""Compose a draft anew without losing what a person did to the one before."""

from __future__ import annotations

from dataclasses import replace

from engine.report.draft import Draft, ReportSection, Sentence


def carry_over(old: Draft, new: Draft) -> Draft:
    """Return a new draft with every sentence that a person added, edited, confirmed or removed in the old one.

    Where the new draft has a sentence of the same key, the person's stands in its place; where it has none, for
    instance because the indication no longer asks for it, the person's stays in its section. The review is dropped.

    Raises
    ------
    DraftError
        ``WRONG_IMAGE``, ``WRONG_PACK`` when the drafts do not belong together.
    """
    new.require_image(old.sop_instance_uid, old.pixel_sha256)
    new.require_pack(*old.pack)
    touched = {section.name: _touched(section) for section in old.sections}
    elsewhere = {key for kept in touched.values() for key in kept}
    sections = []
    for section in new.sections:
        kept = touched.pop(section.name, {})
        own = [kept.pop(s.key, s) for s in section.sentences if s.key in kept or s.key not in elsewhere]
        sections.append(replace(section, sentences=(*own, *kept.values())))
    titles = {section.name: section.title for section in old.sections}
    gone = [ReportSection(name, titles[name], tuple(kept.values())) for name, kept in touched.items() if kept]
    # A section that only the old draft has stands before the last one, as composition places it.
    return replace(new, sections=(*sections[:-1], *gone, *sections[-1:]))


def _touched(section: ReportSection) -> dict[str, Sentence]:
    """Return the sentences on which a person has acted, by key."""
    return {s.key: s for s in section.sentences if s.by_person or s.state != "unconfirmed"}
