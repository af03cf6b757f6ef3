"""The page of error codes lists what a harvest and its stores raise, and no more."""

from __future__ import annotations

import ast
import re
from pathlib import Path

SECTION = "Harvest and stores of activations"
RAISING = {"StoreError", "UsageError", "Failure"}
SHARED = {"USAGE", "NO_FOLDER", "DEVICE_UNKNOWN"}
"""Codes of every command."""


def codes(folder: Path) -> set[str]:
    """Codes that the source of a package makes errors or failures of its own with."""
    nodes = (node for path in folder.glob("*.py") for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    calls = [n for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in RAISING]
    texts = (argument.value for call in calls for argument in call.args if isinstance(argument, ast.Constant))
    return {text for text in texts if isinstance(text, str) and re.fullmatch(r"[A-Z_]+", text)}


def test_every_code_is_documented_and_no_other(repository: Path) -> None:
    page = (repository / "docs" / "error-codes.md").read_text(encoding="utf-8")
    part = page.split(f"\n## {SECTION}\n")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `([A-Z_]+)`", part, re.MULTILINE)) == (
        codes(repository / "training" / "activations") - SHARED
    )
