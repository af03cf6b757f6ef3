"""Sets of phantoms on disk: images, masks in bit planes, and one table with the truth."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from engine.cli.terminal import unknown_size
from engine.errors import UsageError
from training.data.phantom.background import load_background
from training.data.phantom.draw import draw_phantom
from training.data.phantom.types import Phantom, PhantomFinding
from training.data.splits import SPLITS, Split, split_of_group

SHARES: tuple[tuple[Split, float], ...] = (("train", 13 / 15), ("val", 1 / 15), ("test", 1 / 15))
TABLE = "phantoms.csv"
COLUMNS = (
    "file", "mask", "source", "labels", "text", "view", "split", "group", "background", "seed", "findings",
)  # fmt: skip


@dataclass(frozen=True)
class BackgroundFile:
    """A normal radiograph that may be drawn upon; `group` links pictures of one patient."""

    path: Path
    group: str


@dataclass(frozen=True)
class PhantomRecord:
    """One phantom of a written set; `load` reads its pixels."""

    image_path: Path
    mask_path: Path
    findings: tuple[PhantomFinding, ...]
    report: str
    view: str
    split: Split
    background: str
    group: str
    seed: int

    def load(self) -> Phantom:
        """Image and masks from disk."""
        with Image.open(self.image_path) as opened:
            image = np.asarray(opened, np.uint8)
        with Image.open(self.mask_path) as opened:
            planes = np.asarray(opened, np.uint8)
        bits = [(planes >> bit & 1).astype(np.bool_) for bit in range(2 + len(self.findings))]
        return Phantom(
            image, self.findings, tuple(bits[2:]), bits[0], bits[1], self.report, self.view, self.background, self.seed
        )


def split_of(group: str) -> Split:
    """Split of a background's patient group: the one in which the encoder sees, or does not see, its pictures."""
    return split_of_group(group)


def _share(position: float) -> Split:
    for split, share in SHARES:
        position -= share
        if position < 0:
            return split
    return "test"


def list_backgrounds(folder: Path) -> list[BackgroundFile]:
    """Candidates in a folder of normal radiographs.

    Where the folder (or its parent) holds `cxrtrain.csv`, only rows whose picture may ship and shows a normal frontal
    chest are taken: source rsna (its labels are not consulted), and source nih labelled "No Finding" and PA (the AP
    ones often show devices that no label names).
    Otherwise every PNG and JPEG below the folder, each its own group.
    """
    for root in (folder, folder.parent):
        table = root / "cxrtrain.csv"
        if table.is_file():
            with table.open(encoding="utf-8", newline="") as handle:
                rows = [row for row in csv.DictReader(handle) if _usable(row)]
            return [BackgroundFile(root / row["file"], row["group"] or row["file"]) for row in rows]
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".png", ".jpg", ".jpeg"))
    return [BackgroundFile(path, path.name) for path in found]


def _usable(row: dict[str, str]) -> bool:
    normal = row["labels"] == "No Finding" and row["view"] == "PA"
    return row["source"] == "rsna" or (row["source"] == "nih" and normal)


def write_phantoms(
    out_dir: Path,
    count: int,
    seed: int,
    size: int = 256,
    backgrounds_dir: Path | None = None,
    *,
    share_real: float = 0.5,
    workers: int = 1,
    progress: bool = True,
) -> list[PhantomRecord]:
    """Draw `count` phantoms into `out_dir`: `images/`, `masks/` and `phantoms.csv`.

    Phantoms are split 13 : 1 : 1 into train, val and test; a real background is used in the split its patient group
    belongs to (`split_of`), so that no background appears in two.

    Raises
    ------
    UsageError
        `PHANTOM_BACKGROUNDS`: `backgrounds_dir` holds too few pictures to give every split its own.
    """
    for name in ("images", "masks"):
        (out_dir / name).mkdir(parents=True, exist_ok=True)
    pools: dict[Split, list[BackgroundFile]] = {"train": [], "val": [], "test": []}
    if backgrounds_dir is not None and share_real > 0:
        for candidate in list_backgrounds(backgrounds_dir):
            pools[split_of(candidate.group)].append(candidate)
        if not all(pools.values()):
            sizes = ", ".join(f"{split} {len(pool)}" for split, pool in pools.items())
            raise UsageError(
                "PHANTOM_BACKGROUNDS",
                f"too few backgrounds in {backgrounds_dir} to give every split its own ({sizes})",
                "give more normal radiographs, or --share-real 0",
            )
    jobs = list(_jobs(out_dir, count, seed, size, pools=pools, share_real=share_real))
    bar = tqdm(total=count, unit="phantom", desc="phantoms", disable=None if progress else True, **unknown_size())
    records: list[PhantomRecord] = []
    with bar:
        if workers <= 1:
            for job in jobs:
                records.append(_write_one(job))
                bar.update()
        else:
            with ProcessPoolExecutor(workers) as pool:
                for record in pool.map(_write_one, jobs, chunksize=16):
                    records.append(record)
                    bar.update()
    _write_table(out_dir, records)
    return records


@dataclass(frozen=True)
class _Job:
    out_dir: Path
    index: int
    seed: int
    size: int
    split: Split
    candidates: tuple[BackgroundFile, ...]


def _jobs(
    out_dir: Path, count: int, seed: int, size: int, *, pools: dict[Split, list[BackgroundFile]], share_real: float
) -> Iterator[_Job]:
    rng = np.random.default_rng([seed, 7])
    decks = {split: rng.permutation(len(pool)) for split, pool in pools.items()}
    dealt = dict.fromkeys(pools, 0)
    splits = [_share((i + 0.5) / count) for i in range(count)]
    for index, place in enumerate(rng.permutation(count)):
        split = splits[int(place)]
        candidates: list[BackgroundFile] = []
        if pools[split] and rng.random() < share_real:
            # Each picture is dealt once before any is dealt again; a few in reserve for those that are rejected.
            deck = decks[split]
            candidates = [pools[split][int(deck[(dealt[split] + k) % deck.size])] for k in range(12)]
            dealt[split] += 2
        yield _Job(out_dir, index, seed * 1_000_003 + index, size, split, tuple(candidates))


def _write_one(job: _Job) -> PhantomRecord:
    background, group = None, f"phantom-{job.seed}"
    for candidate in job.candidates:
        background = load_background(candidate.path)
        if background is not None:
            group = candidate.group
            break
    phantom = draw_phantom(job.seed, job.size, background)
    planes = np.zeros(phantom.lungs.shape, np.uint8)
    for bit, mask in enumerate((phantom.lungs, phantom.heart, *phantom.masks)):
        planes |= mask.astype(np.uint8) << np.uint8(bit)
    name = f"{job.index:06d}.png"
    image_path, mask_path = job.out_dir / "images" / name, job.out_dir / "masks" / name
    Image.fromarray(np.asarray(phantom.image, np.uint8)).save(image_path, compress_level=3)
    Image.fromarray(planes).save(mask_path, compress_level=6)
    return PhantomRecord(
        image_path=image_path,
        mask_path=mask_path,
        findings=phantom.findings,
        report=phantom.report,
        view=phantom.view,
        split=job.split,
        background=phantom.background,
        group=group,
        seed=job.seed,
    )


def _write_table(out_dir: Path, records: Sequence[PhantomRecord]) -> None:
    partial = out_dir / f"{TABLE}.partial"
    with partial.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle)
        writer.writerow(COLUMNS)
        for r in records:
            labels = "|".join(dict.fromkeys(f.observation for f in r.findings)) or "No Finding"
            truth = json.dumps([asdict(f) for f in r.findings])
            paths = (r.image_path.relative_to(out_dir).as_posix(), r.mask_path.relative_to(out_dir).as_posix())
            writer.writerow(
                [*paths, "phantom", labels, r.report, r.view, r.split, r.group, r.background, r.seed, truth]
            )
    partial.replace(out_dir / TABLE)


def read_phantoms(folder: Path) -> list[PhantomRecord]:
    """Records of a set written by `write_phantoms`; pixels are read by `PhantomRecord.load`."""
    with (folder / TABLE).open(encoding="utf-8", newline="") as handle:
        return [
            PhantomRecord(
                image_path=folder / row["file"],
                mask_path=folder / row["mask"],
                findings=tuple(PhantomFinding(**f) for f in json.loads(row["findings"])),
                report=row["text"],
                view=row["view"],
                split=_as_split(row["split"]),
                background=row["background"],
                group=row["group"],
                seed=int(row["seed"]),
            )
            for row in csv.DictReader(handle)
        ]


def _as_split(text: str) -> Split:
    for split in SPLITS:
        if text == split:
            return split
    raise ValueError(f"{text!r} is not a split")
