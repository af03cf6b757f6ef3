"""Let composers of other people write the draft; one that breaks the rules of a draft is passed over, and it is said.

An entry point of ``saerad.composers`` names ``compose(analysis, draft) -> Draft``: it gets the program's own draft and
returns another one of the same image, whose sentences name the features they stand on, too.
"""

from __future__ import annotations

from dataclasses import replace

from engine.errors import DraftError, PluginError
from engine.inference.analysis import Analysis
from engine.plugins.points import COMPOSERS, Plugin, call, require_plugin, unusable
from engine.report.composing import Composing
from engine.report.draft import Draft, ReportSection, Sentence
from engine.report.serialise import sound_draft
from engine.report.wording import load_wording

OWN_DRAFT = "the draft is the program's own"


def compose_with(name: str, analysis: Analysis, own: Draft) -> Draft:
    """Return the draft of a composer, or the program's own with the reason in ``composing``.

    What a plug-in may not decide stays as it is in the program's own draft: image, pack, language, indication, words of
    the notices; no sentence of it is confirmed, edited or by a person.

    Parameters
    ----------
    own : Draft
        What the program's rules made of the analysis.
    """
    title = name
    try:
        plugin = require_plugin(COMPOSERS, name)
        title = plugin.title
        sections = _checked(plugin, call(plugin, analysis, own, lost=OWN_DRAFT), analysis, own)
    except PluginError as error:
        return replace(own, composing=Composing(title, error.code, error.message))
    return replace(own, sections=sections, composing=Composing(title))


def _checked(plugin: Plugin, made: object, analysis: Analysis, own: Draft) -> tuple[ReportSection, ...]:
    """Return the sections of a draft, if they keep what a draft promises."""
    if not isinstance(made, Draft):
        raise unusable(plugin, f"returned a {type(made).__name__} instead of a Draft", OWN_DRAFT)
    try:
        # Fields of a wrong type would only be met by an export; now they are met here.
        made = sound_draft(made)
        made.require_image(own.sop_instance_uid, own.pixel_sha256)
        made.require_pack(*own.pack)
    except DraftError as error:
        raise unusable(plugin, f"returned a draft that cannot be used ({error.message})", OWN_DRAFT) from error
    known, keys = {feature.id for feature in analysis.features}, set[str]()
    names = [section.name for section in made.sections]
    if len(set(names)) != len(names) or not set(names) <= load_wording(own.language).sections.keys():
        raise unusable(plugin, f"returned sections that a report does not have ({', '.join(names)})", OWN_DRAFT)
    for section in made.sections:
        for sentence in section.sentences:
            if why := _fault(sentence, known, keys):
                raise unusable(plugin, f"returned the sentence {sentence.text[:80]!r}, which {why}", OWN_DRAFT)
            keys.add(sentence.key)
    return tuple(
        replace(section, sentences=tuple(replace(s, ai_text=s.text) for s in section.sentences))
        for section in made.sections
    )


def _fault(sentence: Sentence, known: set[int], keys: set[str]) -> str:
    """Say in words what is wrong with a sentence; empty where nothing is."""
    cited = {feature for finding in sentence.findings for feature in finding.evidence} | set(sentence.evidence)
    if not sentence.evidence:
        return "names no feature it stands on"
    if not cited <= known:
        return "stands on features that are not active"
    if not sentence.text.strip() or not sentence.text.isprintable():
        return "is no line of printable text"
    if sentence.key in keys or not sentence.key:
        return "has no key of its own"
    if (sentence.origin, sentence.state) != ("composed", "unconfirmed"):
        return "claims that a person or a language model wrote or confirmed it"
    return ""
