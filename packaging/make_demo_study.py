"""Make ``resources/demo``: real radiographs that may ship and drawn images, wrapped as DICOM with fictitious patients.

    python packaging/make_demo_study.py --source ../shared/data/cxr_open --out resources/demo

The same source gives the same files. ``--source`` holds ``cxr.csv`` and its images. Drawn images are DX; the real ones
are CR, because DX demands the detector's pixel spacing, which is not known for them and must not be invented.
"""

from __future__ import annotations

import argparse
import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import (
    UID,
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
    generate_uid,
)

from training.data.phantom.draw import draw_large_phantom
from training.data.phantom.types import Phantom, PhantomFinding

PHANTOM_SEED, PHANTOM_SIZE, DETECTOR_MM = 2029, 1024, 430.0
LONGEST = 1280
STUDY_DATE = "20260302"
ANATOMY = {"CHEST": ("51185008", "Chest"), "HAND": ("85562004", "Hand")}

NIH_CREDIT = (
    "NIH Clinical Center, ChestX-ray14 (Wang et al., CVPR 2017, doi:10.1109/CVPR.2017.369),"
    " https://nihcc.app.box.com/v/ChestXray-NIHCC"
)
HANNOVER_CREDIT = (
    "Winther HB et al., COVID-19 Image Repository, Institute for Diagnostic and Interventional Radiology,"
    " Hannover Medical School, doi:10.6084/m9.figshare.12275009, CC BY 3.0"
)
DRAWN_CREDIT = "drawn by this project (no patient), Apache-2.0"


@dataclass(frozen=True)
class Case:
    """One image of the study.

    Attributes
    ----------
    source : str
        ``id`` in cxr.csv; empty for drawn images.
    labels : str
        What the source says is on it.
    born, date : str
        Invented birth date and study date, YYYYMMDD.
    patient_number : int
        Of a case whose patient this one is, too; 0 for one of its own.
    """

    file: str
    source: str
    patient: str
    sex: str
    age: str
    view: str
    body_part: str
    description: str
    syntax: UID
    credit: str
    labels: str
    born: str = ""
    date: str = STUDY_DATE
    patient_number: int = 0


CASES = (
    Case("01_chest_pa.dcm", "cxr160", "DEMO^ALBERT", "M", "058Y", "PA", "CHEST", "Chest PA", JPEGLSLossless, NIH_CREDIT,
         "Cardiomegaly, Effusion", born="19670918"),
    Case("02_chest_pa.dcm", "cxr005", "DEMO^BERTA", "F", "", "PA", "CHEST", "Chest PA", JPEGLSLossless, HANNOVER_CREDIT,
         "No Finding"),
    Case("03_chest_ap.dcm", "cxr021", "DEMO^CLARA", "F", "", "AP", "CHEST", "Chest AP portable", JPEG2000Lossless,
         HANNOVER_CREDIT, "COVID-19"),
    Case("04_phantom.dcm", "", "DEMO^PHANTOM", "O", "060Y", "PA", "CHEST", "Drawn chest phantom", JPEGLSLossless,
         DRAWN_CREDIT, "truth in 04_phantom.json"),
    Case("05_hand.dcm", "", "DEMO^DORA", "F", "045Y", "PA", "HAND", "Hand (drawn)", RLELossless, DRAWN_CREDIT,
         "not a chest: to be refused"),
    Case("06_chest_pa_prior.dcm", "cxr158", "DEMO^ALBERT", "M", "057Y", "PA", "CHEST", "Chest PA", JPEGLSLossless,
         NIH_CREDIT, "Cardiomegaly; an earlier image of the patient of 01", born="19670918", date="20250114",
         patient_number=1),
)  # fmt: skip
PHANTOM_FINDINGS = (
    PhantomFinding("Cardiomegaly", location="heart", severity="moderate"),
    PhantomFinding("Pleural Effusion", laterality="right", location="base", severity="moderate"),
    PhantomFinding("Support Devices", laterality="left", location="pacemaker", device="pacemaker"),
)


def main() -> int:
    """Write the study."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--source", type=Path, required=True, help="folder with cxr.csv and its images")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    with (arguments.source / "cxr.csv").open(encoding="utf-8") as stream:
        table = {row["id"]: row for row in csv.DictReader(stream)}
    phantom = draw_large_phantom(PHANTOM_SEED, PHANTOM_SIZE, findings=PHANTOM_FINDINGS)
    for number, case in enumerate(CASES, start=1):
        row = table[case.source] if case.source else None
        pixels, bits = _pixels(case, row, arguments.source, phantom)
        dataset = _header(case, number, row)
        _write(dataset, pixels, bits, case.syntax, arguments.out / case.file)
        print(f"{arguments.out / case.file}: {(arguments.out / case.file).stat().st_size / 1024:.0f} KiB")
    _write_truth(phantom, arguments.out / "04_phantom.json")
    (arguments.out / "ATTRIBUTION.md").write_text(_attribution(table), encoding="utf-8")
    return 0


def _pixels(
    case: Case, row: dict[str, str] | None, source: Path, phantom: Phantom
) -> tuple[npt.NDArray[np.integer], int]:
    """Pixels as displayed and their bits."""
    if row is not None:
        image = Image.open(source / row["file"]).convert("L")
        image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS)
        return np.asarray(image), 8
    if case.body_part == "HAND":
        return draw_hand(640), 8
    return phantom.image, 12


def _header(case: Case, number: int, row: dict[str, str] | None) -> Dataset:
    """Build the attributes of the Digital X-Ray IOD (PS3.3 A.26), all invented except what the source states."""
    ds = Dataset()
    name = case.file
    ds.SpecificCharacterSet = "ISO_IR 192"
    ds.ImageType = ["DERIVED", "PRIMARY", ""]
    ds.SOPClassUID = DigitalXRayImageStorageForPresentation if row is None else ComputedRadiographyImageStorage
    ds.SOPInstanceUID = generate_uid(entropy_srcs=["saerad demo image", name])
    ds.StudyInstanceUID = generate_uid(entropy_srcs=["saerad demo study", name])
    ds.SeriesInstanceUID = generate_uid(entropy_srcs=["saerad demo series", name])
    ds.StudyDate = ds.SeriesDate = ds.AcquisitionDate = ds.ContentDate = case.date
    ds.StudyTime = ds.SeriesTime = ds.AcquisitionTime = ds.ContentTime = f"{8 + number:02d}1500"
    ds.AccessionNumber = f"DEMO{number:04d}"
    ds.Modality = "DX" if row is None else "CR"
    ds.Manufacturer, ds.ManufacturerModelName = "SAE-Rad", "demonstration study"
    ds.DeviceSerialNumber, ds.SoftwareVersions = "0", "1"
    ds.InstitutionName = "SAE-Rad demonstration (fictitious)"
    ds.ReferringPhysicianName = "DEMO^REFERRER"
    ds.StudyDescription = f"{case.body_part.capitalize()} radiograph"
    ds.SeriesDescription = case.description
    ds.PatientName, ds.PatientID = case.patient, f"DEMO-{case.patient_number or number:04d}"
    ds.PatientBirthDate, ds.PatientSex = case.born, case.sex
    if case.age:
        ds.PatientAge = case.age
    ds.PatientComments = "Fictitious patient of the bundled demonstration study"
    ds.PatientIdentityRemoved, ds.DeidentificationMethod = "YES", "name, dates and identifiers are invented"
    ds.StudyID, ds.SeriesNumber, ds.InstanceNumber = str(number), 1, 1
    ds.PatientOrientation = ["L", "F"]
    ds.BodyPartExamined, ds.ViewPosition, ds.ImageLaterality = case.body_part, case.view, "U"
    if row is None:
        ds.PresentationIntentType, ds.PositionerType, ds.DetectorType = "FOR PRESENTATION", "NONE", "DIRECT"
        ds.ImagerPixelSpacing = [DETECTOR_MM / PHANTOM_SIZE] * 2
        ds.AcquisitionContextSequence = []
        ds.AnatomicRegionSequence = [_code(*ANATOMY[case.body_part])]
    ds.ImageComments = f"Source: {case.credit}"
    ds.DerivationDescription = "wrapped as DICOM" + (f" from {Path(row['file']).name}, resampled" if row else ", drawn")
    ds.BurnedInAnnotation = "NO" if row is None else "YES"
    lossy = row is not None and row["format"] == "JPEG"
    ds.LossyImageCompression = "01" if lossy else "00"
    if lossy:
        ds.LossyImageCompressionMethod, ds.LossyImageCompressionRatio = "ISO_10918_1", "10"
    return ds


def _code(value: str, meaning: str) -> Dataset:
    """Return a SNOMED CT code item."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = value, "SCT", meaning
    return item


def _write(ds: Dataset, pixels: npt.NDArray[np.integer], bits: int, syntax: UID, path: Path) -> None:
    ds.Rows, ds.Columns = pixels.shape
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PixelRepresentation = 1, "MONOCHROME2", 0
    ds.BitsAllocated, ds.BitsStored, ds.HighBit = (8, 8, 7) if bits == 8 else (16, bits, bits - 1)
    ds.PresentationLUTShape = "IDENTITY"
    ds.RescaleIntercept, ds.RescaleSlope, ds.RescaleType = "0", "1", "US"
    ds.PixelIntensityRelationship, ds.PixelIntensityRelationshipSign = "LOG", -1
    low, high = np.percentile(pixels, (0.5, 99.5))
    ds.WindowCenter, ds.WindowWidth = f"{(low + high) / 2:.0f}", f"{max(high - low, 1):.0f}"
    ds.file_meta = FileMetaDataset()
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPClassUID, ds.SOPInstanceUID
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.PixelData = np.ascontiguousarray(pixels, dtype=np.uint8 if bits == 8 else np.uint16).tobytes()
    ds.compress(syntax, generate_instance_uid=False)
    ds.save_as(path, enforce_file_format=True)


def draw_hand(size: int) -> npt.NDArray[np.uint8]:
    """Draw something like the radiograph of a hand: soft tissue, and bones in it; uint8, shape (size, size)."""
    tissue, bone = Image.new("L", (size, size)), Image.new("L", (size, size))
    soft, hard = ImageDraw.Draw(tissue), ImageDraw.Draw(bone)
    unit = size / 100
    wrist = (50 * unit, 97 * unit)
    fingers = [(21, 46, 9), (35, 16, 8), (49, 9, 8), (63, 14, 8), (77, 30, 7)]
    soft.polygon(
        [(x * unit, y * unit) for x, y in ((37, 90), (33, 70), (32, 60), (38, 52), (62, 52), (68, 62), (64, 90))],
        fill=110,
    )
    soft.line([wrist, (50 * unit, 75 * unit)], fill=110, width=int(26 * unit))
    for x, y, width in fingers:
        root = ((38 + (x - 50) * 0.32 + 12) * unit, 73 * unit)
        tip = (x * unit, y * unit)
        soft.line([root, tip], fill=110, width=int(width * unit))
        soft.ellipse([tip[0] - width * unit / 2, tip[1] - width * unit / 2, tip[0] + width * unit / 2,
                      tip[1] + width * unit / 2], fill=110)  # fmt: skip
        for start, end in ((0.02, 0.4), (0.44, 0.68), (0.71, 0.85), (0.88, 0.98)):
            ends = [(root[0] + (tip[0] - root[0]) * t, root[1] + (tip[1] - root[1]) * t) for t in (start, end)]
            hard.line(ends, fill=120, width=int(width * unit * 0.42))
            for centre in ends:
                r = width * unit * 0.3
                hard.ellipse([centre[0] - r, centre[1] - r, centre[0] + r, centre[1] + r], fill=135)
    for x, y in ((42, 77), (49, 76), (56, 77), (44, 83), (51, 83), (57, 83)):
        hard.ellipse([(x - 4) * unit, (y - 3.4) * unit, (x + 4) * unit, (y + 3.4) * unit], fill=125)
    for x, half in ((44, 5.5), (57, 3.5)):
        hard.rectangle([(x - half) * unit, 87 * unit, (x + half) * unit, 100 * unit], fill=125)
    blurred = [np.asarray(image.filter(ImageFilter.GaussianBlur(radius)), dtype=np.float64)
               for image, radius in ((tissue, 1.2 * unit), (bone, 0.35 * unit))]  # fmt: skip
    noise = np.random.default_rng(5).normal(0.0, 3.0, (size, size))
    return np.clip(14 + 0.75 * blurred[0] + 0.95 * blurred[1] + noise, 0, 255).astype(np.uint8)


def _write_truth(phantom: Phantom, path: Path) -> None:
    """Write what was drawn: findings with the box (left, top, right, bottom, pixels) in which each is visible."""
    findings = []
    for finding, mask in zip(phantom.findings, phantom.masks, strict=True):
        rows, columns = np.nonzero(mask)
        box = [int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1]
        findings.append({
            "observation": finding.observation, "polarity": finding.polarity, "laterality": finding.laterality,
            "location": finding.location, "severity": finding.severity, "box": box, "pixels": int(mask.sum()),
        })  # fmt: skip
    truth = {"file": "04_phantom.dcm", "seed": phantom.seed, "view": phantom.view, "findings": findings,
             "report": phantom.report}  # fmt: skip
    path.write_text(json.dumps(truth, indent=1) + "\n", encoding="utf-8")


def _attribution(table: dict[str, dict[str, str]]) -> str:
    """Say where every file comes from."""
    lines = [
        "# Demonstration study",
        "",
        "Patients, names, dates and identifiers are invented. The real images were scaled down and wrapped as DICOM by",
        "`packaging/make_demo_study.py`; nothing else was changed. They are for showing software, not for teaching.",
        "",
        "| file | from | licence | labels of the source |",
        "| --- | --- | --- | --- |",
    ]
    for case in CASES:
        row = table[case.source] if case.source else None
        name = f"{case.credit} (`{Path(row['file']).name}`)" if row else case.credit
        licence = (
            ("no restriction on use; attribution requested" if "NIH" in case.credit else row["licence"])
            if row
            else "Apache-2.0"
        )
        lines.append(f"| `{case.file}` | {name} | {licence} | {case.labels} |")
    lines += [
        "",
        'NIH asks that users link to https://nihcc.app.box.com/v/ChestXray-NIHCC, cite Wang X et al., "ChestX-ray8:',
        'Hospital-scale Chest X-ray Database and Benchmarks", CVPR 2017, and acknowledge the NIH Clinical Center as',
        "the data provider. CC BY 3.0: https://creativecommons.org/licenses/by/3.0/",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
