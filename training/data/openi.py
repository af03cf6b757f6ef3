"""Open-I's Indiana University chest X-rays, as XML of the National Library of Medicine or as the CSV files of Kaggle.

XML (Demner-Fushman et al. 2016, doi:10.1093/jamia/ocv080): ``ecgen-radiology/*.xml``, images in ``NLMCXR_png/``.
CSV: ``indiana_reports.csv`` and ``indiana_projections.csv``, images in ``images/images_normalized/``. Neither links the
reports of one patient: each report counts as a patient.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from xml.etree import ElementTree

from engine.errors import DataError, UsageError
from engine.text.sections import Sections
from training.data.cleaning import clean_sections
from training.data.listing import Listing, Problems, Request, choose_split, is_plain_name, with_report
from training.data.manifest import IndexRow
from training.data.splits import split_of_group
from training.data.tables import find_table, read_rows, read_text

KIND = "openi"
_XML_FOLDERS = ("ecgen-radiology", "NLMCXR_reports/ecgen-radiology", "reports/ecgen-radiology", "")
_IMAGE_FOLDERS = ("NLMCXR_png", "images/images_normalized", "images_normalized", "images", "png", "")
_PROBED_IMAGES = 200
_SECTIONS = ("findings", "impression", "indication", "comparison")
# Kaggle says no more than these two.
_VIEWS = {"frontal": "FRONTAL", "lateral": "LATERAL"}


@dataclass(frozen=True)
class OpeniStudy:
    """A report and the images that it names.

    Attributes
    ----------
    uid : str
        "CXR1".
    images : tuple of (str, str)
        File name and view of each.
    mesh : tuple of str
        Codes given by hand: "normal", "Cardiomegaly/borderline".
    origin : str
        File, or row, that it comes from.
    has_report : bool
        False for images without one.
    """

    uid: str
    images: tuple[tuple[str, str], ...]
    sections: Sections
    mesh: tuple[str, ...]
    origin: str
    has_report: bool = True


def list_openi(request: Request, problems: Problems) -> Listing:
    """List the images of Open-I in either form; the XML where both are there.

    Raises
    ------
    UsageError
        ``INDEX_TABLE`` where neither is found, ``INDEX_IMAGES`` where no image is found, ``INDEX_SPLIT`` for the
        official split, which this set does not have.
    """
    rule = choose_split(request, None, "Open-I has none")
    xml = _xml_files(request.reports or request.root)
    table = find_table(request.tables, "indiana_reports")
    if xml:
        studies, note = _read_xml(xml, request, problems), "reports in XML"
    elif table is not None:
        studies, note = _read_csv(table, request, problems), f"reports of {table.name}"
    else:
        raise UsageError(
            "INDEX_TABLE",
            f"neither ecgen-radiology/*.xml nor indiana_reports.csv is in {request.root}",
            "name the folder of the XML files with --reports, or that of the CSV files with --tables",
        )
    first = list(islice(studies, _PROBED_IMAGES))
    folder = _image_folder(request.root, first)
    return Listing(KIND, rule, _rows(chain(first, studies), folder, problems), notes=(note,))


def _rows(studies: Iterator[OpeniStudy], folder: str, problems: Problems) -> Iterator[IndexRow]:
    seen: dict[str, str] = {}
    for study in studies:
        if seen.setdefault(study.uid, study.origin) != study.origin:
            problems.add("INDEX_PATIENTS", study.origin, f"{study.uid} is the id of {seen[study.uid]} too")
            continue
        report = clean_sections(study.sections)
        if not study.images:
            problems.remark("REPORT_WITHOUT_IMAGE", study.origin, "the report names no image")
        elif study.has_report and not (report.findings or report.impression or report.unsupported):
            problems.remark("REPORT_EMPTY", study.origin, "neither findings nor impression were found")
        for name, view in study.images:
            if not is_plain_name(name):
                problems.add(
                    "INDEX_ROW", study.origin, f"an image of the report is called {name!r}, which is no name of a file"
                )
                continue
            row = IndexRow(
                sample_id=name.removesuffix(".png").removesuffix(".dcm"),
                source=KIND,
                path=f"{folder}/{name}" if folder else name,
                sha256="",
                size=0,
                patient_id=study.uid,
                study_id=study.uid,
                split=split_of_group(f"iu{study.uid}"),
                view=view,
                labels_present=study.mesh,
            )
            yield with_report(row, report, study.origin) if study.has_report else row


def _image_folder(root: Path, studies: Sequence[OpeniStudy]) -> str:
    """Return the folder, relative to the root, that holds an image of the first studies."""
    names = [name for study in studies for name, _ in study.images if is_plain_name(name)]
    for folder in _IMAGE_FOLDERS:
        if (root / folder).is_dir() and any((root / folder / name).is_file() for name in names):
            return folder
    raise UsageError(
        "INDEX_IMAGES", f"none of the first images are in {root}", "unpack them into NLMCXR_png/ or images/ there"
    )


def _xml_files(root: Path) -> list[Path]:
    for folder in _XML_FOLDERS:
        found = sorted((root / folder).glob("*.xml"), key=lambda path: (len(path.stem), path.stem))
        if found:
            return found
    return []


def _read_xml(files: Sequence[Path], request: Request, problems: Problems) -> Iterator[OpeniStudy]:
    for path in files:
        inside = path.is_relative_to(request.root)
        origin = path.relative_to(request.root).as_posix() if inside else path.name
        try:
            text, utf8 = read_text(path)
            if not utf8:
                problems.remark("REPORT_ENCODING", origin, "the report is not UTF-8; it was read as Windows-1252")
            yield parse_xml(text, origin)
        except DataError as error:
            problems.failed(origin, error)


def parse_xml(text: str, origin: str) -> OpeniStudy:
    """Read one report of ``ecgen-radiology``.

    Raises
    ------
    DataError
        ``REPORT_UNREADABLE`` for anything else; a document type is refused, since entities can blow a file up.
    """
    if "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise DataError("REPORT_UNREADABLE", "the XML file declares a document type, which these reports do not")
    try:
        # The declaration names an encoding, but the text is decoded already.
        root = ElementTree.fromstring(text.encode())
    except ElementTree.ParseError as error:
        raise DataError("REPORT_UNREADABLE", f"the XML file cannot be parsed ({error})") from error
    uid = root.find("uId")
    name = uid.get("id", "") if uid is not None else ""
    if not name:
        raise DataError("REPORT_UNREADABLE", "the XML file names no uId")
    texts: dict[str, list[str]] = {}
    for element in root.iter("AbstractText"):
        texts.setdefault(element.get("Label", "").lower(), []).append("".join(element.itertext()).strip())
    images = tuple((f"{image.get('id', '')}.png", "") for image in root.iter("parentImage"))
    mesh = tuple(code for code in ("".join(e.itertext()).strip() for e in root.iter("major")) if code)
    found = {section: "\n\n".join(text for text in texts.get(section, []) if text) for section in _SECTIONS}
    return OpeniStudy(name, images, Sections(**found), mesh, origin)


def _read_csv(reports: Path, request: Request, problems: Problems) -> Iterator[OpeniStudy]:
    projections = find_table(request.tables, "indiana_projections")
    if projections is None:
        raise UsageError("INDEX_TABLE", f"there is no indiana_projections.csv in {request.tables}", "copy it there")
    images: dict[str, list[tuple[str, str]]] = {}
    for row in read_rows(projections, ("uid", "filename", "projection")):
        images.setdefault(row["uid"], []).append((row["filename"], _VIEWS.get(row["projection"].lower(), "")))
    known = set()
    for number, row in enumerate(read_rows(reports, ("uid", "MeSH", *_SECTIONS)), start=2):
        known.add(row["uid"])
        sections = Sections(**{section: row[section] for section in _SECTIONS})
        mesh = tuple(code.strip() for code in row["MeSH"].split(";") if code.strip())
        origin = f"{reports.name}:{number}"
        yield OpeniStudy(f"CXR{row['uid']}", tuple(images.get(row["uid"], ())), sections, mesh, origin)
    for uid in images.keys() - known:
        problems.remark("REPORT_MISSING", f"CXR{uid}", f"{reports.name} has no row for this patient")
        yield OpeniStudy(f"CXR{uid}", tuple(images[uid]), Sections(), (), projections.name, has_report=False)
