"""Export without the patient's identity: a de-identified copy of the image, and the results bound to that copy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from engine.dicom.deidentify.pseudonyms import Pseudonyms
from engine.worker.decode import decode_in_worker
from viewer.i18n import tr
from viewer.services import Engine, ExportOrder
from viewer.state.images import Problem
from viewer.tasks import TaskControl


@dataclass(frozen=True)
class Exported:
    """What was written, and what a person should look at before it is given away."""

    files: list[Path]
    look: Problem | None = None


def export_unidentified(
    engine: Engine, order: ExportOrder, source: Path, pseudonyms: Pseudonyms, control: TaskControl
) -> Exported:
    """Write the copy beside the results; the source is only read.

    Raises
    ------
    SaeRadError
        As `engine.dicom.deidentify.files.Run.deidentify`, `engine.export.unidentified.unidentified` and the export.
    """
    from engine.dicom.deidentify.files import Run
    from engine.export.unidentified import unidentified

    control.progress(tr("De-identifying"), 0.0)
    written = Run(order.folder, pseudonyms).deidentify(source)
    control.check()
    bare = unidentified(decode_in_worker(written.path), order.radiograph, order.analysis, order.draft, order.sheet)
    anonymous = replace(order, radiograph=bare.radiograph, analysis=bare.analysis, draft=bare.draft, sheet=bare.sheet)
    files = engine.export(anonymous, control)
    remarks = list(written.warnings)
    if bare.by_persons:
        remarks.append(
            tr("Sentences and texts that a person wrote were not searched for names: {count}.", count=bare.by_persons)
        )
    look = Problem("DEID_LOOK", " ".join(remarks), tr("look at image and report before you give them away"))
    return Exported([*files, written.path], look if remarks else None)
