"""Sections of free-text reports, with the quirks of MIMIC-CXR's; all texts are invented."""

from __future__ import annotations

import pytest

from engine.text.sections import Sections, extract_sections
from tests.training.data.layouts import REPORT

CASES = {
    "sub-headers belong to the findings": (
        "FINDINGS:\nLUNGS: Clear.\nHEART: Normal.\n\nBONES: No fracture.\n\nIMPRESSION: Normal.\n",
        Sections("LUNGS: Clear.\nHEART: Normal.\n\nBONES: No fracture.", "Normal."),
    ),
    "findings after a title of views": (
        " FINAL REPORT\n HISTORY:  Dyspnea.\n\n PA AND LATERAL VIEWS OF THE CHEST:  The heart is normal.\n\n"
        " Lungs are clear.\n\n IMPRESSION:  No acute process.\n",
        Sections("The heart is normal.\n\nLungs are clear.", "No acute process.", "Dyspnea."),
    ),
    "findings without a header after the comparison": (
        " FINAL REPORT\n INDICATION:  Pain.\n\n COMPARISONS:  ___ at 12:30.\n\n The lungs are clear.\n\n"
        " Heart normal.\n",
        Sections("The lungs are clear.\n\nHeart normal.", "", "Pain.", "___ at 12:30."),
    ),
    "a title in capitals is no finding": (
        " FINAL REPORT\n AP CHEST, 7:45 A.M., ___\n\n HISTORY:  After CABG.\n\n IMPRESSION:  Low volumes.\n",
        Sections("", "Low volumes.", "After CABG."),
    ),
    "the wet read gives way to the final report": (
        " WET READ: ___ 4:32 PM\n  Clear.\n ______________\n FINAL REPORT\n FINDINGS: Left effusion.\n",
        Sections("Left effusion."),
    ),
    "a wet read alone counts": ("WET READ: Clear lungs.\n", Sections("Clear lungs.")),
    "findings and impression in one": (
        "FINDINGS AND IMPRESSION: The lungs are clear.\n",
        Sections("The lungs are clear."),
    ),
    "findings with a slash": ("FINDINGS/IMPRESSION:\nClear.", Sections("Clear.")),
    "several sections of findings": (
        "FINDINGS: First.\nFINDINGS: Second.\nIMPRESSION: Normal.",
        Sections("First.\n\nSecond.", "Normal."),
    ),
    "no headers at all": ("The lungs are clear. No effusion.", Sections("The lungs are clear. No effusion.")),
    "other words for the sections": (
        "REASON FOR EXAM: Fever.\nCOMPARISON STUDY: None.\nFINDING: Clear.\nCONCLUSIONS: Normal.\n",
        Sections("Clear.", "Normal.", "Fever.", "None."),
    ),
    "headers in mixed case, one of them within a line": (
        "Indication: cough.\nFindings: Lungs clear. IMPRESSION: Normal.\n",
        Sections("Lungs clear.", "Normal.", "cough."),
    ),
    "headers on lines of their own": ("FINDINGS\nClear.\nIMPRESSION\nNormal.", Sections("Clear.", "Normal.")),
    "what follows the impression is no finding": (
        "IMPRESSION: Normal.\n\nNOTIFICATION: Called.\n\nAt noon.\n",
        Sections("", "Normal."),
    ),
    "a colon in a sentence begins nothing": (
        "FINDINGS: Two devices are seen: a tube.\nIMPRESSION: At 4:30 clear.",
        Sections("Two devices are seen: a tube.", "At 4:30 clear."),
    ),
    "a report wholly in capitals": (
        "CHEST RADIOGRAPH SHOWS CLEAR LUNGS.",
        Sections("CHEST RADIOGRAPH SHOWS CLEAR LUNGS."),
    ),
    "carriage returns": ("FINDINGS: Clear.\r\nIMPRESSION: Normal.\r\n", Sections("Clear.", "Normal.")),
    "empty": ("", Sections()),
    "only a title": ("                  FINAL REPORT\n", Sections()),
}


@pytest.mark.parametrize("name", CASES)
def test_sections_are_found(name: str) -> None:
    text, expected = CASES[name]
    assert extract_sections(text) == expected


def test_a_whole_report_of_mimic() -> None:
    found = extract_sections(REPORT)
    assert found.findings.startswith("There is a small left effusion")
    assert found.findings.endswith("Heart size is stable.")
    assert found.impression == "No acute process."
    assert found.indication == "___F with cough  // pneumonia?"
    assert found.comparison == "Chest radiograph from ___."
