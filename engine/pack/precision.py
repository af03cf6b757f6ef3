"""Precision profiles of a pack: further graphs of its encoder, what each changed when it was made, and the bound."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Precision = Literal["fp32", "fp16", "int8"]
ProfileName = Literal["fp16", "int8"]
PROFILE_FILES: dict[ProfileName, str] = {"fp16": "encoder.fp16.onnx", "int8": "encoder.int8.onnx"}
"""Names of the graphs; that of fp32 is ``encoder.onnx``, which every pack has."""
Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Bound(_Strict):
    """What a profile may change at most; the defaults are this program's own bound.

    Attributes
    ----------
    radiographs : int
        On so many it was measured, at least.
    cosine : float
        Of the class token with that of fp32, on every radiograph, at least.
    drafts_unchanged : float
        Share of the drafts that are the same word for word, at least.
    polarity_changed : int
        Findings that are stated by both drafts of an image, present by one and absent by the other, at most.
    """

    radiographs: Count = 20
    cosine: Annotated[float, Field(ge=-1, le=1)] = 0.999
    drafts_unchanged: Share = 0.9
    polarity_changed: Count = 0


class Change(_Strict):
    """What a profile changes against fp32, on radiographs that it was not calibrated on.

    Attributes
    ----------
    cosine_least, cosine_mean : float
        Of the class tokens.
    jaccard_least, jaccard_mean : float
        Of the sets of active features; 1 where both are empty.
    features_added, features_lost : int
        Active with the one and not with the other, over all radiographs.
    drafts : int
        Radiographs of which fp32 or the profile, or both, make a draft; the gate refuses the others.
    drafts_unchanged : float
        Share of these whose draft is the same word for word; one that only one of both makes is changed.
    sentences_added, sentences_lost, polarity_changed : int
        Over all drafts.
    """

    radiographs: Count
    cosine_least: Annotated[float, Field(ge=-1.001, le=1.001)]
    cosine_mean: Annotated[float, Field(ge=-1.001, le=1.001)]
    jaccard_least: Share
    jaccard_mean: Share
    features_added: Count
    features_lost: Count
    drafts: Count
    drafts_unchanged: Share
    sentences_added: Count
    sentences_lost: Count
    polarity_changed: Count


class PrecisionProfile(_Strict):
    """One further graph of the encoder, with the inputs and outputs of ``encoder.onnx``.

    Attributes
    ----------
    method : str
        How it was made, for people.
    calibration_radiographs : int
        Radiographs from which scales and exceptions were chosen; none of `change` is among them.
    kept : tuple of str
        Products outside of the last block that stayed in fp32 because they lose too much.
    """

    precision: ProfileName
    method: str
    calibration_radiographs: Count
    kept: tuple[str, ...]
    bound: Bound
    change: Change


def beyond(change: Change, bound: Bound) -> str:
    """Return the first reason why a change lies beyond a bound; empty where it keeps it."""
    if change.radiographs < bound.radiographs:
        return f"measured on {change.radiographs} radiographs, not {bound.radiographs}"
    if not change.cosine_least >= bound.cosine:
        return f"the least cosine of class tokens is {change.cosine_least:.5f}, below {bound.cosine:g}"
    if not change.drafts or change.drafts_unchanged < bound.drafts_unchanged:
        share = f"{change.drafts_unchanged:.1%} of {change.drafts} drafts are unchanged"
        return f"{share}, less than {bound.drafts_unchanged:.1%}"
    if change.polarity_changed > bound.polarity_changed:
        return f"{change.polarity_changed} findings turned from present to absent or back"
    return ""


def refusal(profile: PrecisionProfile) -> str:
    """Return why this program does not offer a profile: beyond the bound of its maker or of this program."""
    return beyond(profile.change, profile.bound) or beyond(profile.change, Bound())


def profile_problems(profiles: Sequence[PrecisionProfile], files: Collection[str]) -> list[str]:
    """Return in what a manifest's profiles and its list of files contradict each other."""
    named = [PROFILE_FILES[profile.precision] for profile in profiles]
    problems = [f"two profiles {name}" for name in set(named) if named.count(name) > 1]
    problems += [f"no file {name}" for name in named if name not in files]
    return problems + [
        f"no profile for {name}" for name in PROFILE_FILES.values() if name in files and name not in named
    ]
