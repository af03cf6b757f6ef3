"""Earlier chest radiographs of the same patient: the index names files, their headers decide."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.catalog.earlier import earlier_images
from engine.catalog.header import read_header
from engine.dicom.patients import Relation, relation, taken
from engine.dicom.radiograph import Identity
from engine.errors import ReadError
from engine.inference.header_gate import may_be_chest


@dataclass(frozen=True)
class PriorImage:
    """An earlier radiograph of a patient.

    Attributes
    ----------
    identity : Identity
        As its header says now; as the index says of a file that cannot be read.
    problem : str
        Empty, or the code for which it cannot be shown: ``FILE_MISSING`` when the file is gone.
    """

    path: Path
    identity: Identity
    problem: str = ""


@dataclass(frozen=True)
class Offer:
    """Earlier chest radiographs of the patient of one study.

    Attributes
    ----------
    study : str
        Study Instance UID that they are earlier than.
    images : tuple of PriorImage
        Newest first.
    unsure : int
        Studies under the same patient ID whose issuer, birth date or name is another one or not stated; no image of
        them is offered.
    """

    study: str
    images: tuple[PriorImage, ...] = ()
    unsure: int = 0


def find_priors(index: Path, who: Identity, body_part: str) -> Offer:
    """Return what the index offers beside an image.

    An image is offered only if patient ID, issuer, birth date and name agree (`engine.dicom.patients.relation`), by the
    header that its file has now and not by what the index remembers: a file may have been replaced. Of a file that is
    gone the index is believed, since nothing of it is shown.

    Parameters
    ----------
    index : Path
        The SQLite file.
    who : Identity
        Of the image shown.
    body_part : str
        Its Body Part Examined; where it names another part than the chest nothing is offered.

    Raises
    ------
    CatalogError
        When the index cannot be read.
    """
    if not may_be_chest(body_part):
        return Offer(who.study_instance_uid)
    found, unsure = [], set()
    for image in earlier_images(index, who):
        if not may_be_chest(image.body_part):
            continue
        read = _read(PriorImage(image.path, image.identity))
        if relation(who, read.identity) is not Relation.SAME:
            unsure.add(read.identity.study_instance_uid)
        elif read.problem or _is_earlier(read.identity, who):
            found.append(read)
    return Offer(who.study_instance_uid, tuple(found), len(unsure))


def _read(image: PriorImage) -> PriorImage:
    """Return an image as its file says, or why the file says nothing."""
    try:
        identity = read_header(image.path)
    except FileNotFoundError:
        return PriorImage(image.path, image.identity, "FILE_MISSING")
    except OSError:
        return PriorImage(image.path, image.identity, "FILE_UNREADABLE")
    except ReadError as error:
        return PriorImage(image.path, image.identity, error.code)
    if identity is None or not identity.sop_instance_uid:
        return PriorImage(image.path, image.identity, "NOT_DICOM")
    return PriorImage(image.path, identity)


def _is_earlier(identity: Identity, who: Identity) -> bool:
    return (
        bool(taken(identity)[0])
        and taken(identity) < taken(who)
        and (identity.study_instance_uid != who.study_instance_uid)
    )
