"""The draft report: sections of sentences, each with its evidence, bound to one image (design §3)."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from engine.errors import DraftError
from engine.report.audit import AuditEntry
from engine.report.composing import Composing
from engine.report.conflicts import Conflict
from engine.report.findings import Finding
from engine.report.notices import Notices
from engine.report.rewriting import Rewriting


class DraftStatus(enum.Enum):
    """Life of a draft; regenerating returns it to DRAFT."""

    DRAFT = "draft"
    REVIEWED = "reviewed"
    EXPORTED = "exported"


Origin = Literal["composed", "rewritten", "edited", "added"]
IndicationSource = Literal["header", "typed"]
SentenceState = Literal["unconfirmed", "confirmed", "removed"]


@dataclass(frozen=True)
class Sentence:
    """One sentence.

    Attributes
    ----------
    key : str
        Stable within the draft, for edits, links and undo.
    findings, evidence : tuple of Finding, tuple of int
        What the program claimed and the features it stood on; empty only for sentences a person added. They belong to
        `ai_text`: what the present text may be said to state and to stand on are `claims` and `support`.
    ai_text : str
        What the program wrote; empty for added sentences. Kept so that an edit can be compared.
    rule_text : str
        What the rules had written, where a language model rewrote it; empty otherwise.
    """

    key: str
    text: str
    findings: tuple[Finding, ...]
    evidence: tuple[int, ...]
    origin: Origin = "composed"
    state: SentenceState = "unconfirmed"
    ai_text: str = ""
    rule_text: str = ""

    @property
    def by_person(self) -> bool:
        """Whether the present text is a person's, whom the program cannot quote features for."""
        return self.origin in ("edited", "added")

    @property
    def claims(self) -> tuple[Finding, ...]:
        """Coded findings of the present text; none once a person changed it, who may have reversed its meaning."""
        return () if self.by_person else self.findings

    @property
    def support(self) -> tuple[int, ...]:
        """Feature ids the present text stands on; none once a person changed it."""
        return () if self.by_person else self.evidence


@dataclass(frozen=True)
class ReportSection:
    """A titled run of sentences; `left_out` counts the negatives that the indication does not ask about."""

    name: str
    title: str
    sentences: tuple[Sentence, ...]
    left_out: int = 0


@dataclass(frozen=True)
class Draft:
    """A draft report; every change returns a new one.

    ``pack_sha256`` is empty in drafts of versions that did not record it; such a draft belongs to no known pack.
    ``rewriting`` says how a language model was asked to rewrite it; None where none was.

    Attributes
    ----------
    indication, indication_source : str
        As given, and where; earlier drafts have it from the header.
    asked : tuple of str
        Observations that the indication asks about; none where it asks nothing known, and all negatives stay in.
    conflicts : tuple of Conflict
        Where active features contradicted each other, and what lost.
    notices : Notices, optional
        Of the style it was composed in; None in earlier drafts.
    audit : tuple of AuditEntry
        What persons changed, oldest first; whoever keeps a changed draft adds to it (`engine.report.audit.noted`).
        Drafts that say the same are equal whatever led to them.
    typed_indication : str, optional
        An indication that was being typed when the draft was saved, and that it does not answer; no export has it.
    composing : Composing, optional
        The plug-in that was asked to compose it; None where the program's own rules were.

    Raises
    ------
    DraftError
        ``WRONG_IMAGE``, ``WRONG_PACK``, ``UNKNOWN_SENTENCE``, ``UNCONFIRMED`` from the methods below.
    """

    sop_instance_uid: str
    pixel_sha256: str
    pack_name: str
    pack_version: str
    sections: tuple[ReportSection, ...]
    status: DraftStatus = DraftStatus.DRAFT
    indication: str = ""
    language: str = "en"
    pack_sha256: str = ""
    indication_source: IndicationSource = "header"
    asked: tuple[str, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    notices: Notices | None = None
    rewriting: Rewriting | None = None
    audit: tuple[AuditEntry, ...] = field(default=(), compare=False)
    typed_indication: str | None = None
    composing: Composing | None = None

    @property
    def unanswered(self) -> tuple[str, ...]:
        """What is asked about and neither stated nor denied by a sentence that is left."""
        said = {finding.observation for sentence in self.sentences() for finding in sentence.findings}
        return tuple(name for name in self.asked if name not in said)

    def sentences(self) -> Iterator[Sentence]:
        """Yield every sentence that is not removed, in reading order."""
        for section in self.sections:
            for sentence in section.sentences:
                if sentence.state != "removed":
                    yield sentence

    @property
    def waiting(self) -> tuple[Sentence, ...]:
        """The sentences that no person has confirmed."""
        return tuple(sentence for sentence in self.sentences() if sentence.state == "unconfirmed")

    def find(self, key: str) -> Sentence:
        """Return the sentence with this key, removed or not."""
        for section in self.sections:
            for sentence in section.sentences:
                if sentence.key == key:
                    return sentence
        raise DraftError("UNKNOWN_SENTENCE", f"the draft has no sentence {key!r}")

    def require_image(self, sop_instance_uid: str, pixel_sha256: str) -> None:
        """Refuse to be shown or exported beside another image."""
        if (sop_instance_uid, pixel_sha256) != (self.sop_instance_uid, self.pixel_sha256):
            raise DraftError("WRONG_IMAGE", "this draft belongs to another image", "open the image it was made from")

    @property
    def pack(self) -> tuple[str, str, str]:
        """Name, version and hash of the pack whose features the sentences cite."""
        return self.pack_name, self.pack_version, self.pack_sha256

    def require_pack(self, name: str, version: str, sha256: str) -> None:
        """Refuse to be read with another pack's features, whose numbers mean something else."""
        if self.pack != (name, version, sha256):
            raise DraftError(
                "WRONG_PACK", "this draft was made with another model pack", "compose it from this analysis"
            )

    def confirm(self, key: str) -> Draft:
        """Mark a sentence as confirmed by a person."""
        return self._put(replace(self.find(key), state="confirmed"))

    def edit(self, key: str, text: str) -> Draft:
        """Replace a sentence's text by a person's; that confirms it and takes its claims. Empty text removes it."""
        if not text.strip():
            return self.remove(key)
        old = self.find(key)
        origin: Origin = "added" if old.origin == "added" else "edited"
        return self._put(replace(old, text=text.strip(), origin=origin, state="confirmed"))

    def remove(self, key: str) -> Draft:
        """Take a sentence out; it stays in the record as removed."""
        return self._put(replace(self.find(key), state="removed"))

    def add(self, section_name: str, text: str, key: str) -> Draft:
        """Append a person's own sentence to a section."""
        sentence = Sentence(key=key, text=text.strip(), findings=(), evidence=(), origin="added", state="confirmed")
        if all(section.name != section_name for section in self.sections):
            raise DraftError("UNKNOWN_SECTION", f"the draft has no section {section_name!r}")
        sections = tuple(
            replace(section, sentences=(*section.sentences, sentence)) if section.name == section_name else section
            for section in self.sections
        )
        return replace(self, sections=sections, status=DraftStatus.DRAFT)

    def review(self) -> Draft:
        """Draft → Reviewed; refused while a sentence is unconfirmed."""
        if self.waiting:
            raise DraftError(
                "UNCONFIRMED", f"{len(self.waiting)} sentences are not confirmed", "confirm, edit or remove them"
            )
        return replace(self, status=DraftStatus.REVIEWED)

    def confirm_all(self) -> Draft:
        """Mark every sentence that waits as confirmed by a person."""
        draft = self
        for sentence in self.waiting:
            draft = draft.confirm(sentence.key)
        return draft

    def exported(self) -> Draft:
        """Reviewed → Exported."""
        if self.status is DraftStatus.DRAFT:
            raise DraftError("NOT_REVIEWED", "the draft has not been reviewed", "review it first")
        return replace(self, status=DraftStatus.EXPORTED)

    def _put(self, new: Sentence) -> Draft:
        sections = tuple(
            replace(section, sentences=tuple(new if s.key == new.key else s for s in section.sentences))
            for section in self.sections
        )
        return replace(self, sections=sections, status=DraftStatus.DRAFT)
