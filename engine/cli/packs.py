"""``saerad packs list|info|verify|install|remove``."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from engine.cli.parser import Parser, filled, filled_path
from engine.pack.install import install_pack, remove_pack
from engine.pack.library import PackEntry, list_packs, load_pack
from engine.pack.manifest import Readout
from engine.pack.precision import PrecisionProfile, refusal
from engine.pack.reliability import RELIABILITY_PLOT, outside


def run(argv: Sequence[str]) -> int:
    """Run the command and return its exit status."""
    options = _parser().parse_args(argv)
    action: Callable[[Namespace], int] = options.action
    return action(options)


def _parser() -> Parser:
    parser = Parser(
        prog="saerad packs",
        description="List, inspect, verify, install and remove model packs.",
        example="saerad packs verify demo",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)

    def add(name: str, action: Callable[[Namespace], int], text: str, example: str) -> Parser:
        child = actions.add_parser(name, help=text, description=text + ".", example=example)
        child.add_argument("--json", action="store_true", help="print JSON")
        child.set_defaults(action=action)
        return child

    add("list", _list, "show the packs that 'analyse' can use by name", "saerad packs list --json")
    for name, action, text in (
        ("info", _info, "show a pack's manifest in short"),
        ("verify", _verify, "check every file of a pack against its manifest"),
    ):
        add(name, action, text, f"saerad packs {name} demo").add_argument(
            "pack", metavar="PACK", type=filled, nargs="?", help="name, folder or .saepack file (default: demo)"
        )
    add(
        "install", _install, "verify a pack and copy it into your data folder", "saerad packs install chest.saepack"
    ).add_argument("pack", metavar="PATH", type=filled_path, help="pack folder or .saepack file")
    remove = add(
        "remove",
        _remove,
        "remove an installed pack at once, without asking; bundled ones stay",
        "saerad packs remove demo 0.2.0",
    )
    remove.add_argument("pack", metavar="NAME", type=filled, help="name as 'saerad packs list' shows it")
    remove.add_argument("version", metavar="VERSION", type=filled, nargs="?", help="needed when there are several")
    return parser


def _list(options: Namespace) -> int:
    entries = list_packs(check=True)
    if options.json:
        _print_json([_entry(entry) for entry in entries])
        return 0
    for entry in entries:
        state = f"cannot be used: {entry.problem}" if entry.problem else entry.title
        print(f"{entry.name:<16} {entry.version:<10} {entry.origin:<10} {state}")
    if not entries:
        print("no packs are installed")
    return 0


def _info(options: Namespace) -> int:
    pack = load_pack(options.pack)
    manifest = pack.manifest
    if options.json:
        _print_json(
            manifest.model_dump(mode="json")
            | {"feature_counts": asdict(pack.features.counts()), "folder": str(pack.folder)}
        )
        return 0
    encoder, sae, counts = manifest.encoder, manifest.sae, pack.features.counts()
    lines = [
        ("pack", f"{manifest.name} {manifest.version}"),
        ("title", manifest.title),
        ("folder", str(pack.folder)),
        ("intended use", manifest.intended_use),
        (
            "encoder",
            f"{encoder.architecture}, {encoder.input_height} x {encoder.input_width}, "
            f"{encoder.patch_rows} x {encoder.patch_columns} patches, {encoder.d_model} dimensions; "
            f"{encoder.source} ({encoder.licence})",
        ),
        (
            "autoencoder",
            f"{sae.architecture}, {sae.n_features} features, {sae.mean_l0:.1f} active on average, "
            f"explained variance {sae.explained_variance:.3f}",
        ),
        (
            "described",
            f"{counts.described} features name a finding, {counts.reportable} of them may be cited by a draft; "
            f"{counts.unexplained} more were examined and show no consistent finding",
        ),
        ("trained on", "; ".join(f"{s.name} ({s.images} images, {s.licence})" for s in manifest.provenance.sources)),
        ("created", manifest.provenance.created),
    ]
    if RELIABILITY_PLOT in manifest.files:
        lines.append(("reliability", f"plot: {pack.folder / RELIABILITY_PLOT}"))
    lines += [("reliability", _reliability(r)) for r in manifest.calibration.readouts if r.reliability]
    lines += [("precision", _profile(profile)) for profile in manifest.profiles]
    lines += [("limit", text) for text in manifest.limits]
    lines += [("metric", f"{name} = {value:.4g}") for name, value in manifest.metrics.items()]
    for label, text in lines:
        print(f"{label:<14} {text}")
    return 0


def _reliability(readout: Readout) -> str:
    """Say how a readout's probabilities held on the validation images."""
    bins = readout.reliability
    images, positives = sum(one.images for one in bins), sum(one.positives for one in bins)
    return (
        f"{readout.title}: {images} validation images, {positives} with it; "
        f"in {outside(bins)} of {len(bins)} bins the probability lies outside the 95 % interval"
    )


def _profile(profile: PrecisionProfile) -> str:
    """Say what a profile changes, and whether it can be asked for."""
    change, why = profile.change, refusal(profile)
    return (
        f"{profile.precision}: cosine of class tokens at least {change.cosine_least:.5f}, "
        f"{change.drafts_unchanged:.1%} of {change.drafts} drafts unchanged; "
        + (f"not offered: {why}" if why else f"offered with --precision {profile.precision}")
    )


def _verify(options: Namespace) -> int:
    pack = load_pack(options.pack)
    pack.open_all()
    size = sum(entry.size for entry in pack.manifest.files.values())
    if options.json:
        _print_json(
            {
                "name": pack.manifest.name,
                "version": pack.manifest.version,
                "folder": str(pack.folder),
                "files": len(pack.manifest.files),
                "bytes": size,
                "ok": True,
            }
        )
    else:
        print(
            f"{pack.manifest.name} {pack.manifest.version}: {len(pack.manifest.files)} files, "
            f"{size / 2**20:.1f} MiB, all as the manifest says"
        )
    return 0


def _install(options: Namespace) -> int:
    entry = install_pack(options.pack)
    if options.json:
        _print_json(_entry(entry))
    else:
        print(f"installed {entry.name} {entry.version} in {entry.folder}")
    return 0


def _remove(options: Namespace) -> int:
    removed = remove_pack(options.pack, options.version)
    if options.json:
        _print_json([_entry(entry) for entry in removed])
        return 0
    for entry in removed:
        print(f"removed {entry.name} {entry.version} from {entry.folder}")
    if left := [entry for entry in list_packs() if entry.name == options.pack]:
        print(f"{left[0].name} {left[0].version} ({left[0].origin}) is used now")
    return 0


def _entry(entry: PackEntry) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(entry).items()}


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False, indent=2))
