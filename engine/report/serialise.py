"""A draft as plain data: without loss for autosave, and in the public form of ``report.json``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticSerializationError

from engine.errors import DraftError
from engine.report.conflicts import Conflict
from engine.report.draft import Draft, Sentence
from engine.report.findings import Finding
from engine.report.rewriting import Rewriting
from engine.report.wording import notices_of

SCHEMA_VERSION = 1
_DRAFT = TypeAdapter(Draft)
_REWRITING = TypeAdapter(Rewriting)


def draft_to_dict(draft: Draft) -> dict[str, Any]:
    """Return a draft as data that JSON can hold; `draft_from_dict` restores it exactly."""
    return {"schema_version": SCHEMA_VERSION, **_DRAFT.dump_python(draft, mode="json")}


def draft_from_dict(data: dict[str, Any]) -> Draft:
    """Restore a draft.

    Raises
    ------
    DraftError
        ``DRAFT_FORMAT`` when the data is not a draft of this schema version.
    """
    body = dict(data)
    version = body.pop("schema_version", None)
    if version != SCHEMA_VERSION:
        raise DraftError(
            "DRAFT_FORMAT",
            f"the saved draft has schema version {version!r}, not {SCHEMA_VERSION}",
            "open it with the version of the program that wrote it",
        )
    try:
        # Through JSON's rules, where a list stands for a tuple and a value for its enum.
        return _DRAFT.validate_python(body)
    except (ValidationError, ValueError) as error:
        raise DraftError(
            "DRAFT_FORMAT", f"the saved draft is damaged ({str(error).splitlines()[0]})", "compose the draft again"
        ) from error


def sound_draft(draft: Draft) -> Draft:
    """Return a draft that other code made, if its fields have the types of a draft's; raises ``DRAFT_FORMAT``."""
    try:
        plain = _DRAFT.dump_python(draft, mode="json", warnings="error")
    except (PydanticSerializationError, AttributeError, TypeError, ValueError) as error:
        why = str(error).splitlines()[0]
        raise DraftError("DRAFT_FORMAT", f"the draft is damaged ({why})", "compose the draft again") from error
    return draft_from_dict({"schema_version": SCHEMA_VERSION, **plain})


def public_report(draft: Draft, provider: str, precision: str) -> dict[str, Any]:
    """Return the public form (``report.json``): what is said, on which features, in which state, nothing removed.

    ``notice`` of a section is what its reader is told where it has no sentence (`Notices.notice`). A sentence that a
    person edited states no coded finding and cites no feature; what the program had written and on which features is
    kept under ``ai_text`` and ``ai_features``; what the rules had written before a language model, under ``rule_text``.
    ``unconfirmed`` counts the sentences that no person has confirmed; ``audit`` is who changed what and when.
    """
    notices = notices_of(draft)
    return {
        "status": draft.status.value,
        "sop_instance_uid": draft.sop_instance_uid,
        "pixel_sha256": draft.pixel_sha256,
        "pack": {"name": draft.pack_name, "version": draft.pack_version, "sha256": draft.pack_sha256},
        "provider": provider,
        "precision": precision,
        "language": draft.language,
        "indication": draft.indication,
        "indication_source": draft.indication_source if draft.indication else "",
        "asked": list(draft.asked),
        "unanswered": list(draft.unanswered),
        "contradictions": [_public_conflict(conflict) for conflict in draft.conflicts],
        "rewriting": _public_rewriting(draft),
        "composing": asdict(draft.composing) if draft.composing is not None else None,
        "unconfirmed": len(draft.waiting),
        "audit": [asdict(entry) for entry in draft.audit],
        "sections": [
            {
                "name": section.name,
                "title": section.title,
                "notice": notices.notice(section),
                "sentences": [_public_sentence(s) for s in section.sentences if s.state != "removed"],
            }
            for section in draft.sections
        ],
    }


def _public_sentence(sentence: Sentence) -> dict[str, Any]:
    public: dict[str, Any] = {
        "text": sentence.text,
        "features": list(sentence.support),
        "findings": [_public_finding(finding) for finding in sentence.claims],
        "origin": sentence.origin,
        "state": sentence.state,
    }
    if sentence.rule_text:
        public["rule_text"] = sentence.rule_text
    if sentence.origin == "edited":
        public |= {"ai_text": sentence.ai_text, "ai_features": list(sentence.evidence)}
    return public


def _public_conflict(conflict: Conflict) -> dict[str, Any]:
    return {
        "kind": conflict.kind,
        "observation": conflict.observation,
        "kept": conflict.kept,
        "kept_probability": round(conflict.kept_probability, 6),
        "kept_features": list(conflict.kept_features),
        "lost": conflict.lost,
        "lost_probability": round(conflict.lost_probability, 6),
        "lost_features": list(conflict.lost_features),
        "calibrated": conflict.calibrated,
    }


def _public_rewriting(draft: Draft) -> dict[str, Any] | None:
    """Return which model rewrote the draft, what was refused and what failed; None where none was asked to."""
    if draft.rewriting is None:
        return None
    plain: dict[str, Any] = _REWRITING.dump_python(draft.rewriting, mode="json")
    return plain | {"refused": draft.rewriting.counts}


def _public_finding(finding: Finding) -> dict[str, Any]:
    return {
        "observation": finding.observation,
        "polarity": finding.polarity,
        "laterality": finding.laterality,
        "location": finding.location,
        "severity": finding.severity,
        "probability": round(finding.probability, 6),
        "basis": finding.basis,
        "features": list(finding.evidence),
    }
