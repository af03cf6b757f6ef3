"""napari's reader: one layer a radiograph; decoding happens in the engine's own process, whatever the file holds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from engine.dicom.folders import head_of
from engine.dicom.recognise import Kind, recognise
from engine.errors import SaeRadError
from engine.plugins.readers import has_reader
from engine.worker.decode import decode_in_worker
from viewer.hosts.napari.picture import LayerData, layer_of

Paths = str | Sequence[str]


def get_reader(path: Paths) -> Callable[[Paths], list[LayerData]] | None:
    """Return what reads these files, None where one of them does not begin as an image that this program opens."""
    return read if all(_known(file) for file in _files(path)) else None


def read(path: Paths) -> list[LayerData]:
    """Return a layer for each file; of several, those that cannot be opened are told and left out.

    Raises
    ------
    SaeRadError
        As `engine.worker.decode.decode_in_worker`, where no file is left.
    """
    layers, refused = [], []
    for file in _files(path):
        try:
            layers.append(layer_of(decode_in_worker(file)))
        except SaeRadError as error:
            refused.append((file, error))
    if not layers and refused:
        raise refused[0][1]
    if refused:
        from napari.utils.notifications import show_warning

        show_warning("\n".join(f"{file.name}: {error}" for file, error in refused))
    return layers


def _known(file: Path) -> bool:
    kind, _ = recognise(head_of(file))
    return kind in (Kind.DICOM, Kind.HEADLESS, Kind.PICTURE) or (kind is Kind.OTHER and has_reader(file))


def _files(path: Paths) -> list[Path]:
    return [Path(path)] if isinstance(path, str) else [Path(one) for one in path]
