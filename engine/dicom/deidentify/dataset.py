"""Apply the profile to a data set, element by element and through all sequences."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from pydicom.datadict import dictionary_description, dictionary_has_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from engine.dicom.deidentify.dummies import dummy
from engine.dicom.deidentify.identity import identifying_words, names_them, patient_key
from engine.dicom.deidentify.profile import Action, action_of
from engine.dicom.deidentify.pseudonyms import Pseudonyms, moved

_DICOM_ROOT = "1.2.840.10008."
# They name coding schemes and context groups, which are the same for all patients.
_KEPT_UIDS = frozenset({0x0008010C, 0x00080117, 0x00080118})
_TEXTS = frozenset({"AE", "CS", "LO", "LT", "SH", "ST", "UC", "UR", "UT"})
_TIMES = frozenset({"DA", "DT", "TM"})
_BIRTH = frozenset({0x00100030, 0x00100032, 0x00100033, 0x00100034})
_OVERLAYS_AND_CURVES = (0x50, 0x60)
_METHODS = {
    "113100": "Basic Application Confidentiality Profile",
    "113107": "Retain Longitudinal Temporal Information Modified Dates Option",
}


@dataclass
class Deidentifier:
    """One data set's replacements.

    Attributes
    ----------
    pseudonyms : Pseudonyms
    shift : bool
        Move all dates of a patient by the same number of days instead of removing them.
    """

    pseudonyms: Pseudonyms
    shift: bool = False
    remarks: list[str] = field(default_factory=list)
    _days: timedelta = field(default=timedelta(), init=False)
    _words: re.Pattern[str] | None = field(default=None, init=False)

    def apply(self, dataset: Dataset) -> None:
        """Change a data set in place; what was removed beyond the table is told in `remarks`.

        The patient's name and ID become a pseudonym, which the profile allows for Z; elements that the dictionary
        does not know are removed like private ones.
        """
        who = patient_key(dataset)
        self._words, self._days = identifying_words(dataset), self.pseudonyms.shift(*who)
        self._walk(dataset)
        dataset.PatientName = dataset.PatientID = self.pseudonyms.patient(*who)
        codes = ["113100", "113107"] if self.shift else ["113100"]
        dataset.PatientIdentityRemoved = "YES"
        dataset.DeidentificationMethod = [_METHODS[code] for code in codes]
        dataset.DeidentificationMethodCodeSequence = [_method(code) for code in codes]
        dataset.LongitudinalTemporalInformationModified = "MODIFIED" if self.shift else "REMOVED"

    def new_uid(self, original: str) -> str:
        """Return what replaces a UID; those of the standard name no instance and stay."""
        text = str(original)
        return text if not text or text.startswith(_DICOM_ROOT) else self.pseudonyms.uid(text)

    def _walk(self, dataset: Dataset) -> None:
        for tag in list(dataset.keys()):
            if _is_unknown(tag):
                del dataset[tag]
                continue
            try:
                element = dataset[tag]
                if not self._kept(element):
                    del dataset[tag]
            except (RecursionError, MemoryError):
                raise
            except Exception:  # the parser raises whatever a broken value makes it raise; unread is unchecked
                del dataset[tag]
                self._remark(f"{_name(tag)} could not be read and was removed.")

    def _kept(self, element: DataElement) -> bool:
        """Change an element as the profile says; return whether it stays."""
        action = action_of(element.tag)
        if self.shift and element.VR in _TIMES and element.tag not in _BIRTH:
            self._move(element)
        elif action is Action.REMOVE:
            return False
        elif action is Action.EMPTY:
            element.value = [] if element.VR == "SQ" else None
        elif action is Action.DUMMY:
            if not element.is_empty:
                element.value = dummy(element, self.new_uid)
        else:
            self._clean(element)
        return True

    def _move(self, element: DataElement) -> None:
        """Move a date; a time of day stays, because all dates move by whole days."""
        if element.VR != "TM" and not element.is_empty:
            element.value = _each_text(element, lambda text: moved(text, self._days))

    def _clean(self, element: DataElement) -> None:
        """Look into what the table keeps or only asks for new UIDs."""
        if element.VR == "SQ":
            for item in element.value:
                self._walk(item)
        elif element.VR == "UI":
            if element.tag not in _KEPT_UIDS and not element.is_empty:
                element.value = _each_text(element, self.new_uid)
        elif element.VR == "PN" and not element.is_empty:
            element.value = None
            self._remark(f"{_name(element.tag)} is not in the profile's table; the person's name was removed.")
        elif element.VR in _TEXTS and names_them(element.value, self._words):
            element.value = dummy(element, self.new_uid)
            self._remark(f"{_name(element.tag)} held the patient's name or a number of theirs and was replaced.")

    def _remark(self, sentence: str) -> None:
        if sentence not in self.remarks:
            self.remarks.append(sentence)


def _is_unknown(tag: BaseTag) -> bool:
    """Whether an element goes whatever it holds: private, unknown, group lengths, and all of an overlay or curve."""
    high = tag.group >> 8
    return tag.is_private or tag.element == 0 or high in _OVERLAYS_AND_CURVES or not dictionary_has_tag(tag)


def _each_text(element: DataElement, change: Callable[[str], str]) -> str | list[str]:
    if element.VM > 1:
        return [change(str(one)) for one in element.value]
    return change(str(element.value))


def _name(tag: int) -> str:
    return dictionary_description(tag)


def _method(code: str) -> Dataset:
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code, "DCM", _METHODS[code]
    return item
