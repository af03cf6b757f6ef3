"""Texts that depend on the state of an image: verdict line, what stands in the picture's place, problems, about box.

What went wrong reads the same everywhere: ``WHAT [CODE]: What happened. What to do.``
"""

from __future__ import annotations

from engine.inference.heat_scale import FULL_SCALE
from engine.prose import as_sentence
from viewer.i18n import mark, tr
from viewer.i18n.sentences import sentence
from viewer.state.images import Load, OpenImage, Problem, Work

REFUSAL_ADVICE = {
    "LATERAL_VIEW": mark("open the frontal view of this study"),
    "NOT_A_CHEST": mark("open a frontal chest radiograph"),
    "NOT_A_RADIOGRAPH": mark("open a radiograph (CR, DX) of the chest"),
    "INVERTED_POLARITY": mark("export it again with the right photometric interpretation"),
    "CHILD": mark("read it without the model: it is made for adults"),
    "OUT_OF_DISTRIBUTION": mark("read it without the model: it has not seen images like this"),
}
NO_ADVICE = mark("read it without the model")


def verdict(image: OpenImage | None) -> tuple[str, str]:  # noqa: PLR0911 - one line a state
    """Tone (of ``image.frame.TONES``) and text of the line above the image."""
    if image is None:
        return "idle", tr("No image open")
    if image.load is Load.FAILED and image.problem is not None:
        return "refused", told(tr("NOT OPENED"), image.problem)
    if image.load is not Load.READY and image.analysis is None:
        return "idle", tr("Opening {name}…", name=image.path.name)
    if image.work is Work.RUNNING:
        return "idle", tr("Analysing…")
    if image.analysis_problem is not None:
        return "warning", told(tr("NOT ANALYSED"), image.analysis_problem)
    if image.analysis is None:
        return "idle", tr("Not analysed")
    gate, made = image.analysis.gate, image.analysis
    origin = tr(
        "pack {name} {version} ({sha256}), {provider}, {precision}, {time:.0f} ms",
        name=made.pack_name,
        version=made.pack_version,
        sha256=made.pack_sha256[:8],
        provider=made.provider.replace("ExecutionProvider", ""),
        precision=made.precision,
        time=made.timing_ms.get("total", sum(made.timing_ms.values())),
    )
    if gate.verdict == "refused":
        advice = tr(REFUSAL_ADVICE.get(gate.code, NO_ADVICE))
        return "refused", told(tr("REFUSED"), Problem(gate.code, sentence(gate.message), advice))
    if gate.verdict == "warning":
        return "warning", f"{told(tr('WARNING'), Problem(gate.code, sentence(gate.message)))} ({origin})"
    return "good", tr("Suitable for the model ({origin})", origin=origin)


def told(what: str, problem: Problem) -> str:
    """``WHAT [CODE]: What happened. What to do.``"""
    parts = (f"{what} [{problem.code}]:", as_sentence(problem.message), as_sentence(problem.hint))
    return " ".join(part for part in parts if part)


def in_place_of_picture(image: OpenImage | None) -> str:
    """What stands where no picture is; why, the verdict line above says."""
    if image is None:
        return tr("Drop DICOM files or a folder here.")
    if image.load is Load.FAILED:
        return tr("No picture of {name}", name=image.path.name)
    return tr("Opening {name}…", name=image.path.name)


ABOUT = (
    mark(
        "Shows a radiograph, the features that a sparse autoencoder finds in it, and a draft report in which every"
        " sentence names the features it stands on."
    ),
    mark(
        "<b>Research use only – not for diagnosis.</b> Nothing here was validated for clinical use. Drafts may be wrong"
        " and incomplete; a heat map shows where the model read from, not where disease is."
    ),
    mark(
        "Heat maps share one fixed scale: 1 is what each place would carry if a typical activation of the feature were"
        " spread evenly over the image, and the colour is full from {full} on, on every image. The colour says which"
        " features; maps of features with the same description are added, and so are their typical activations."
    ),
    mark("Images are analysed on this machine; nothing leaves it unless you send it. Apache-2.0."),
)


def about_html() -> str:
    """What this program is, as HTML."""
    paragraphs = "".join(f"<p>{tr(text, full=f'{FULL_SCALE:.0f}')}</p>" for text in ABOUT)
    return f"<h3>{tr('SAE-Rad workstation')}</h3>{paragraphs}"
