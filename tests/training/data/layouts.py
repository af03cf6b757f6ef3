"""Tiny data sets in the layouts in which the real ones lie on disk; all text is invented."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from engine.pack.manifest import OBSERVATIONS
from tests.engine.pictures import write_dicom

REPORT = """                                 FINAL REPORT
 EXAMINATION:  CHEST (PA AND LAT)

 INDICATION:  ___F with cough  // pneumonia?

 COMPARISON:  Chest radiograph from ___.

 FINDINGS:

 There is a small left effusion, unchanged from the prior study.  The lungs
 are clear.  Heart size is stable.

 IMPRESSION:

 No acute process.
"""

# subject, study, dicom_id, split, ViewPosition, view code
MIMIC_IMAGES = (
    ("10000032", "50414267", "02aa804e-bde0afdd-112c0b34-7bc16630-4e384014", "train", "PA", "postero-anterior"),
    ("10000032", "50414267", "174413ec-4ec4c1f7-34ea26b7-c5f994f8-79ef1962", "train", "LATERAL", "lateral"),
    ("10000032", "53189527", "2a2277a9-b0ded155-c0de8eb9-c124d10e-82c5caab", "train", "", "antero-posterior"),
    ("10000764", "57375967", "096052b7-d256dc40-453a102b-fa7d01c6-1b22c6b4", "validate", "AP", "antero-posterior"),
    ("11000011", "51029426", "68b5c4b1-227d0485-9cc38c3f-7b84ab51-4b472714", "test", "", ""),
)


def picture(path: Path, seed: int) -> None:
    """Save a 16 x 16 picture; different seeds give different files."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (16, 16), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def table(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]], encoding: str = "utf-8") -> Path:
    """Write a CSV file, gzipped where the name says so."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    content = text.getvalue().encode(encoding)
    path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
    return path


def dicom(path: Path, **elements: object) -> str:
    """Write a 16 x 16 radiograph of its own pixels; returns its SOP Instance UID."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(len(str(path)) + sum(path.name.encode())).integers(0, 4096, (16, 16))
    return write_dicom(path, pixels.astype(np.uint16), **elements)


def mimic_tables(folder: Path, suffix: str = ".csv.gz", version: str = "2.0.0") -> None:
    """Write the tables of MIMIC-CXR-JPG."""
    name = f"mimic-cxr-{version}"
    metadata = [
        (dicom_id, subject, study, "CHEST (PA AND LAT)", view, 16, 16, 21800506, "213014.531", "", code, "Erect")
        for subject, study, dicom_id, _, view, code in MIMIC_IMAGES
    ]
    columns = (
        "dicom_id", "subject_id", "study_id", "PerformedProcedureStepDescription", "ViewPosition", "Rows", "Columns",
        "StudyDate", "StudyTime", "ProcedureCodeSequence_CodeMeaning", "ViewCodeSequence_CodeMeaning",
        "PatientOrientationCodeSequence_CodeMeaning",
    )  # fmt: skip
    table(folder / f"{name}-metadata{suffix}", columns, metadata)
    splits = [(dicom_id, study, subject, split) for subject, study, dicom_id, split, *_ in MIMIC_IMAGES]
    table(folder / f"{name}-split{suffix}", ("dicom_id", "study_id", "subject_id", "split"), splits)
    names = sorted(OBSERVATIONS)
    answers = {"Pleural Effusion": "1.0", "Pneumothorax": "0.0", "Edema": "-1.0"}
    labels = [("10000032", "50414267", *(answers.get(label, "") for label in names))]
    table(folder / f"{name}-chexpert{suffix}", ("subject_id", "study_id", *names), labels)


def mimic(root: Path, kind: str = "mimic-cxr-jpg", reports: Path | None = None, suffix: str = ".csv.gz") -> Path:
    """Write MIMIC-CXR or MIMIC-CXR-JPG; reports go to `reports`, or beside the images."""
    mimic_tables(root, suffix)
    for number, (subject, study, dicom_id, *_) in enumerate(MIMIC_IMAGES):
        place = f"files/p{subject[:2]}/p{subject}/s{study}"
        if kind == "mimic-cxr":
            dicom(root / place / f"{dicom_id}.dcm")
        else:
            picture(root / place / f"{dicom_id}.jpg", number)
        report = (reports or root) / f"{place}.txt"
        report.parent.mkdir(parents=True, exist_ok=True)
        report.write_text(REPORT, encoding="utf-8")
    return root


OPENI_XML = """<?xml version="1.0" encoding="utf-8"?>
<eCitation>
 <meta type="rr"/>
 <uId id="{uid}"/>
 <MedlineCitation Owner="Indiana University" Status="supplied by publisher">
  <Article PubModel="Electronic"><ArticleTitle>Indiana University Chest X-ray Collection</ArticleTitle>
   <Abstract>
    <AbstractText Label="COMPARISON">XXXX, XXXX</AbstractText>
    <AbstractText Label="INDICATION">Cough for XXXX days</AbstractText>
    <AbstractText Label="FINDINGS">{findings}</AbstractText>
    <AbstractText Label="IMPRESSION">No acute disease.</AbstractText>
   </Abstract>
  </Article>
 </MedlineCitation>
 <MeSH><major>Cardiomegaly/borderline</major><major>Scoliosis</major><automatic>cardiomegaly</automatic></MeSH>
 {images}
</eCitation>
"""


def openi_xml(root: Path, studies: Sequence[tuple[str, Sequence[str]]], findings: str = "Stable cardiomegaly.") -> Path:
    """Write Open-I's reports in XML and its images in PNG."""
    for uid, images in studies:
        parents = "\n ".join(
            f'<parentImage id="{name}"><figureId>F1</figureId><caption>Chest PA and Lateral</caption></parentImage>'
            for name in images
        )
        path = root / "ecgen-radiology" / f"{uid.removeprefix('CXR')}.xml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(OPENI_XML.format(uid=uid, findings=findings, images=parents), encoding="utf-8")
        for name in images:
            picture(root / "NLMCXR_png" / f"{name}.png", sum(name.encode()))
    return root


def openi_csv(root: Path) -> Path:
    """Write the CSV files of Kaggle with images in images/images_normalized."""
    reports = [
        (
            1,
            "normal",
            "normal",
            "Xray Chest PA and Lateral",
            "Positive TB test",
            "None.",
            "Lungs are clear.",
            "Normal.",
        ),
        (2, "Cardiomegaly/borderline;Scoliosis", "Cardiomegaly", "PA", "Cough", "", "Stable cardiomegaly.", ""),
    ]
    columns = ("uid", "MeSH", "Problems", "image", "indication", "comparison", "findings", "impression")
    table(root / "indiana_reports.csv", columns, reports)
    images = [
        (1, "1_IM-0001-4001.dcm.png", "Frontal"),
        (1, "1_IM-0001-3001.dcm.png", "Lateral"),
        (2, "2_IM-0652-1001.dcm.png", "Frontal"),
    ]
    table(root / "indiana_projections.csv", ("uid", "filename", "projection"), images)
    for number, (_, name, _) in enumerate(images):
        picture(root / "images" / "images_normalized" / name, 100 + number)
    return root


NIH_ROWS = (
    ("00000001_000.png", "Cardiomegaly", 0, 1, "058", "M", "PA"),
    ("00000001_001.png", "Cardiomegaly|Emphysema", 1, 1, "058", "M", "PA"),
    ("00000002_000.png", "No Finding", 0, 2, "081", "M", "AP"),
    ("00000003_000.png", "Hernia", 0, 3, "414", "F", "PA"),
)


def nih(root: Path, *, edition: int = 2017, numbered: bool = True, lists: bool = True) -> Path:
    """Write NIH ChestX-ray14 in its first or its 2020 edition, images in numbered folders or in one."""
    if edition == 2017:
        tail = ("Patient Gender", "View Position", "OriginalImage[Width", "Height]")
    else:
        tail = ("Patient Sex", "View Position", "OriginalImageWidth", "OriginalImageHeight")
    columns = ("Image Index", "Finding Labels", "Follow-up #", "Patient ID", "Patient Age", *tail)
    name = "Data_Entry_2017.csv" if edition == 2017 else "Data_Entry_2017_v2020.csv"
    table(root / name, columns, [(*row, 16, 16) for row in NIH_ROWS])
    for number, row in enumerate(NIH_ROWS):
        folder = f"images_{1 + number // 2:03d}/images" if numbered else "images"
        picture(root / folder / row[0], 200 + number)
    if lists:
        (root / "train_val_list.txt").write_text("00000001_000.png\n00000001_001.png\n00000003_000.png\n")
        (root / "test_list.txt").write_text("00000002_000.png")
    return root
