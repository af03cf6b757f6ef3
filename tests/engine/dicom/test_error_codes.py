"""The page of error codes says what the code does."""

from __future__ import annotations

import ast
import re
from pathlib import Path

CODE = re.compile(r"(?:FILE|DICOM|IMAGE|HEADER|NESTING|OUT|PICTURE|PIXELS?|SYNTAX|WORKER|NOT|ZIP|IS)_[A-Z_]+")


def raised_codes(folder: Path) -> set[str]:
    """Texts that are codes, anywhere in the source of a package."""
    nodes = (node for path in folder.rglob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    texts = (node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return {text for text in texts if CODE.fullmatch(text)}


def documented(repository: Path) -> dict[str, set[str]]:
    """Codes of the page by the first word or words of their section."""
    page = (repository / "docs" / "error-codes.md").read_text(encoding="utf-8")
    sections = page.split("\n## ")[1:]
    return {part.partition("\n")[0]: set(re.findall(r"^\| `([A-Z_]+)`", part, re.MULTILINE)) for part in sections}


def verdict_codes(path: Path) -> set[str]:
    """First arguments of the calls that make a gate's verdicts."""
    calls = (node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call))
    firsts = (c.args[0] for c in calls if isinstance(c.func, ast.Name) and c.func.id in ("refused", "warning"))
    return {first.value for first in firsts if isinstance(first, ast.Constant) and isinstance(first.value, str)}


def test_every_code_of_reading_and_of_the_worker_is_documented_and_no_other(repository: Path) -> None:
    page = documented(repository)
    listed = page["Files that cannot be opened (`ReadError`)"] | page["The child process (`WorkerError`)"]
    assert listed == raised_codes(repository / "engine" / "dicom") | raised_codes(repository / "engine" / "worker")


def test_every_code_of_the_gate_is_documented_and_no_other(repository: Path) -> None:
    folder = repository / "engine" / "inference"
    codes = verdict_codes(folder / "gate.py") | verdict_codes(folder / "header_gate.py")
    assert codes == documented(repository)["Images that the model does not analyse (gate codes)"]


def test_the_codes_of_analyses_and_drafts_exist(repository: Path) -> None:
    source = "".join(
        p.read_text(encoding="utf-8") for part in ("engine", "viewer") for p in (repository / part).rglob("*.py")
    )
    for code in documented(repository)["Analyses and drafts"]:
        assert f'"{code}"' in source
