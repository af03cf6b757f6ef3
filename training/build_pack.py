"""From an exported encoder and a corpus to a model pack: tokens, autoencoder, descriptions, readouts, gate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from engine.pack.manifest import Calibration, EncoderSpec, Manifest, Provenance, SaeSpec
from engine.resources import resource_path
from training.calibration import CalibrationRules, calibrate
from training.corpus import Reader, Sample, data_sources
from training.gate import fit_gate
from training.labelling.build import label_features, summary
from training.labelling.cases import Case
from training.labelling.choose import Rules
from training.labelling.citable import may_be_cited
from training.labelling.describe import Wording
from training.labelling.judge import ScoreRules
from training.not_chest import not_chest_readers
from training.pack import PackParts, code_revision, now, write_pack
from training.sae.metrics import measure, random_features
from training.sae.train import SaeOptions, train_sae
from training.tokens import Embedded, embed

FloatArray = npt.NDArray[np.float32]
Progress = Callable[[str, float], None]

TITLE = "Demonstration pack"
INTENDED_USE = (
    "Shows how the workstation works from end to end, and serves its tests: frontal chest radiographs of adults, for "
    "research and teaching only, not for clinical use."
)
LIMITS = (
    "Not for clinical use: no figure of this card was measured on clinical data with an expert's reference.",
    "The encoder is small and was trained with supervision, mostly on drawn phantoms whose findings look simpler than "
    "real ones; on real radiographs it misses much. Its probabilities are calibrated on phantoms and, where these have "
    "enough positives, on NIH labels alike; for every other finding on phantoms alone, which makes them too confident.",
    "Real positives come from about 300 NIH images whose labels were mined from reports and are wrong for many.",
    "Sides, places, severities and devices were learnt from phantoms only.",
    "Frontal views of adults only; lateral views, children and other body parts should be refused, but the gate was "
    "taught with altered and drawn pictures and has seen no real lateral view.",
    "Pneumonia cannot be told from other opacities on one picture; rare findings are never stated, nor are those "
    "listed below as never stated.",
    "A heat map says where the class token read a feature in the last block; it is no segmentation.",
)

LATERAL_COPIES = 15
"""Altered copies of each real lateral view in the corpus, for the gate."""


@dataclass(frozen=True)
class BuildOptions:
    """Sizes of the build; the defaults are those of the demo pack.

    Attributes
    ----------
    whitening : float
        Exponent of the space the autoencoder is trained in (:class:`training.sae.space.Space`).
    reference : {"all", "normal"}
        Whose deviations that space evens out: those of all training images, or of those that show nothing, devices
        neither. Devices count as normal elsewhere, but a space that evens out their variety shrinks them with it, and
        the dictionary leaves thin lines out.
    real_times : int
        How often the autoencoder sees each real image that may have findings, and its altered copy, for every time it
        sees a phantom: there are plenty of phantoms, and a feature of theirs alone is silent on patients.
    majority : float
        :attr:`training.labelling.choose.Rules.majority`. A dictionary this small has no feature for itself alone of
        every finding; what a feature shares with another is told apart by the readouts, which weigh many.
    sae_seed : int
        Of the autoencoder, whose dictionaries differ in what they leave out: that of the best drafts on validation.
    """

    n_features: int = 3072
    target_l0: float = 15.0
    variant: str = "detached-norm"
    whitening: float = 0.4
    reference: Literal["all", "normal"] = "normal"
    steps: int = 650
    batch: int = 512
    real_times: int = 4
    not_chest: int = 3600
    augmented: bool = True
    gate: bool = True
    minimum_images: int = 15
    majority: float = 0.35
    seed: int = 0
    sae_seed: int = 2
    threads: int = 1


@dataclass(frozen=True, eq=False)
class Tokens:
    """The corpus, altered copies of its frontal training images and of its lateral ones, and images of no chest."""

    corpus: Embedded
    augmented: Embedded
    laterals: Embedded
    not_chest: Embedded


def build_pack(
    samples: Sequence[Sample],
    encoder_folder: Path,
    spec: EncoderSpec,
    folder: Path,
    *,
    work: Path,
    name: str,
    version: str,
    command: str,
    repository: Path,
    options: BuildOptions,
    progress: Progress,
) -> Manifest:
    """Build a pack folder.

    Parameters
    ----------
    samples : sequence of Sample
        The corpus with its splits; test images are embedded by nobody here.
    encoder_folder : Path
        ``encoder.onnx`` and ``tail.safetensors``.
    work : Path
        Folder for what can be used again by a later run.
    command : str
        Written into the provenance.
    """
    used = [sample for sample in samples if sample.case.split != "test"]
    tokens = corpus_tokens(used, encoder_folder, spec, work=work, options=options, progress=progress)
    split = np.array([sample.case.split for sample in used])
    frontal = np.array([sample.frontal for sample in used])
    train, validation = (split == "train") & frontal, (split == "val") & frontal
    cases = [sample.case for sample in used]
    train_cases = [case for case, keep in zip(cases, train, strict=True) if keep]
    validation_cases = [case for case, keep in zip(cases, validation, strict=True) if keep]
    x_train, x_validation = tokens.corpus.class_token[train], tokens.corpus.class_token[validation]
    few = [x_train[np.array([_is_scarce(case.source) for case in train_cases])], tokens.augmented.class_token]
    sae_train = np.concatenate([x_train, tokens.augmented.class_token, *few * (options.real_times - 1)])
    result = train_sae(
        sae_train,
        x_validation,
        SaeOptions(
            options.n_features,
            options.target_l0,
            options.variant,
            options.steps,
            options.batch,
            whitening=options.whitening,
            seed=options.sae_seed,
        ),
        progress,
        x_train[np.array([_shows_nothing(case) for case in train_cases])] if options.reference == "normal" else None,
    )
    sae = result.sae
    progress("descriptions", 0.0)
    labels = label_features(
        sae,
        x_train,
        train_cases,
        held_out=x_validation,
        held_out_cases=validation_cases,
        wording=Wording(resource_path("labelling") / "en.toml"),
        rules=Rules(minimum_images=options.minimum_images, majority=options.majority),
        scoring=ScoreRules(minimum_scored=5 if len(validation_cases) >= 300 else 3),
        seed=options.seed,
    )
    progress("readouts", 0.5)
    calibration = calibrate(
        labels.records,
        sae.encode(x_train),
        train_cases,
        validation=sae.encode(x_validation),
        validation_cases=validation_cases,
        rules=CalibrationRules(minimum_positive=min(12, options.minimum_images)),
    )
    records = [replace(record, reportable=may_be_cited(record, calibration.readouts)) for record in labels.records]
    progress("gate", 0.9)
    gate = None
    if options.gate:
        others, lateral = tokens.not_chest.descriptor, tokens.corpus.descriptor
        cut = len(others) * 3 // 4
        known = [others[:cut], tokens.laterals.descriptor, lateral[~frontal & (split == "train")]]
        gate = fit_gate(
            sae,
            _by_source(tokens.corpus[train], train_cases, least=1),
            validation=_by_source(tokens.corpus[validation], validation_cases, least=30),
            other_train=np.concatenate(known),
            other_validation=np.concatenate([others[cut:], lateral[~frontal & (split == "val")]]),
        )
    control = measure(random_features(sae_train, sae.n_features, result.metrics.mean_l0, options.seed), x_validation)
    metrics = {
        **{f"autoencoder {key.replace('_', ' ')}": value for key, value in asdict(result.metrics).items()},
        "random features explained variance": control.explained_variance,
        **summary(records, labels.scored, labels.ranks, labels.entry_scores),
        **(gate.metrics if gate else {}),
        **calibration.metrics,
    }
    sample = x_validation[:256]
    manifest = write_pack(
        PackParts(
            name=name,
            version=version,
            title=TITLE,
            intended_use=INTENDED_USE,
            limits=LIMITS,
            encoder=spec,
            encoder_folder=encoder_folder,
            sae=sae,
            sae_spec=SaeSpec(
                architecture="gated",
                variant=options.variant,
                d_model=sae.d_model,
                n_features=sae.n_features,
                mean_l0=round(result.metrics.mean_l0, 4),
                explained_variance=round(result.metrics.explained_variance, 6),
            ),
            records=records,
            evidence=labels.evidence,
            ranks=labels.ranks,
            calibration=Calibration(
                method="L1-penalised logistic regression on activations, signs fixed by polarity; Platt scaling; every "
                "source with enough images of both kinds weighs the same",
                split="fitted on train, calibrated and thresholds chosen on val",
                readouts=calibration.readouts,
            ),
            gate=gate,
            provenance=Provenance(
                created=now(),
                code_revision=code_revision(repository),
                command=command,
                seed=options.seed,
                sources=data_sources(samples),
                splits={key: sum(s.case.split == key for s in samples) for key in ("train", "val", "test")},
            ),
            metrics={key: round(float(value), 6) for key, value in metrics.items()},
            sample_tokens=sample,
            sample_activations=result.native.encode(sample),
        ),
        folder,
    )
    progress("pack written", 1.0)
    return manifest


def corpus_tokens(
    samples: Sequence[Sample],
    encoder_folder: Path,
    spec: EncoderSpec,
    *,
    work: Path,
    options: BuildOptions,
    progress: Progress,
) -> Tokens:
    """Embed the corpus, gently altered copies of real training images, and images of no frontal chest."""
    encoder, cache = encoder_folder / "encoder.onnx", work / "tokens"

    def run(readers: Sequence[Reader], keys: Sequence[str]) -> Embedded:
        return embed(encoder, spec, readers, keys, cache=cache, progress=progress, threads=options.threads)

    corpus = run([s.read for s in samples], [s.case.key for s in samples])
    train = [s for s in samples if s.case.split == "train" and s.frontal]
    copies = [s for s in train if _is_scarce(s.case.source)] if options.augmented else []
    augmented = run(
        [_altered(s.read, options.seed + i) for i, s in enumerate(copies)],
        [f"altered {options.seed} {s.case.key}" for s in copies],
    )
    # There are few laterals if any, and the gate must know them from all sides.
    side = [s for s in samples if s.case.split == "train" and not s.frontal] * (LATERAL_COPIES if options.gate else 0)
    laterals = run(
        [_altered(s.read, options.seed + i) for i, s in enumerate(side)],
        [f"altered {options.seed} {i} {s.case.key}" for i, s in enumerate(side)],
    )
    # As many drawn chests as real ones are spoiled: the gate is to know a turned photograph, not a turned drawing.
    real = [s for s in train if s.case.source != "phantom"]
    drawn = [s for s in train if s.case.source == "phantom"]
    spoilt = [*real, *drawn[: len(real) or None]]
    others = not_chest_readers([s.read for s in spoilt], options.not_chest if options.gate else 0, options.seed)
    names = [f"not a chest {options.seed} {i} of {len(spoilt)}" for i in range(len(others))]
    return Tokens(corpus, augmented, laterals, run(others, names))


def _altered(read: Reader, seed: int) -> Reader:
    """Return a reader of the image slightly turned, scaled, shifted and with another contrast."""

    def altered() -> FloatArray:
        rng = np.random.default_rng(seed)
        image = read()
        angle, scale = np.deg2rad(rng.normal(0, 3.0)), rng.uniform(0.93, 1.07)
        turn = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        centre = (np.array(image.shape) - 1) / 2
        offset = centre - turn @ centre + rng.normal(0, 0.02, 2) * np.array(image.shape)
        moved = ndimage.affine_transform(image, turn, offset, order=1, mode="nearest")
        return np.asarray(np.clip(moved, 0, 1) ** rng.uniform(0.8, 1.25), dtype=np.float32)

    return altered


def _is_scarce(source: str) -> bool:
    """Whether a source has few images: there are plenty of phantoms, and of the normal images without labels."""
    return source not in ("phantom", "rsna")


def _shows_nothing(case: Case) -> bool:
    return case.normal is True and not case.claims


def _by_source(images: Embedded, cases: Sequence[Case], least: int) -> list[Embedded]:
    """Return the images by source; sources with fewer than `least` of them are one group."""
    sources = np.array([case.source for case in cases])
    names, counts = np.unique(sources, return_counts=True)
    groups = [images[sources == name] for name in names[counts >= least]]
    few = np.isin(sources, names[counts < least])
    return [*groups, images[few]] if few.any() else groups
