"""Real pictures of other things: other body parts, other modalities, test patterns, photographs, screens."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pydicom
from PIL import Image
from pydicom.uid import SecondaryCaptureImageStorage

from engine.dicom.files import read_radiograph
from training.encoder.real import read_grey
from training.evaluation.gate.alter import altered
from training.evaluation.gate.noise import KINDS, noise
from training.evaluation.gate.specimen import Specimen, existing, picture

FloatImage = npt.NDArray[np.float32]
PHOTOGRAPH, NOISE, PAGE = "photograph", "noise", "page or screen"
PICTURES = frozenset({".png", ".jpg", ".jpeg"})
SMALLEST = 96
"""Pixels of the shorter side; a smaller picture is an icon."""

DICOM_FILES = {
    "hip": ("radiographs/RG2_hip_J2KR.dcm",),
    "leg": ("radiographs/RG3_leg_JLSL.dcm",),
    "animal's leg": ("radiographs/DX_vet_leg_YBR_jpeg.dcm",),
    "mammogram": ("radiographs/MG_voilut_sigmoid.dcm",),
    "jaws": ("luts/CR_dental_modalityLUT_mono1.dcm",),
    "test pattern": ("luts/vlut_04.dcm", "luts/mlut_18.dcm"),
    "angiogram": ("syntaxes/XA_multiframe_jpeg_fragments.dcm",),
    "CT": ("malformed/bad_sequence.dcm",),
    "portal image": ("malformed/RTIMAGE_windowwidth_below_1.dcm",),
}
"""Below ``dicom/``; other files of that folder hold the same pixels in another syntax."""
PYDICOM_FILES = {"CT": ("CT_small.dcm", "J2K_pixelrep_mismatch.dcm"), "MR": ("MR_small.dcm", "examples_overlay.dcm")}
"""What pydicom brings along for its own tests."""
TELLING = (
    "BodyPartExamined",
    "ViewPosition",
    "PatientOrientation",
    "StudyDescription",
    "SeriesDescription",
    "ProtocolName",
    "AnatomicRegionSequence",
    "PatientAge",
    "PatientBirthDate",
)


def other_specimens(dicom_folder: Path, copies: int) -> Iterator[Specimen]:
    """Give real DICOM files of other things: as they are, with a header that says nothing, and altered copies."""
    for kind, path in _dicom_files(dicom_folder):
        yield Specimen(kind, path.name, True, False, existing(path))
        yield Specimen(kind, path.name, False, False, partial(_silent, path))
        for seed in range(copies):
            yield Specimen(kind, path.name, False, True, picture(altered(partial(_shown, path), seed, mirror=True)))


def noise_specimens(each: int) -> Iterator[Specimen]:
    """Give `each` pictures of every kind of noise."""
    for kind in KINDS:
        for seed in range(each):
            yield Specimen(NOISE, kind, False, False, picture(partial(noise, kind, seed)))


def photograph_specimens(folder: Path | None, limit: int) -> Iterator[Specimen]:
    """Give the photographs of a folder and those that installed libraries bring along, with altered copies.

    Parameters
    ----------
    limit : int
        Of the folder's pictures, evenly over its sorted list.
    """
    own = sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURES) if folder is not None else []
    paths = [*_installed(), *[own[i] for i in np.unique(np.linspace(0, len(own) - 1, min(limit, len(own)), dtype=int))]]
    for path in paths:
        if min(_size(path)) >= SMALLEST:
            yield Specimen(PHOTOGRAPH, path.name, False, False, picture(partial(read_grey, path)))
            for seed in range(3):
                reader = altered(partial(read_grey, path), seed, mirror=True)
                yield Specimen(PHOTOGRAPH, path.name, False, True, picture(reader))


def page_specimens(repository: Path) -> Iterator[Specimen]:
    """Give the figures and screenshots of this program's own documentation."""
    for path in sorted((repository / "docs").rglob("*.png")):
        yield Specimen(PAGE, path.name, False, False, picture(partial(read_grey, path)))


def _dicom_files(folder: Path) -> Iterator[tuple[str, Path]]:
    for kind, names in DICOM_FILES.items():
        yield from ((kind, folder / name) for name in names if (folder / name).is_file())
    test_files = Path(pydicom.__file__).parent / "data" / "test_files"
    for kind, names in PYDICOM_FILES.items():
        yield from ((kind, test_files / name) for name in names if (test_files / name).is_file())


def _silent(source: Path, path: Path) -> Path:
    """Write the file anew as a secondary capture of unknown origin: the pixels alone can tell what it is."""
    file = path.with_suffix(".dcm")
    dataset = pydicom.dcmread(source)
    for keyword in TELLING:
        if keyword in dataset:
            delattr(dataset, keyword)
    dataset.Modality = "OT"
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = SecondaryCaptureImageStorage
    buffer = io.BytesIO()
    dataset.save_as(buffer)
    file.write_bytes(buffer.getvalue())
    return file


@cache
def _shown(path: Path) -> FloatImage:
    return read_radiograph(path).display()


def _installed() -> list[Path]:
    """Photographs that libraries bring along; matplotlib's is always there."""
    found = []
    for module, names in {
        "matplotlib": ("mpl-data/sample_data/grace_hopper.jpg",),
        "sklearn": ("datasets/images/china.jpg", "datasets/images/flower.jpg"),
    }.items():
        spec = find_spec(module)
        if spec is not None and spec.origin is not None:
            found += [path for name in names if (path := Path(spec.origin).parent / name).is_file()]
    return found


def _size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size
