"""Add precision profiles to a pack: made, measured on radiographs, refused beyond the bound, and written in one go."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from engine.dicom.files import find_images, read_radiograph
from engine.errors import PackError, ReadError, UsageError
from engine.inference.preprocess import pixel_values
from engine.pack.library import InstalledPack
from engine.pack.manifest import FileEntry, Manifest
from engine.pack.precision import PROFILE_FILES, Bound, Change, PrecisionProfile, ProfileName, beyond
from engine.pack.verify import MANIFEST_NAME, verify_pack
from training.model_card import with_profiles
from training.pack import manifest_json, pack_in_place
from training.pack_folder import refuse_taken
from training.precision import fp16, int8
from training.precision.change import measure_change
from training.precision.graph import FloatArray

CARD = "MODEL_CARD.md"
Step = Callable[[str], None]


@dataclass(frozen=True)
class ProfileOptions:
    """What a person says of the profiles.

    Attributes
    ----------
    precisions : tuple of str
        Those to make; others that the pack has stay.
    calibration : int
        Radiographs to calibrate on, at most; they are taken evenly from all, and the rest measures.
    version : str
        Of the new pack; empty keeps that of the old one.
    enough : float
        Cosine of class tokens on the calibration radiographs, below which more products stay in fp32.
    overwrite : bool
        Replace an older pack, if it is another than the one that profiles are added to.
    """

    precisions: tuple[ProfileName, ...] = ("int8", "fp16")
    calibration: int = 16
    version: str = ""
    threads: int = 2
    enough: float = int8.ENOUGH
    bound: Bound = field(default_factory=Bound)
    overwrite: bool = False


@dataclass(frozen=True, eq=False)
class Made:
    """A profile and its graph."""

    profile: PrecisionProfile
    content: bytes


def add_profiles(
    pack: InstalledPack, images: Sequence[Path], out: Path, options: ProfileOptions, step: Step = lambda _: None
) -> Manifest:
    """Write a copy of a pack with profiles; `out` may be the pack's own folder.

    Raises
    ------
    UsageError
        ``PROFILE_IMAGES`` when there are too few radiographs to measure on; ``EXPORT_OUT``.
    PackError
        ``PROFILE_BOUND`` when a profile changes more than the bound allows; nothing is written then.
    """
    refuse_taken(out, overwrite=options.overwrite or out.resolve() == pack.folder.resolve())
    calibration, measured = split(readable(images), options)
    made = [_make(pack, name, calibration, measured, options=options, step=step) for name in options.precisions]
    with pack_in_place(out) as folder:
        return _write(pack, made, folder, options.version)


def readable(images: Sequence[Path]) -> list[Path]:
    """Return the files below the paths that can be read as radiographs."""
    found = []
    for path in find_images(images):
        try:
            read_radiograph(path)
        except ReadError:
            continue
        found.append(path)
    return found


def split(paths: Sequence[Path], options: ProfileOptions) -> tuple[list[Path], list[Path]]:
    """Return the radiographs to calibrate on and those to measure on; no radiograph is in both.

    Raises
    ------
    UsageError
        ``PROFILE_IMAGES``.
    """
    least = options.bound.radiographs
    count = min(options.calibration, len(paths) - least)
    if count < 1:
        raise UsageError(
            "PROFILE_IMAGES",
            f"{len(paths)} radiographs can be read; a profile is measured on {least} and calibrated on others",
            "name more files or folders with --images",
        )
    chosen = {number * len(paths) // count for number in range(count)}
    return [p for i, p in enumerate(paths) if i in chosen], [p for i, p in enumerate(paths) if i not in chosen]


def _make(
    pack: InstalledPack,
    name: ProfileName,
    calibration: Sequence[Path],
    measured: Sequence[Path],
    *,
    options: ProfileOptions,
    step: Step,
) -> Made:
    def tell(text: str) -> None:
        step(f"{name}: {text}")

    tell("making")
    used, method, kept = 0, fp16.METHOD, tuple[str, ...]()
    if name == "fp16":
        content = fp16.fp16_graph(pack.encoder_bytes)
    else:
        used, method = len(calibration), int8.METHOD
        graph = int8.int8_graph(pack.encoder_bytes, _inputs(pack, calibration), options.threads, tell, options.enough)
        content, kept = graph.content, graph.kept
    change = measure_change(pack, content, measured, options.threads, tell)
    if reason := beyond(change, options.bound):
        raise PackError(
            "PROFILE_BOUND",
            f"the {name} profile changes too much: {reason}",
            "this encoder has to stay in fp32; nothing was written",
        )
    profile = PrecisionProfile(
        precision=name,
        method=method,
        calibration_radiographs=used,
        kept=kept,
        bound=options.bound,
        change=_rounded(change),
    )
    return Made(profile, content)


def _inputs(pack: InstalledPack, paths: Sequence[Path]) -> list[FloatArray]:
    return [pixel_values(read_radiograph(path).display(), pack.manifest.encoder) for path in paths]


def _rounded(change: Change) -> Change:
    """Six digits are enough in a manifest; the bound was asked of all of them."""
    return Change.model_validate({k: round(v, 6) for k, v in change.model_dump().items()})


def _write(pack: InstalledPack, made: Sequence[Made], folder: Path, version: str) -> Manifest:
    old = pack.manifest
    new = {PROFILE_FILES[one.profile.precision]: one for one in made}
    for name in old.files:
        if name not in new:
            shutil.copyfile(pack.folder / name, folder / name)
    kept = [profile for profile in old.profiles if PROFILE_FILES[profile.precision] not in new]
    profiles = (*kept, *(one.profile for one in made))
    for name, one in new.items():
        (folder / name).write_bytes(one.content)
    card = (pack.folder / CARD).read_text(encoding="utf-8")
    (folder / CARD).write_text(with_profiles(card, profiles), encoding="utf-8")
    entries = dict(old.files)
    for name in (*new, CARD):
        content = (folder / name).read_bytes()
        entries[name] = FileEntry(sha256=hashlib.sha256(content).hexdigest(), size=len(content))
    changed = {"files": dict(sorted(entries.items())), "profiles": profiles, "version": version or old.version}
    (folder / MANIFEST_NAME).write_text(manifest_json(old.model_copy(update=changed)), encoding="utf-8")
    for path in folder.iterdir():
        path.chmod(0o644)
    return verify_pack(folder)
