"""What is made of one analysed image, and what there is to say of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from engine.cli.result_folders import RESULT_FILES, Outcome, Row, sentences
from engine.dicom.radiograph import Radiograph
from engine.errors import PluginError, SaeRadError
from engine.export import export_all, skipped_formats
from engine.inference.analysis import Analysis
from engine.plugins.composers import OWN_DRAFT
from engine.plugins.exporters import run_exporters
from engine.report.rewrite import Rewriter, rewriting_note
from engine.report.wishes import DraftWishes


@dataclass(frozen=True)
class ImageSettings:
    """What is to be made of every image of a batch: formats, drafts, and exporters of plug-ins."""

    formats: tuple[str, ...]
    wishes: DraftWishes = field(default_factory=DraftWishes)
    plugins: tuple[str, ...] = ()


@dataclass(frozen=True)
class ImageResults:
    """What was made of an image, wherever that was.

    Attributes
    ----------
    sop_instance_uid, pixel_sha256 : str
    outcome : Outcome
    code : str
        The gate's.
    verdict : str
        What the gate says, empty where all is well.
    notes, warnings : tuple of str
        What concerns this image; and what concerns the whole run, which was said at its start.
    failures : tuple of SaeRadError
        Of plug-ins.
    rewriting_warning : str
    """

    sop_instance_uid: str
    pixel_sha256: str
    outcome: Outcome
    code: str
    verdict: str
    notes: tuple[str, ...]
    warnings: tuple[str, ...]
    failures: tuple[SaeRadError, ...] = ()
    rewriting_warning: str = ""

    def note(self, folder: Path) -> str:
        """Return all there is to say of this image, whose results lie in `folder`."""
        elsewhere = ""
        if folder.name != self.sop_instance_uid:
            elsewhere = f"another image has the same SOP Instance UID; the results are in {folder.name}"
        return sentences([self.verdict, elsewhere, *self.notes])

    def row(self, path: Path, folder: Path) -> Row:
        """Return the line of the summary for the file at `path`."""
        message = sentences([self.note(folder), *self.warnings])
        return Row(str(path), self.sop_instance_uid, self.outcome, self.code, message)


def write_results(
    folder: Path,
    radiograph: Radiograph,
    analysis: Analysis,
    settings: ImageSettings,
    rewriter: Rewriter | None = None,
) -> ImageResults:
    """Compose the draft of an analysed image and write all that was asked for, in place of an earlier run's.

    Raises
    ------
    SaeRadError
        As `engine.export.export_all`.
    """
    refused = analysis.gate.verdict == "refused"
    draft = None if refused else settings.wishes.draft(analysis, radiograph)
    rewritten, rewriting_warning = "", ""
    if draft is not None and rewriter is not None:
        draft = rewriter.rewrite(draft)
        rewritten = rewriting_note(draft)
        if draft.rewriting is not None and draft.rewriting.warning:
            rewriting_warning = rewritten
    skipped = {} if refused else skipped_formats(radiograph)
    formats = [name for name in settings.formats if name not in skipped]
    export_all(folder, radiograph, analysis, draft, formats, replaced=RESULT_FILES)
    failures = run_exporters(settings.plugins, folder, radiograph, analysis, draft)
    if draft is not None and draft.composing is not None and draft.composing.code:
        failures.insert(0, PluginError(draft.composing.code, draft.composing.message, OWN_DRAFT))
    left_out = [name for name in skipped if name in settings.formats]
    notes = [
        f"not written: {', '.join(name for name in left_out if skipped[name] == reason)}; {reason}"
        for reason in dict.fromkeys(skipped[name] for name in left_out)
    ]
    notes += [f"left out [{error.code}]: {error.message}" for error in failures]
    return ImageResults(
        analysis.sop_instance_uid,
        radiograph.pixel_sha256,
        "refused" if refused else "analysed",
        analysis.gate.code,
        "" if analysis.gate.code == "OK" else analysis.gate.message,
        (*notes, rewritten, *radiograph.warnings),
        tuple(analysis.warnings),
        tuple(failures),
        rewriting_warning,
    )
