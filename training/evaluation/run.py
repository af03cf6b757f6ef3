"""Evaluate a pack through the engine and write the page with its figures."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from engine.export.atomic import write_atomic
from engine.pack.library import load_pack
from engine.pack.manifest import EncoderSpec
from training.build_pack import BuildOptions, build_pack
from training.calibration import CalibrationRules
from training.corpus import Sample, real_samples, split_phantoms
from training.data.phantom.dataset import read_phantoms
from training.encoder.export_onnx import tail_tensors, write_onnx
from training.encoder.vit import VisionTransformer, VitConfig
from training.evaluation.baselines.plots import plot_heat, plot_reports
from training.evaluation.baselines.run import OURS, PROBE, run_baselines
from training.evaluation.drafters import EngineDrafter, ProbeDrafter, answers
from training.evaluation.nih import NihRow, score_nih
from training.evaluation.page import Evaluation, as_json, as_markdown
from training.evaluation.phantoms import PhantomScores, score_answers, score_phantoms
from training.evaluation.plots import plot_findings, plot_nih, plot_systems
from training.evaluation.probe import fit_probe
from training.sae.folded import FloatArray, FoldedSae
from training.tokens import embed

Progress = Callable[[str, float], None]


def evaluate(
    pack_folder: Path,
    phantoms: Path,
    data: Path | None,
    out: Path,
    *,
    page: Path,
    work: Path,
    command: str,
    build: BuildOptions,
    random_encoder: Path | None,
    limit: int | None,
    progress: Progress,
) -> Evaluation:
    """Measure drafts and maps on test phantoms, and features on test NIH images.

    Parameters
    ----------
    data : Path, optional
        Folder of ``cxrtrain.csv``; without it nothing is measured on real images.
    out : Path
        Folder of the figures and ``evaluation.json``.
    page : Path
        The Markdown page.
    random_encoder : Path, optional
        Pack of a random-weight encoder of the same architecture; None leaves the comparison out.
    limit : int, optional
        Test phantoms to use; None takes all.

    Raises
    ------
    UsageError
        ``PHANTOM_NONE``, ``PHANTOM_SPLITS``, ``PHANTOM_FILES``, ``DATA_TABLE``.
    """
    pack = load_pack(pack_folder)
    drawn = split_phantoms(phantoms)
    real = real_samples(data) if data is not None else []
    tested = [sample for sample in drawn if sample.case.split == "test"][:limit]
    wanted = {sample.path for sample in tested}
    records = [record for record in read_phantoms(phantoms) if record.image_path in wanted]

    def tokens(samples: Sequence[Sample]) -> FloatArray:
        keys = [s.case.key for s in samples]
        encoder = pack_folder / "encoder.onnx"
        readers = [s.read for s in samples]
        cache = work / "tokens"
        spec = pack.manifest.encoder
        return embed(encoder, spec, readers, keys, cache=cache, progress=progress, threads=build.threads).class_token

    # The same call as in the build finds its shards again.
    used = [s for s in [*drawn, *real] if s.case.split != "test"]
    known = tokens(used)
    split = np.array([s.case.split if s.frontal else "" for s in used])
    cases = [s.case for s in used]
    probe = fit_probe(
        known[split == "train"],
        [c for c, part in zip(cases, split, strict=True) if part == "train"],
        validation=known[split == "val"],
        validation_cases=[c for c, part in zip(cases, split, strict=True) if part == "val"],
        rules=CalibrationRules(minimum_positive=min(12, build.minimum_images)),
    )
    paths = [record.image_path for record in records]
    given = {
        OURS: answers(EngineDrafter(pack, build.threads), paths, progress),
        PROBE: answers(ProbeDrafter(pack, probe, build.threads), paths, progress),
    }
    systems: dict[str, PhantomScores] = {title: score_answers(own, records) for title, own in given.items()}
    sae = FoldedSae.load(pack_folder / "sae.safetensors")
    baselines = run_baselines(
        sae,
        given,
        records,
        tokens=tokens(tested),
        train=known[split == "train"],
        train_cases=[case for case, part in zip(cases, split, strict=True) if part == "train"],
        progress=progress,
    )
    if random_encoder is not None:
        drafter = EngineDrafter(load_pack(random_encoder), build.threads)
        systems["random-weight encoder"] = score_phantoms(drafter, records, progress)
    rows: tuple[NihRow, ...] = ()
    if real:
        held_out = [s for s in real if s.case.split == "test"]
        offset = sum(s.case.split != "test" for s in drawn)
        every = [*used[offset:], *held_out]
        rows = tuple(
            score_nih(
                sae,
                pack.manifest.calibration.readouts,
                probe,
                every,
                np.concatenate([known[offset:], tokens(held_out)]),
            )
        )
    evaluation = Evaluation(pack.manifest, command, systems, baselines, rows)
    _write(evaluation, out, page)
    return evaluation


def build_random_pack(
    samples: Sequence[Sample],
    spec: EncoderSpec,
    config: VitConfig,
    work: Path,
    *,
    repository: Path,
    options: BuildOptions,
    progress: Progress,
) -> Path:
    """Build, or find, the pack of an encoder whose weights are as they were drawn.

    Returns
    -------
    Path
        The pack's folder, without an input gate, since nothing it could refuse is asked of it.
    """
    folder, encoder = work / "random-pack", work / "random-encoder"
    if not (encoder / "encoder.onnx").is_file():
        encoder.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(options.seed)
        vit = VisionTransformer(config).eval()
        save_file(tail_tensors(vit), encoder / "tail.safetensors")
        write_onnx(vit, encoder / "encoder.onnx")
    build_pack(
        samples,
        encoder,
        spec,
        folder,
        work=work,
        name="random-encoder",
        version="0.0.0",
        command="control of an evaluation",
        repository=repository,
        options=replace(options, gate=False),
        progress=progress,
    )
    return folder


def _write(evaluation: Evaluation, out: Path, page: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    plot_systems(evaluation.systems, out / "phantoms-systems.png")
    plot_findings(evaluation.systems, out / "phantoms-findings.png")
    plot_reports(evaluation.baselines.judged, out / "reports-systems.png")
    plot_heat(evaluation.baselines.judged, out / "reports-findings.png")
    if evaluation.nih:
        plot_nih(evaluation.nih, out / "nih-auroc.png")
    write_atomic(out / "evaluation.json", (json.dumps(as_json(evaluation), indent=1) + "\n").encode())
    figures = out.relative_to(page.parent).as_posix() if out.is_relative_to(page.parent) else out.as_posix()
    write_atomic(page, as_markdown(evaluation, figures).encode())
