"""MODEL_CARD.md and LICENSE of a pack, generated from its manifest."""

from __future__ import annotations

from collections.abc import Sequence

from engine.pack.manifest import LanguageModel, Manifest, Readout
from engine.pack.precision import PrecisionProfile
from engine.pack.reliability import RELIABILITY_PLOT, outside

CARD = """# {title} ({name} {version})

{intended_use}

**Not for clinical use.** Everything that comes out of this pack is a draft for research.

## What it is

- Encoder: {architecture}; input {width}x{height} pixels, {patches} patches, {d_model} dimensions.
  Source: {source}. Licence: {licence}.
- Sparse autoencoder: {sae_architecture} ({variant}), {n_features} features, on average {mean_l0:.1f} active on a
  held-out image, explained variance {explained_variance:.3f} of the class token.
- Descriptions: {descriptions}

## What it cannot do

{limits}

## Trained on

| data | images | licence | attribution |
| --- | --- | --- | --- |
{sources}

The table counts the images of training and validation. Splits (patients and phantoms apart): {splits}. Seed {seed}.
Code revision {code_revision}. Created {created}.

    {command}

## Measured when it was made

| measure | value |
| --- | --- |
{metrics}

## Findings it may state

{method}. Thresholds and calibration were chosen on: {split}.

{reliability}

| finding | features | threshold | denied below | bins off | images |
| --- | --- | --- | --- | --- | --- |
{readouts}

Without a reportable readout, and so never stated or denied: {silent}.

## Input gate

{gate}
"""

DESCRIBED = """made by statistics from the reports and labels of the images that fire a feature, against images that
  nearly do; {scored} scored on held-out images, and only those above the threshold may be cited by a draft."""
WORDED = """{descriptions} of them are in the words of a language model ({model}), {refused} that it was asked for in
  those of templates: its words are kept only where they say what the statistics bear out."""
UNDESCRIBED = "none. Features are numbers, and nothing is known of what they mean."

RELIABLE = f"""![Reliability of the probabilities]({RELIABILITY_PLOT})

`{RELIABILITY_PLOT}` shows for every readout what was stated and what was observed on the validation images, with 95 %
intervals; the bins and their counts are in `pack.json` (`calibration.readouts[].reliability`). The calibration, two
numbers a readout, was fitted on the same images. "Bins off" counts the bins whose mean probability lies outside the
interval."""
NOT_KEPT = "How the probabilities held on validation images was not recorded."

LICENCE = """This model pack ({name} {version}) is licensed under the Apache License, Version 2.0
(https://www.apache.org/licenses/LICENSE-2.0).

The weights were trained on, and the evidence in features.sqlite quotes from, the following material, whose licences and
attributions are kept here:

{sources}

The NIH Clinical Center provides the NIH ChestX-ray14 images without restriction on use; it asks users to cite
Wang X, Peng Y, Lu L, Lu Z, Bagheri M, Summers RM. ChestX-ray8: Hospital-scale Chest X-ray Database and Benchmarks on
Weakly-Supervised Classification and Localization of Common Thorax Diseases. IEEE CVPR 2017, to link to
https://nihcc.app.box.com/v/ChestXray-NIHCC and to acknowledge the NIH Clinical Center as the data provider.

The pack is provided "as is", without warranty of any kind, and is not a medical device.
"""


PROFILES_HEAD = "## Precision profiles\n"
PROFILES_TEXT = """
What the encoder changes in another precision than fp32, on radiographs that it was not calibrated on: the least cosine
of class tokens, the agreement of active features (Jaccard), the drafts that stay the same word for word, and findings
that turn from present to absent or back.

| precision | radiographs | cosine | features | drafts | reversed | method |
| --- | --- | --- | --- | --- | --- | --- |
"""


def model_card(manifest: Manifest) -> str:
    """Return the card for people."""
    spec, sae, origin = manifest.encoder, manifest.sae, manifest.provenance
    speaking = [r for r in manifest.calibration.readouts if r.reportable]
    silent = [r.title for r in manifest.calibration.readouts if not r.reportable and r.laterality == "none"]
    return CARD.format(
        title=manifest.title,
        name=manifest.name,
        version=manifest.version,
        intended_use=manifest.intended_use,
        architecture=spec.architecture,
        width=spec.input_width,
        height=spec.input_height,
        patches=spec.patch_rows * spec.patch_columns,
        d_model=spec.d_model,
        source=spec.source,
        licence=spec.licence,
        sae_architecture=sae.architecture,
        variant=sae.variant or "plain",
        n_features=sae.n_features,
        mean_l0=sae.mean_l0,
        explained_variance=sae.explained_variance,
        descriptions=_descriptions(manifest),
        limits="\n".join(f"- {limit}" for limit in manifest.limits),
        sources="\n".join(f"| {s.name} | {s.images} | {s.licence} | {s.attribution} |" for s in origin.sources),
        splits=", ".join(f"{name} {count}" for name, count in origin.splits.items()),
        seed=origin.seed,
        code_revision=origin.code_revision,
        created=origin.created,
        command=origin.command,
        metrics="\n".join(f"| {name} | {value:.4g} |" for name, value in manifest.metrics.items()),
        method=manifest.calibration.method,
        split=manifest.calibration.split,
        readouts="\n".join(_row(r) for r in speaking) or "| none | | | | | |",
        reliability=RELIABLE if any(r.reliability for r in speaking) else NOT_KEPT,
        silent=", ".join(dict.fromkeys(silent)) or "none",
        gate=_gate(manifest),
    )


def with_profiles(card: str, profiles: Sequence[PrecisionProfile]) -> str:
    """Return a card with a section on the encoder's precision profiles, in place of an older one."""
    rows = "\n".join(
        f"| {p.precision} | {p.change.radiographs} | {p.change.cosine_least:.5f} | {p.change.jaccard_mean:.3f} | "
        f"{p.change.drafts_unchanged:.1%} of {p.change.drafts} | {p.change.polarity_changed} | {p.method} |"
        for p in profiles
    )
    return card.partition(PROFILES_HEAD)[0].rstrip() + "\n\n" + PROFILES_HEAD + PROFILES_TEXT + rows + "\n"


def licence_text(manifest: Manifest) -> str:
    """Return the text of LICENSE, with the attributions that the sources ask for."""
    sources = "\n".join(
        f"- {s.name}: {s.licence}." + (f" {s.attribution}" if s.attribution else "")
        for s in manifest.provenance.sources
    )
    return LICENCE.format(name=manifest.name, version=manifest.version, sources=sources)


def _descriptions(manifest: Manifest) -> str:
    described = round(manifest.metrics.get("features described", 1.0))
    if not described:
        return UNDESCRIBED
    scored = round(manifest.metrics.get("features scored", described))
    told = DESCRIBED.format(scored="each was" if scored == described else f"{scored or 'none'} of {described} could be")
    model = manifest.provenance.worded_by
    if model is None:
        return told
    words = WORDED.format(descriptions=model.descriptions, refused=model.refused, model=_model(model))
    return f"{told}\n  {words}"


def _model(model: LanguageModel) -> str:
    named = f"{model.name}, " if model.name else ""
    licence = model.licence or "not stated in the file"
    return f"{named}{model.file}, SHA-256 {model.sha256[:16]}…, licence: {licence}, prompt {model.prompt}"


def _row(readout: Readout) -> str:
    title, features = readout.title, len(readout.feature_ids)
    bins = readout.reliability
    held = f"{outside(bins)} of {len(bins)} | {sum(one.images for one in bins)}" if bins else "– | –"
    return f"| {title} | {features} | {readout.threshold:.2f} | {readout.absence_threshold:.2f} | {held} |"


def _gate(manifest: Manifest) -> str:
    names = {
        "mahalanobis_warning": "warning at a distance from the training images above",
        "mahalanobis_refusal": "refusal at a distance above",
        "reconstruction_warning": "warning when the features leave unexplained more than",
        "reconstruction_refusal": "refusal when they leave unexplained more than",
        "frontal_probability_refusal": "refusal when the probability of a frontal chest is below",
    }
    values = manifest.gate.model_dump()
    lines = [f"- {text} {values[key]:.4g}" for key, text in names.items() if values[key] is not None]
    return "\n".join(lines) or "This pack checks nothing about its input."
