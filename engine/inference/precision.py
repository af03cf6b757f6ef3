"""Choose the encoder's precision: by what runs it, what the pack offers, and what the person asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from engine.errors import UsageError
from engine.inference.devices import CPU, DEVICES, PRECISION_NAMES
from engine.pack.manifest import Manifest
from engine.pack.precision import Precision, ProfileName, refusal

MADE_FOR: dict[ProfileName, tuple[str, ...]] = {
    "fp16": tuple(DEVICES[name][0] for name in ("cuda", "tensorrt", "directml")),
    "int8": (CPU,),
}
"""Providers that a profile is faster on; elsewhere it would be slower than fp32, or computed as something else."""


@dataclass(frozen=True)
class PrecisionChoice:
    """What is to run, and why it is not what the person asked for; `warning` is empty otherwise."""

    precision: Precision
    warning: str = ""


def choose_precision(wanted: str, provider: str, manifest: Manifest) -> PrecisionChoice:
    """Choose among fp32 and the profiles that a pack offers.

    Parameters
    ----------
    wanted : str
        One of `PRECISION_NAMES`. "auto" takes fp16 on a GPU where the pack offers it, and fp32 on a CPU always.
    provider : str
        What runs the encoder.

    Raises
    ------
    UsageError
        ``PRECISION_UNKNOWN``; ``PRECISION_NOT_OFFERED`` when the pack has no such profile, or one that changes more
        than is allowed.
    """
    if wanted not in PRECISION_NAMES:
        raise UsageError(
            "PRECISION_UNKNOWN", f"there is no precision {wanted!r}", f"use one of {', '.join(PRECISION_NAMES)}"
        )
    offered = offered_profiles(manifest)
    if wanted == "auto":
        return PrecisionChoice("fp16" if "fp16" in offered and provider in MADE_FOR["fp16"] else "fp32")
    if wanted == "fp32":
        return PrecisionChoice("fp32")
    name = cast(ProfileName, wanted)
    if name not in offered:
        raise _not_offered(name, manifest)
    if provider not in MADE_FOR[name]:
        return PrecisionChoice("fp32", f"{name} is not made for {provider}; fp32 is used instead")
    return PrecisionChoice(name)


def offered_profiles(manifest: Manifest) -> tuple[ProfileName, ...]:
    """Return the pack's profiles that keep the bound of their maker and of this program."""
    return tuple(profile.precision for profile in manifest.profiles if not refusal(profile))


def _not_offered(name: ProfileName, manifest: Manifest) -> UsageError:
    reasons = [refusal(profile) for profile in manifest.profiles if profile.precision == name]
    why = f"the {name} profile of the pack {manifest.name} changes too much: {reasons[0]}" if reasons else ""
    return UsageError(
        "PRECISION_NOT_OFFERED",
        why or f"the pack {manifest.name} has no {name} profile",
        "use --precision fp32, or make one with 'saerad-train quantise'",
    )
