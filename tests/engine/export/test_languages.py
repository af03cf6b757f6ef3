"""Evidence, basis and contradictions are said in the report's language, in every format alike; descriptions stay."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.export.fhir import fhir_bundle
from engine.export.pdf import write_pdf
from engine.export.structured_report import structured_report
from engine.export.text import report_text
from engine.report.audit import noted
from engine.report.compose import compose
from engine.report.conflicts import Conflict
from engine.report.draft import Draft
from tests.engine.export.test_pdf import pages
from tests.engine.report.factories import busy, radiograph

ENGLISH = re.compile(
    r"\b(feature \d|features|basis:|probability|denied|stated from|contradiction|outweighs|heat map|edited by|"
    r"written by|unconfirmed|confirmed|by a person|activation|percentile|label score|Evidence|Model pack|Patient ID|"
    r"years|female|Record of changes|rejected|Stated by|Not confirmed)\b"
)
IDENTITY = {
    "sop_class_uid": "1.2.840.10008.5.1.4.1.1.1",
    "study_instance_uid": "1.2.3.4",
    "series_instance_uid": "1.2.3.5",
    "patient_sex": "F",
    "patient_age": "060Y",
}
CONFLICT = Conflict("polarity", "Pleural Effusion", "present", "absent", 0.9, 0.1, (11,), (12,))


def draft_in(language: str) -> Draft:
    """A draft in which one sentence was edited, one rejected and one confirmed, with contradictions."""
    draft = compose(busy(), language=language)
    first, second, third = [sentence.key for sentence in draft.sentences()][:3]
    for after in (
        lambda d: d.edit(first, "Zz."),
        lambda d: d.remove(second),
        lambda d: d.confirm(third),
        lambda d: d.add("heart", "Zz zz.", "added-1"),
    ):
        draft = noted(draft, after(draft), user="Zz", time="2026-01-02T03:04:05+00:00")
    told = replace(CONFLICT, observation=draft.find(third).claims[0].observation)
    return replace(draft, conflicts=(told, replace(CONFLICT, observation="Fracture", kept="undecided")))


def without_descriptions(text: str) -> str:
    """Text without what the pack says of its features, and without names that are nobody's words."""
    for feature in busy().features:
        text = text.replace(feature.description, "")
    return text


def formats(language: str, folder: Path) -> dict[str, str]:
    """What a person reads of each format."""
    image, draft = radiograph(**IDENTITY), draft_in(language)
    made = busy(image)
    resources = [entry["resource"] for entry in fhir_bundle(image, made, draft)["entry"]]
    report = next(r for r in resources if r["resourceType"] == "DiagnosticReport")
    notes = [n["text"] for r in resources if r["resourceType"] == "Observation" for n in r["note"]]
    said = [str(item.TextValue) for item in walk(structured_report(image, made, draft)) if item.ValueType == "TEXT"]
    return {
        "text": report_text(image, made, draft),
        "html": base64.b64decode(report["presentedForm"][0]["data"]).decode(),
        "fhir": "\n".join(notes),
        "sr": "\n".join(text for text in said if "[" in text or ": " in text),
        "pdf": " ".join(" ".join(pages(write_pdf(folder, image, made, draft))).split()),
    }


def walk(dataset: Any) -> Iterator[Any]:
    """Every content item of a structured report."""
    for item in dataset.get("ContentSequence", ()):
        yield item
        yield from walk(item)


def test_a_german_report_has_no_english_words_of_the_program(tmp_path: Path) -> None:
    german, english = formats("de", tmp_path), formats("en", tmp_path)
    for name, text in german.items():
        left = ENGLISH.findall(without_descriptions(text))
        assert left == [], f"{name}: {left}"
        assert ENGLISH.search(without_descriptions(english[name])), f"{name} says nothing of this in English"
    assert "feature 11" in english["text"] and "Merkmal 11" in german["text"]
    assert "Moderate right pleural effusion" in german["text"], "a description is as the pack has it"


def test_the_german_lines_say_the_same_as_the_english_ones(tmp_path: Path) -> None:
    text = report_text(radiograph(), busy(), draft_in("de"))
    assert re.search(r"\[Widerspruch: .+: vorhanden 0\.90 überwiegt nicht vorhanden 0\.10 \(Merkmal 12\)\]", text)
    assert "Fraktur: unentschieden, nichts wird angegeben: vorhanden 0.90 (Merkmal 11)" in text
    assert "[von einer Person geändert]" in text and "[von keiner Person bestätigt]" in text
    assert re.search(
        r"Grundlage: Merkmale, die es so sagen \(Wahrscheinlichkeit von .+ 0\.\d\d, verneint unter 0\.20\)", text
    )
    page = formats("de", tmp_path)["pdf"]
    for part in ("Belege", "Änderungsprotokoll", "03:04:05", "verworfen", "Nicht bestätigt"):
        assert part in page


def test_what_is_not_confirmed_is_said_and_nothing_where_all_is(tmp_path: Path) -> None:
    draft = compose(busy())
    waiting = len(draft.waiting)
    said = f"{waiting} of {waiting} sentences are confirmed by nobody"
    assert said in report_text(radiograph(), busy(), draft)
    assert "confirmed by nobody" not in report_text(radiograph(), busy(), draft.confirm_all().review())
    made = formats("en", tmp_path)
    assert all(re.search(r"\d+ of \d+ sentences are confirmed by nobody", made[name]) for name in ("sr", "html", "pdf"))
