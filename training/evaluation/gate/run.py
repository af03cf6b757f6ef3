"""All specimens that there are, measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from engine.inference.analyzer import Analyzer
from engine.pack.library import load_pack
from training.evaluation.gate.chests import chest_specimens, dicom_chests, held_out
from training.evaluation.gate.measure import Outcome, measure
from training.evaluation.gate.others import noise_specimens, other_specimens, page_specimens, photograph_specimens
from training.evaluation.gate.specimen import Specimen

REPOSITORY = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, kw_only=True)
class GateOptions:
    """What to measure.

    Attributes
    ----------
    data : Path
        Folder with ``cxrtrain``, ``cxr_open`` and ``dicom``.
    photographs : Path, optional
        Folder of photographs, searched, in addition to those of installed libraries.
    limit : int
        Most frontal chests of one source, and most photographs of the folder; a quarter as many chests are spoilt.
    copies : int
        Altered copies of every thing of which there are one or two specimens.
    """

    pack: str
    data: Path
    photographs: Path | None = None
    limit: int = 200
    copies: int = 40
    threads: int = 2


def specimens(options: GateOptions) -> Iterator[Specimen]:
    """Give everything that is there."""
    folder = options.data / "dicom"
    return chain(
        dicom_chests(folder / "radiographs"),
        chest_specimens(held_out(options.data), options.limit),
        other_specimens(folder, options.copies),
        photograph_specimens(options.photographs, options.limit),
        page_specimens(REPOSITORY),
        noise_specimens(max(1, options.limit // 8)),
    )


def measure_gate(options: GateOptions, progress: Callable[[str], None]) -> list[Outcome]:
    """Put every specimen before the gate of a pack."""
    analyzer = Analyzer(load_pack(options.pack), "cpu", options.threads)
    return measure(analyzer, specimens(options), progress)
