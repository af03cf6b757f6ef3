"""The house style: the shipped words of a language, changed by a person's own files (docs/house-style.md)."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from engine.errors import DraftError
from engine.report.questions import Questions
from engine.report.style_lines import allowed_keys, line_of
from engine.report.templates import Template, Templates
from engine.report.wording import Wording, languages, load_wording, read_wording
from engine.resources import resource_path

MAX_BYTES = 2**20
_KINDS = {"indications-": "questions", "templates-": "templates"}
"""Beginning of a file's name → what is in it; the others hold phrases."""
_LIKE = "see docs/house-style.md, and resources/report for the files that ship"
_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True)
class Style:
    """What a draft is worded with: phrases, order and templates of one language, questions of all."""

    wording: Wording
    questions: tuple[Questions, ...]
    templates: tuple[Template, ...]


def load_style(language: str | None = None, own: Path | None = None) -> Style:
    """Return the style of a language, with a person's own file or folder of files laid over it.

    Parameters
    ----------
    language : str, optional
        Two letters; None takes that of the own file, English where there is none.
    own : Path, optional
        A TOML file with those keys that differ from the shipped file of its language, or a folder with such files
        (``en.toml``, ``de.toml``), with lists of questions (``indications-en.toml``) and of templates
        (``templates-en.toml``), which replace the shipped list of their language.

    Raises
    ------
    DraftError
        ``STYLE_MISSING`` (nothing there to use), ``STYLE_SYNTAX`` (no TOML), ``STYLE_INVALID`` (a key or value that is
        not allowed, with line and what is), ``STYLE_LANGUAGE`` (the own file is of another language),
        ``WORDING_LANGUAGE``, ``WORDING_INVALID``.
    """
    files = _files(own) if own is not None else {}
    phrases = {code: path for (kind, code), path in files.items() if kind == "phrases"}
    if language is None:
        language = next(iter(phrases)) if len(phrases) == 1 else "en"
    elif own is not None and own.is_file() and phrases and language not in phrases:
        raise DraftError(
            "STYLE_LANGUAGE",
            f"{own.name} is a style for {', '.join(phrases)}, not for {language}",
            "leave --language out, or name a style of that language",
        )
    wording = load_wording(language)
    if language in phrases:
        wording = _laid_over(language, phrases[language])
    return Style(wording, _questions(files), _templates(files, language))


def _files(own: Path) -> dict[tuple[str, str], Path]:
    """Return the files of a style by kind and language."""
    if own.is_file():
        found = [own]
    elif own.is_dir():
        found = sorted(
            path for path in own.glob("*.toml") if re.fullmatch(rf"(?:{'|'.join(_KINDS)})?[a-z]{{2}}", path.stem)
        )
    else:
        raise DraftError("STYLE_MISSING", f"there is no style file or folder {own}", "name a TOML file or a folder")
    if not found:
        raise DraftError(
            "STYLE_MISSING",
            f"{own} holds no file of a style",
            "en.toml, de.toml, indications-en.toml or templates-en.toml are looked for",
        )
    files = {}
    for path in found:
        kind = next((kind for begin, kind in _KINDS.items() if path.name.startswith(begin)), "phrases")
        data = _read(path)[0]
        code = data.get("language")
        if not isinstance(code, str) or code not in languages():
            raise DraftError(
                "STYLE_INVALID",
                f"{path.name}: it must say which language it changes; allowed is "
                + " or ".join(f'language = "{name}"' for name in languages()),
                _LIKE,
            )
        files[kind, code] = path
    return files


def _read(path: Path) -> tuple[dict[str, Any], str]:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DraftError("STYLE_INVALID", f"{path.name} is larger than 1 MiB", _LIKE)
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text), text
    except OSError as error:
        raise DraftError(
            "STYLE_MISSING", f"{path} cannot be read ({error.strerror})", "check the file's permissions"
        ) from error
    except UnicodeDecodeError as error:
        raise DraftError("STYLE_SYNTAX", f"{path.name} is not UTF-8 text", "save it as UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        raise DraftError(
            "STYLE_SYNTAX", f"{path.name} is not valid TOML: {error}", 'text stands in "quotation marks"'
        ) from error


def _laid_over(language: str, path: Path) -> Wording:
    data, text = _read(path)
    shipped = read_wording(language)
    return _checked(Wording, _merged(shipped, data), path, text)


def _merged(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return a table with the keys of another laid over it, table by table; lists are replaced as a whole."""
    merged = dict(base)
    for key, value in own.items():
        below = merged.get(key)
        merged[key] = _merged(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _templates(files: dict[tuple[str, str], Path], language: str) -> tuple[Template, ...]:
    own = files.get(("templates", language))
    if own is None:
        return _shipped("templates-", language, Templates).template
    data, text = _read(own)
    return _checked(Templates, data, own, text).template


def _questions(files: dict[tuple[str, str], Path]) -> tuple[Questions, ...]:
    own = {code: path for (kind, code), path in files.items() if kind == "questions"}
    lists = []
    for code in languages():
        if code in own:
            data, text = _read(own[code])
            lists.append(_checked(Questions, data, own[code], text))
        else:
            lists.append(shipped_questions(code))
    return tuple(lists)


@lru_cache(maxsize=8)
def shipped_questions(language: str) -> Questions:
    """Return the shipped list of a language.

    Raises
    ------
    DraftError
        ``WORDING_INVALID``.
    """
    return _shipped("indications-", language, Questions)


def _shipped(begin: str, language: str, model: type[_Model]) -> _Model:
    path = resource_path("report") / f"{begin}{language}.toml"
    try:
        return model.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DraftError(
            "WORDING_INVALID", f"{path.name} is not a valid list", "restore it from the installation"
        ) from error


def _checked(model: type[_Model], data: dict[str, Any], path: Path, text: str) -> _Model:
    """Validate a style; the first fault is told with its line, its key and what is allowed."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors()[0]
        place = [part for part in first["loc"] if part != "[key]"]
        message = first["msg"].removeprefix("Value error, ")
        allowed = allowed_keys(model, place[:-1]) if first["type"] == "extra_forbidden" else []
        if allowed:
            message = f"there is no such key here; allowed are {', '.join(allowed)}"
        key = ".".join(str(part) for part in place) or "the file"
        raise DraftError(
            "STYLE_INVALID", f"{path.name}, line {line_of(text, place)}, {key}: {message}", _LIKE
        ) from error
