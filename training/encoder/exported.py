"""The folder of an exported encoder, as `saerad-train import-encoder` writes it: names, and a check before use."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from engine.errors import UsageError

ENCODER, TAIL, SPEC, LICENCE, RECORD = "encoder.onnx", "tail.safetensors", "encoder.json", "LICENSE", "import.json"


def is_exported(path: Path) -> bool:
    """Whether a path is a folder that says itself how its encoder wants its pixels."""
    return (path / ENCODER).is_file() and (path / SPEC).is_file()


def check_exported(folder: Path) -> None:
    """Refuse a folder whose files are not those that were proven together.

    Raises
    ------
    UsageError
        ``ENCODER_FILE``.
    """
    try:
        files = json.loads((folder / RECORD).read_bytes())["files"]
        for name in (ENCODER, TAIL, SPEC):
            with (folder / name).open("rb") as stream:
                if hashlib.file_digest(stream, "sha256").hexdigest() != files[name]:
                    raise ValueError(f"{name} is not the file that was proven")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(
            "ENCODER_FILE",
            f"{folder} is no imported encoder, or not as it was written ({error})",
            "import it again with saerad-train import-encoder",
        ) from error
