"""The files of a folder in Hugging Face's form: which are read, which are refused, and the licence."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from engine.errors import EncoderError

CONFIG, PREPROCESSOR, WEIGHTS = "config.json", "preprocessor_config.json", "model.safetensors"
SHARDED = "model.safetensors.index.json"
LICENCES = ("LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE", "LICENCE.txt", "LICENCE.md")
PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
MAX_JSON_BYTES = 2**20


def check_files(folder: Path) -> None:
    """Refuse a folder that lacks a file, or whose weights come in a form that is not read.

    Raises
    ------
    EncoderError
        ``IMPORT_FILE``, ``IMPORT_PICKLE``, ``IMPORT_UNSUPPORTED``.
    """
    if not folder.is_dir():
        raise EncoderError("IMPORT_FILE", f"there is no folder {folder}", "check the path")
    if not (folder / WEIGHTS).is_file():
        pickles = sorted(path.name for pattern in PICKLES for path in folder.glob(pattern))
        if pickles:
            raise EncoderError(
                "IMPORT_PICKLE",
                f"{folder} has its weights as {pickles[0]} only, a pickle, which can run any program when it is opened",
                "get model.safetensors, or turn the weights into it where a pickle may be opened: "
                "Dinov2Model.from_pretrained(folder).save_pretrained(new_folder)",
            )
        if (folder / SHARDED).is_file():
            raise EncoderError(
                "IMPORT_UNSUPPORTED",
                f"{folder} has its weights in several files, as only encoders too large for one ONNX file do",
                "import a smaller encoder of the family",
            )
    for name in (CONFIG, PREPROCESSOR, WEIGHTS):
        if not (folder / name).is_file():
            raise EncoderError("IMPORT_FILE", f"{folder} has no {name}", "get the whole folder again")


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    EncoderError
        ``IMPORT_FILE`` when it cannot be read, is larger than 1 MiB or no JSON object.
    """
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise ValueError("it is far too large")
        content = json.loads(path.read_bytes())
        if not isinstance(content, dict):
            raise ValueError("it is no JSON object")
    except (OSError, ValueError, RecursionError) as error:
        raise EncoderError("IMPORT_FILE", f"{path} cannot be read ({error})", "get the file again") from error
    return content


def licence_text(folder: Path, given: str | None) -> tuple[str, str]:
    """Return the licence of the weights.

    Parameters
    ----------
    given : str, optional
        A file with the licence, or its words; goes before what the folder has.

    Returns
    -------
    str
        The text.
    str
        Where it is from: a file's name, or "--licence".

    Raises
    ------
    EncoderError
        ``IMPORT_LICENCE`` when there is none.
    """
    beside = [folder / name for name in LICENCES if (folder / name).is_file()]
    try:
        if given is not None:
            # Words are often longer than a file's name may be, which makes `is_file` of some systems raise.
            file = Path(given) if len(given) < 256 else None
            text, source = (file.read_text("utf-8") if file and file.is_file() else given), "--licence"
        elif beside:
            text, source = beside[0].read_text("utf-8"), beside[0].name
        else:
            text, source = "", ""
    except (OSError, UnicodeDecodeError) as error:
        raise EncoderError(
            "IMPORT_LICENCE", f"the licence cannot be read ({error})", "give it as UTF-8 text with --licence"
        ) from error
    if not text.strip():
        raise EncoderError(
            "IMPORT_LICENCE",
            f"{folder} does not say under which licence the weights are" if not source else "the licence is empty",
            "give a file with the licence, or its name, with --licence",
        )
    return text.strip() + "\n", source


def licence_title(text: str) -> str:
    """Return the first line of a licence, at most 100 characters of it."""
    line = next(line.strip(" #\t") for line in text.splitlines() if line.strip(" #\t"))
    return line if len(line) <= 100 else line[:99] + "…"
