"""Open the encoder that a harvest was given: a pack's, a graph with its specification, or a checkpoint."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeGuard

from pydantic import ValidationError

from engine.errors import UsageError
from engine.pack.library import list_packs, load_pack
from engine.pack.manifest import EncoderSpec
from training.activations.encoders import OnnxEncoder, TokenEncoder
from training.activations.layers import LAST, layer_tensors
from training.encoder.exported import ENCODER, SPEC, check_exported, is_exported


@dataclass(frozen=True)
class Opening:
    """The arguments of `open_encoder`, to be opened here or by a worker elsewhere, which sees the same files."""

    pack: str | None
    file: Path | None
    spec: Path | None
    layer: str
    device: str
    threads: int | None
    patches: bool = True

    def open(self) -> TokenEncoder:
        """Open the encoder; raises as `open_encoder`."""
        return open_encoder(
            self.pack,
            self.file,
            self.spec,
            layer=self.layer,
            device=self.device,
            threads=self.threads,
            patches=self.patches,
        )

    def absolute(self) -> Opening:
        """Return the same with paths that mean the same in another working directory."""
        named = self.pack is None or self.pack in {entry.name for entry in list_packs()}
        pack = self.pack if named else str(Path(str(self.pack)).absolute())
        return replace(
            self, pack=pack, file=self.file and self.file.absolute(), spec=self.spec and self.spec.absolute()
        )


def open_encoder(
    pack: str | None,
    file: Path | None,
    spec: Path | None,
    *,
    layer: str,
    device: str,
    threads: int | None,
    patches: bool = True,
) -> TokenEncoder:
    """Open an encoder at a layer.

    Parameters
    ----------
    pack : str, optional
        Folder, ``.saepack`` or name of a pack.
    file : Path, optional
        ``encoder.onnx``, the folder of an imported encoder, or a checkpoint or its folder; the one or the other must be
        given.
    spec : Path, optional
        ``pack.json``, or the encoder's part of one; an ONNX file needs it.
    patches : bool
        Whether patch tokens will be asked for.

    Raises
    ------
    UsageError
        ``ENCODER_FILE``, ``ENCODER_SPEC``, ``LAYER_UNKNOWN``, ``DEVICE_UNKNOWN``.
    PackError
        When the pack or the graph cannot be used.
    """
    if _is_checkpoint(file):
        # Imported here: torch takes seconds, and a graph needs none of it.
        from training.activations.torch_encoder import TorchEncoder  # noqa: PLC0415

        return TorchEncoder(file, layer, device, threads)
    content, found = read_graph(pack, file, spec)
    return OnnxEncoder(content, found, layer, device, threads, patches=patches)


def layer_names(pack: str | None, file: Path | None, spec: Path | None) -> list[str]:
    """Return the layers that `open_encoder` can open."""
    if _is_checkpoint(file):
        from training.activations.torch_encoder import TorchEncoder, torch_layers  # noqa: PLC0415

        return torch_layers(TorchEncoder(file, device="cpu").vit)
    return [LAST, *layer_tensors(*read_graph(pack, file, spec))]


def read_graph(pack: str | None, file: Path | None, spec: Path | None) -> tuple[bytes, EncoderSpec]:
    """Return a graph's bytes and how it wants its pixels."""
    if file is None:
        opened = load_pack(pack)
        return opened.encoder_bytes, opened.manifest.encoder
    if is_exported(file):
        check_exported(file)
        file, spec = file / ENCODER, spec or file / SPEC
    if spec is None:
        raise UsageError("ENCODER_SPEC", "an ONNX file does not say how pixels become its input", "give --spec")
    try:
        return file.read_bytes(), _read_spec(spec)
    except OSError as error:
        raise UsageError(
            "ENCODER_FILE", f"{error.filename} cannot be read ({error.strerror})", "check the path"
        ) from error


def _read_spec(path: Path) -> EncoderSpec:
    try:
        fields = json.loads(path.read_bytes())
        return EncoderSpec.model_validate(fields.get("encoder", fields))
    except (ValueError, AttributeError, ValidationError) as error:
        raise UsageError(
            "ENCODER_SPEC",
            f"{path} does not describe an encoder",
            "give a pack.json, or the part of one that is called encoder",
        ) from error


def _is_checkpoint(file: Path | None) -> TypeGuard[Path]:
    return file is not None and (file.is_dir() or file.suffix == ".safetensors") and not is_exported(file)
