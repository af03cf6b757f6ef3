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


def test_every_code_is_documented_and_no_other(repository: Path) -> None:
    page = (repository / "docs" / "error-codes.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `([A-Z_]+)`", page, re.MULTILINE))
    assert documented == raised_codes(repository / "engine" / "dicom") | raised_codes(repository / "engine" / "worker")
