"""What every export says of itself: whose image, which model, and that it is a draft."""

from __future__ import annotations

import re
from importlib import metadata

from engine.dicom.radiograph import Radiograph
from engine.inference.analysis import Analysis
from engine.report.draft import Draft, DraftStatus, Sentence
from engine.report.phrases import Phrases, phrases_of
from engine.report.wording import notices_of

SOFTWARE = "SAE-Rad workstation"


def software_version() -> str:
    """Return the version of the installed program, ``unknown`` in a checkout that is not installed."""
    try:
        return metadata.version("saerad-workstation")
    except metadata.PackageNotFoundError:
        return "unknown"


def status_line(draft: Draft) -> str:
    """Return the notice of the draft's status; there is none without a notice."""
    notices = notices_of(draft)
    return notices.draft if draft.status is DraftStatus.DRAFT else notices.reviewed


def strip_text(draft: Draft) -> str:
    """Return the words of the strip on every page and picture."""
    notices = notices_of(draft)
    return notices.strip if draft.status is DraftStatus.DRAFT else notices.reviewed


def author_note(sentence: Sentence, say: Phrases) -> str:
    """Return what stands in place of features behind a person's sentence; empty for the program's own."""
    return {"edited": say("edited by a person"), "added": say("written by a person")}.get(sentence.origin, "")


def origin_note(sentence: Sentence, say: Phrases) -> str:
    """Return what stands beside the features of a sentence that a language model rewrote; empty for the others."""
    return say("rewritten by a language model") if sentence.origin == "rewritten" else ""


def features_note(sentence: Sentence, say: Phrases) -> str:
    """Return the features a sentence stands on as one phrase."""
    return say("features {ids}", ids=", ".join(map(str, sentence.support)))


def state_note(sentence: Sentence, say: Phrases) -> str:
    """Return whether a person has confirmed a sentence."""
    return say("confirmed") if sentence.state == "confirmed" else say("unconfirmed")


def cited(title: str, sentence: Sentence, say: Phrases) -> str:
    """Return a sentence as one line with its section, the features it stands on or who wrote it, and its state."""
    program = [features_note(sentence, say), origin_note(sentence, say)]
    basis = author_note(sentence, say) or "; ".join(filter(None, program))
    return f"{title}: {one_line(sentence.text)} [{basis}; {state_note(sentence, say)}]"


def confirmation_rows(draft: Draft) -> list[tuple[str, str]]:
    """Return how much of a draft no person has confirmed; nothing where all of it is."""
    if not draft.waiting:
        return []
    say, count = phrases_of(draft.language), len(list(draft.sentences()))
    text = say("{count} of {all} sentences are confirmed by nobody", count=len(draft.waiting), all=count)
    return [(say("Not confirmed"), text)]


def composing_rows(draft: Draft) -> list[tuple[str, str]]:
    """Return label and value of the plug-in that composed a draft, or was to; none where none was asked to."""
    done, say = draft.composing, phrases_of(draft.language)
    if done is None:
        return []
    if not done.code:
        return [(say("Composed by"), say("plug-in {name}", name=one_line(done.name)))]
    passed = say("the program's own rules, not the plug-in {name}: {why}", name=done.name, why=done.message)
    return [(say("Composed by"), one_line(f"{passed} [{done.code}]"))]


def rewriting_rows(draft: Draft) -> list[tuple[str, str]]:
    """Return label and value of the rewriting for the head of a report; none where no model was asked to."""
    done = draft.rewriting
    if done is None:
        return []
    model, say = done.model, phrases_of(draft.language)
    name = " ".join(filter(None, (model.file, f"({model.name})" if model.name else "")))
    asked = say(
        "{name}, prompt {prompt} version {version}", name=name, prompt=model.prompt, version=model.prompt_version
    )
    rows = [(say("Rewriting"), one_line(asked))]
    if done.warning:
        failed = say("not rewritten by the language model: {why}", why=done.message)
        rows.append((say("Warning"), one_line(f"[{done.warning}] {failed}")))
    counts = {"taken": done.taken, "asked": done.asked, "refused": len(done.rejected)}
    rows.append((say("Rewritten"), say("{taken} of {asked} sentences, {refused} refused", **counts)))
    return rows


def one_line(text: str) -> str:
    """Return text from a file without line breaks and control characters, which could pose as lines of the report."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def date(value: str) -> str:
    """Return a DICOM date, also in its older form with dots, as YYYY-MM-DD; anything else as it stands."""
    match = re.fullmatch(r"\s*(\d{4})(\.?)(\d{2})\2(\d{2})\s*", value, re.ASCII)
    return f"{match[1]}-{match[3]}-{match[4]}" if match else value


def age(value: str, say: Phrases) -> str:
    """Return a DICOM age string (``060Y``, PS3.5 6.2) in words; anything else as it stands."""
    match = re.fullmatch(r"\s*(\d{1,3})([DWMY])\s*", value, re.ASCII)
    if match is None:
        return value
    one = {"D": say("1 day"), "W": say("1 week"), "M": say("1 month"), "Y": say("1 year")}
    number = int(match[1])
    many = {
        "D": say("{number} days", number=number),
        "W": say("{number} weeks", number=number),
        "M": say("{number} months", number=number),
        "Y": say("{number} years", number=number),
    }
    return one[match[2]] if number == 1 else many[match[2]]


def sex(value: str, say: Phrases) -> str:
    """Return DICOM's code of a patient's sex in words; anything else as it stands."""
    return {"M": say("male"), "F": say("female"), "O": say("other")}.get(value.strip().upper(), value)


def identity_rows(radiograph: Radiograph, language: str = "en") -> list[tuple[str, str]]:
    """Return the labelled identity of an image in a form for people, leaving out what the file does not say."""
    who, say = radiograph.identity, phrases_of(language)
    rows = [
        (say("Patient"), who.readable_name),
        (say("Patient ID"), who.patient_id),
        (say("Born"), date(who.patient_birth_date)),
        (say("Sex"), sex(who.patient_sex, say)),
        (say("Age"), age(who.patient_age, say)),
        (say("Study date"), date(who.study_date)),
        (say("Study"), who.study_description),
        (say("Accession"), who.accession_number),
        (say("View"), radiograph.acquisition.view_position),
        ("SOP Instance UID", who.sop_instance_uid),
    ]
    if not radiograph.is_dicom:
        source = say("research image without identity ({file})", file=radiograph.source.name)
        rows.insert(0, (say("Source"), source))
    rows += image_rows(radiograph, say)
    return [(label, one_line(value)) for label, value in rows if value]


def warning_rows(analysis: Analysis, say: Phrases) -> list[tuple[str, str]]:
    """Return what the analysis and the gate warn of."""
    rows = [(say("Note"), warning) for warning in analysis.warnings]
    if analysis.gate.verdict == "warning":
        rows.append((say("Input warning"), f"{analysis.gate.message} [{analysis.gate.code}]"))
    return rows


def image_rows(radiograph: Radiograph, say: Phrases) -> list[tuple[str, str]]:
    """Return what limits the image itself: its loss by compression, and what is odd about its file."""
    rows = []
    if radiograph.acquisition.lossy:
        ratios = ", ".join(f"{ratio:g} : 1" for ratio in radiograph.acquisition.lossy_ratios)
        with_loss = say("with loss, {ratios}", ratios=ratios) if ratios else say("with loss")
        rows.append((say("Compression"), with_loss))
    rows += [(say("Input warning"), warning) for warning in radiograph.warnings]
    return [(label, one_line(value)) for label, value in rows]


def model_rows(analysis: Analysis, language: str = "en") -> list[tuple[str, str]]:
    """Return the labelled identity of the model and of its input."""
    say = phrases_of(language)
    rows = [
        (say("Model pack"), f"{analysis.pack_name} {analysis.pack_version}"),
        (say("Pack SHA-256"), analysis.pack_sha256),
        (say("Provider"), analysis.provider),
        (say("Precision"), analysis.precision),
        (say("Pixel SHA-256"), analysis.pixel_sha256),
    ]
    if analysis.gate.verdict == "warning":
        rows.append((say("Input warning"), f"{analysis.gate.message} [{analysis.gate.code}]"))
    rows += [(say("Note"), one_line(warning)) for warning in analysis.warnings]
    return rows
