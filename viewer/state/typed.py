"""What is still being typed, as a draft that can be saved: never as a person's last word."""

from __future__ import annotations

from dataclasses import replace

from engine.report.draft import Draft, Sentence

KEY = "typed"
"""Key of a new sentence that is being typed; it gets its own when it is added."""


def with_sentence(draft: Draft, key: str, text: str) -> Draft:
    """Return the draft with another text of a sentence, not confirmed; an empty or the same text changes nothing."""
    if text in ("", draft.find(key).text):
        return draft
    return _waiting(draft.edit(key, text), key)


def with_addition(draft: Draft, section: str, text: str) -> Draft:
    """Return the draft with one more sentence, not confirmed; an empty text changes nothing."""
    if not text:
        return draft
    taken = {sentence.key for part in draft.sections for sentence in part.sentences}
    key = next(name for name in (KEY + "-" * n for n in range(len(taken) + 1)) if name not in taken)
    return _waiting(draft.add(section, text, key), key)


def with_indication(draft: Draft, text: str) -> Draft:
    """Return the draft with an indication that it does not answer yet; its own changes nothing."""
    return draft if text == draft.indication else replace(draft, typed_indication=text)


def _waiting(draft: Draft, key: str) -> Draft:
    """Return the draft with this sentence to be confirmed: nobody has said yet that it is complete."""

    def changed(sentence: Sentence) -> Sentence:
        return replace(sentence, state="unconfirmed") if sentence.key == key else sentence

    sections = tuple(replace(part, sentences=tuple(changed(s) for s in part.sentences)) for part in draft.sections)
    return replace(draft, sections=sections)
