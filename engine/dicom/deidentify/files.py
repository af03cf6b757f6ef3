"""De-identify one file into a folder."""

from __future__ import annotations

import hashlib
import io
import warnings as python_warnings
from dataclasses import dataclass, field
from pathlib import Path

from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import (
    PYDICOM_IMPLEMENTATION_UID,
    UID,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from engine.dicom.deidentify.burned_in import text_like_corners
from engine.dicom.deidentify.dataset import Deidentifier
from engine.dicom.deidentify.pseudonyms import Pseudonyms
from engine.dicom.elements import Elements
from engine.dicom.files import not_dicom
from engine.dicom.header import is_uid
from engine.dicom.parse import parse, read_bytes, within_limits
from engine.dicom.recognise import HEAD_BYTES, Kind, recognise
from engine.dicom.transfer_syntax import transfer_syntax
from engine.errors import ExportError, SaeRadError
from engine.export.atomic import write_atomic
from engine.worker.decode import decode_in_worker

_DICOMDIR = "1.2.840.10008.1.3.10"


@dataclass(frozen=True)
class Choices:
    """What a person asked for.

    Attributes
    ----------
    shift_dates : bool
        Move dates by a number of days of the patient's own instead of removing them.
    refuse_burned_in : bool
        Write no image of which text in its pixels is known or suspected.
    """

    shift_dates: bool = False
    refuse_burned_in: bool = False


@dataclass(frozen=True)
class Written:
    """A file that was written, and one sentence for each thing that a person should look at."""

    path: Path
    sop_instance_uid: str
    warnings: tuple[str, ...]


@dataclass
class Run:
    """De-identifies files into one folder; the same patient or UID has the same replacement in all of them.

    Attributes
    ----------
    out : Path
        Files go to ``out/<pseudonym>/<new SOP Instance UID>.dcm``.
    """

    out: Path
    pseudonyms: Pseudonyms = field(default_factory=Pseudonyms)
    choices: Choices = Choices()
    _written: dict[Path, bytes] = field(default_factory=dict, init=False)

    def deidentify(self, path: Path) -> Written:
        """Write a copy of a file without what identifies its patient; the source is only read.

        Raises
        ------
        ReadError
            As `engine.dicom.files.read_radiograph`; ``NOT_DICOM`` and ``IS_DICOMDIR`` too for what cannot be a copy.
        ExportError
            ``EXPORT_WRITE``; ``DEID_NO_CLASS``, ``DEID_BURNED_IN``, ``DEID_TWICE``, ``DEID_UNWRITABLE``.
        """
        content = read_bytes(path)
        kind, name = recognise(content[:HEAD_BYTES])
        if kind not in (Kind.DICOM, Kind.HEADLESS):
            raise not_dicom(kind, name)
        with within_limits(), python_warnings.catch_warnings():
            python_warnings.simplefilter("ignore")  # they quote the header
            return self._copy(path, content)

    def _copy(self, path: Path, content: bytes) -> Written:
        dataset = parse(content)
        header = Elements(dataset)
        syntax = _syntax(header)
        sop_class, sop_instance = header.text("SOPClassUID"), header.text("SOPInstanceUID")
        if sop_class == _DICOMDIR or not is_uid(sop_class) or not is_uid(sop_instance):
            raise ExportError(
                "DEID_NO_CLASS",
                "the file is a table of contents, or its class or instance UID is missing or invalid",
                "name the images themselves, or export the file again",
            )
        suspicions = _burned_in(path, header)
        if suspicions and self.choices.refuse_burned_in:
            raise ExportError("DEID_BURNED_IN", " ".join(suspicions), "look at the image; it was not written")
        worker = Deidentifier(self.pseudonyms, self.choices.shift_dates)
        worker.apply(dataset)
        target = self.out / str(dataset.PatientID) / f"{dataset.SOPInstanceUID}.dcm"
        self._write(target, dataset, syntax, hashlib.sha256(content).digest())
        return Written(target, str(dataset.SOPInstanceUID), (*suspicions, *worker.remarks))

    def _write(self, target: Path, dataset: FileDataset, syntax: str, digest: bytes) -> None:
        if self._written.get(target, digest) != digest:
            raise ExportError(
                "DEID_TWICE", "another file of this run has the same SOP Instance UID", "keep one of the two files"
            )
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.file_meta.TransferSyntaxUID = UID(syntax)
        dataset.file_meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
        dataset.preamble = b"\0" * 128  # the source's may hold anything
        stream = io.BytesIO()
        try:
            dataset.save_as(stream, enforce_file_format=True)
        except (RecursionError, MemoryError):
            raise
        except Exception as error:  # as with reading: whatever a broken value makes the writer raise
            raise ExportError(
                "DEID_UNWRITABLE",
                f"the file's elements cannot be written again ({type(error).__name__})",
                "it is damaged; export it again",
            ) from error
        write_atomic(target, stream.getvalue())
        self._written[target] = digest


def _syntax(header: Elements) -> str:
    """Return the transfer syntax; where an object without pixels names none, how it was read."""
    if "PixelData" in header:
        return transfer_syntax(header)
    stated = str(getattr(header.dataset, "file_meta", {}).get("TransferSyntaxUID", "") or "")
    implicit, little = header.dataset.original_encoding
    if little is False:
        return stated or ExplicitVRBigEndian
    return stated or (ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian)


def _burned_in(path: Path, header: Elements) -> list[str]:
    """Say what speaks for text or faces in the pixels."""
    found = []
    if header.text("BurnedInAnnotation").upper() == "YES":
        found.append("The header says that the pixels hold text that identifies the patient.")
    if header.text("RecognizableVisualFeatures").upper() == "YES":
        found.append("The header says that the patient can be recognised in the picture.")
    if _hidden_overlay(header):
        found.append("An overlay lies in unused bits of the pixels, which are kept: look at them.")
    if "PixelData" not in header:
        return found
    try:
        radiograph = decode_in_worker(path)
    except SaeRadError as error:
        found.append(f"The pixels could not be searched for text ([{error.code}]): look at them.")
        return found
    if corners := text_like_corners(radiograph.stored):
        found.append(f"Something like text stands in the pixels, {', '.join(corners)}: look at them.")
    if radiograph.frames > 1:
        found.append("Only the first frame was searched for text.")
    return found


def _hidden_overlay(header: Elements) -> bool:
    """Whether an overlay of the old kind is in the pixels themselves, where it stays when its description goes."""
    groups = range(0x6000, 0x6020, 2)
    positions = (header.dataset.get((group, 0x0102)) for group in groups)
    return any(element is not None and element.value not in (None, 0) for element in positions)
